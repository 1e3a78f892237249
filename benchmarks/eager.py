# SPDX-License-Identifier: Apache-2.0
"""Lighthouse Attention in PyTorch eager mode, written for speed: what the benchmarks compare with.

Scores are float32 norms. Among equal scores ``torch.topk`` keeps any, so ties may be selected otherwise than by us.
"""

import torch
from torch import Tensor
from torch.nn.functional import pad, scaled_dot_product_attention

KEPT = 128  # windows that a tile keeps at each level but the finest; half by query score, half by key score


def attention(q: Tensor, k: Tensor, v: Tensor, num_levels: int, pooling_factor: int, topk: int) -> Tensor:
    """Returns out [B, H, N, D] for q, k, v [B, H, N, D] of one float dtype; differentiable. num_levels is at least 2."""
    indices = select(q, k, num_levels, pooling_factor, topk)
    rows = (gather(x, indices, num_levels, pooling_factor, topk) for x in (q, k, v))
    os = scaled_dot_product_attention(*rows, is_causal=True)
    return scatter(os, indices, q.shape[2], num_levels, pooling_factor, topk)


def padded_length(seq_len: int, num_levels: int, pooling_factor: int, topk: int) -> int:
    unit = pooling_factor ** (num_levels - 1) * (topk // KEPT)
    return -(-seq_len // unit) * unit


@torch.no_grad()
def select(q: Tensor, k: Tensor, num_levels: int, pooling_factor: int, topk: int) -> Tensor:
    """Numbers of the entries of the sub-sequence in their order, [B, H, S] int64."""
    batch, heads, seq_len, _ = q.shape
    tiles = topk // KEPT
    padded = padded_length(seq_len, num_levels, pooling_factor, topk)
    sq, sk = (scores(x, padded, num_levels, pooling_factor) for x in (q, k))
    candidates = torch.arange(sq[-1].shape[2]).view(1, 1, tiles, -1).expand(batch, heads, -1, -1)
    numbers, keys = [], []
    for level in reversed(range(num_levels)):
        cover = pooling_factor**level
        numbers.append(sum(padded // pooling_factor**finer for finer in range(level)) + candidates)
        keys.append((candidates + 1) * (cover * num_levels) + level)  # by the last token covered, finer first
        if level > 0:
            flat = candidates.flatten(2)
            cq, ck = (s[level].gather(2, flat).view(candidates.shape) for s in (sq, sk))
            first = cq.topk(KEPT // 2, dim=3, sorted=False).indices
            second = ck.scatter(3, first, -1.0).topk(KEPT // 2, dim=3, sorted=False).indices
            kept = candidates.gather(3, torch.cat([first, second], dim=3))
            candidates = (kept[..., None] * pooling_factor + torch.arange(pooling_factor)).flatten(3)
    order = torch.cat(keys, dim=3).argsort(dim=3)
    return torch.cat(numbers, dim=3).gather(3, order).flatten(2)


def scores(x: Tensor, padded: int, num_levels: int, pooling_factor: int) -> list[Tensor]:
    """For each level the largest token norm of each window, [B, H, N'/c] float32."""
    levels = [pad(torch.linalg.vector_norm(x, dim=-1, dtype=torch.float32), (0, padded - x.shape[2]))]
    for _ in range(num_levels - 1):
        levels.append(levels[-1].unflatten(2, (-1, pooling_factor)).amax(3))
    return levels


def gather(x: Tensor, indices: Tensor, num_levels: int, pooling_factor: int, topk: int) -> Tensor:
    """Rows [B, H, S, D] of the entries: means over windows of x [B, H, N, D]."""
    batch, heads, seq_len, head_dim = x.shape
    extra = padded_length(seq_len, num_levels, pooling_factor, topk) - seq_len
    levels = [pad(x, (0, 0, 0, extra)) if extra else x]
    for _ in range(num_levels - 1):
        levels.append(levels[-1].unflatten(2, (-1, pooling_factor)).mean(3))
    entries = torch.cat(levels, dim=2)
    flat = indices + torch.arange(batch * heads).view(batch, heads, 1) * entries.shape[2]
    return entries.view(-1, head_dim).index_select(0, flat.flatten()).view(batch, heads, -1, head_dim)


def scatter(os: Tensor, indices: Tensor, seq_len: int, num_levels: int, pooling_factor: int, topk: int) -> Tensor:
    """Adds the row of entry (l, w) to tokens w*c + c - 1 .. w*c + 2c - 2: out [B, H, N, D] from os [B, H, S, D]."""
    batch, heads, length, head_dim = os.shape
    padded = padded_length(seq_len, num_levels, pooling_factor, topk)
    starts = [sum(padded // pooling_factor**finer for finer in range(level)) for level in range(num_levels + 1)]
    # Slot of each entry that is in the sub-sequence; the others read a row of zeros behind the last slot.
    slots = torch.full((batch, heads, starts[-1]), length)
    slots.scatter_(2, indices, torch.arange(length).expand_as(indices))
    rows = pad(os, (0, 0, 0, 1)).view(-1, head_dim)
    slots += torch.arange(batch * heads).view(batch, heads, 1) * (length + 1)
    out = None
    for level, (start, stop) in enumerate(zip(starts, starts[1:], strict=False)):
        cover = pooling_factor**level
        reads = slots[:, :, start:stop].repeat_interleave(cover, dim=2)[:, :, : seq_len - cover + 1]
        part = rows.index_select(0, reads.flatten()).view(batch, heads, -1, head_dim)
        part = pad(part, (0, 0, cover - 1, seq_len - part.shape[2] - cover + 1))
        out = part if out is None else out + part
    return out
