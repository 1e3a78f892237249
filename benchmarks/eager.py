# SPDX-License-Identifier: Apache-2.0
"""Lighthouse Attention in PyTorch eager mode, written for speed: what the benchmarks compare with.

Scores are float32 norms. Among equal scores ``torch.topk`` keeps any, so ties may be selected otherwise than by us.
Of the ways tried to gather and to scatter (``gather``, ``index_select``, ``index_add``, one copy of all levels), the
embedding functions used here were the fastest on a CPU.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import embedding, embedding_bag, pad, scaled_dot_product_attention

KEPT = 128  # windows that a tile keeps at each level but the finest; half by query score, half by key score


class Levels(NamedTuple):
    """Settings, with the padded length N' for N tokens."""

    num_levels: int
    pooling_factor: int
    tiles: int
    seq_len: int
    padded: int

    @classmethod
    def of(cls, seq_len: int, num_levels: int, pooling_factor: int, topk: int) -> "Levels":
        tiles = topk // KEPT
        unit = pooling_factor ** (num_levels - 1) * tiles
        return cls(num_levels, pooling_factor, tiles, seq_len, -(-seq_len // unit) * unit)


class Selection(NamedTuple):
    """``windows``: the entries of each level, finest first, [B, H, C]. ``order`` [B, H, S]: where a slot's entry stands
    in all windows one after another; ``slots``: the inverse."""

    windows: list[Tensor]
    order: Tensor
    slots: Tensor


def attention(q: Tensor, k: Tensor, v: Tensor, num_levels: int, pooling_factor: int, topk: int) -> Tensor:
    """Returns out [B, H, N, D] for q, k, v [B, H, N, D] of one float dtype; differentiable. At least 2 levels."""
    levels = Levels.of(q.shape[2], num_levels, pooling_factor, topk)
    selection = select(q, k, levels)
    qs, ks, vs = (gather(x, selection, levels) for x in (q, k, v))
    return scatter(scaled_dot_product_attention(qs, ks, vs, is_causal=True), selection, levels)


@torch.no_grad()
def select(q: Tensor, k: Tensor, levels: Levels) -> Selection:
    """Scores, selection and order."""
    p = levels.pooling_factor
    sq, sk = scores(q, levels), scores(k, levels)
    candidates = torch.arange(sq[-1].shape[2]).view(1, 1, levels.tiles, -1).expand(*q.shape[:2], -1, -1)
    windows, keys = [], []
    for level in reversed(range(levels.num_levels)):
        windows.insert(0, candidates.flatten(2))
        # By the last token covered, finer first.
        keys.insert(0, (candidates + 1) * (p**level * levels.num_levels) + level)
        if level > 0:
            cq, ck = (s[level].gather(2, windows[0]).view(candidates.shape) for s in (sq, sk))
            first = cq.topk(KEPT // 2, dim=3, sorted=False).indices
            second = ck.scatter(3, first, -1.0).topk(KEPT // 2, dim=3, sorted=False).indices
            kept = candidates.gather(3, torch.cat([first, second], dim=3))
            candidates = (kept[..., None] * p + torch.arange(p)).flatten(3)
    return ordered(windows, keys)


def ordered(windows: list[Tensor], keys: list[Tensor]) -> Selection:
    """Sorts the keys [B, H, T, C] of each tile by itself: tiles stay contiguous."""
    # In all windows one after another a level is a run, and in it a tile.
    starts = torch.tensor([0, *(w.shape[2] for w in windows[:-1])]).cumsum(0)
    places = [start + torch.arange(k[0, 0].numel()).view_as(k[0, 0]) for start, k in zip(starts, keys, strict=True)]
    by_key = torch.cat(keys, dim=3).argsort(dim=3)
    order = torch.cat(places, dim=1).expand_as(by_key).gather(3, by_key).flatten(2)
    slots = torch.empty_like(order).scatter_(2, order, torch.arange(order.shape[2]).expand_as(order))
    return Selection(windows, order, slots)


def scores(x: Tensor, levels: Levels) -> list[Tensor]:
    """For each level the largest token norm of each window, [B, H, N'/c] float32."""
    tokens = torch.linalg.vector_norm(x, dim=-1, dtype=torch.float32)
    result = [pad(tokens, (0, levels.padded - levels.seq_len))]
    for _ in range(levels.num_levels - 1):
        result.append(result[-1].unflatten(2, (-1, levels.pooling_factor)).amax(3))
    return result


def gather(x: Tensor, selection: Selection, levels: Levels) -> Tensor:
    """Rows [B, H, S, D] of the entries: means over windows of x [B, H, N, D]."""
    if levels.padded > levels.seq_len:
        x = pad(x, (0, 0, 0, levels.padded - levels.seq_len))
    rows = []
    for windows in selection.windows:
        rows.append(take(x, windows))
        if len(rows) < levels.num_levels:
            x = x.unflatten(2, (-1, levels.pooling_factor)).mean(3)
    return take(torch.cat(rows, dim=2), selection.order)


def take(rows: Tensor, numbers: Tensor) -> Tensor:
    """Rows [B, H, C, D] of [B, H, M, D] by their numbers [B, H, C]."""
    return embedding(numbers + first_rows(rows), rows.reshape(-1, rows.shape[3]))


def first_rows(rows: Tensor) -> Tensor:
    """Number of the first row of each batch entry and head, [B, H, 1], when all rows stand one after another."""
    batch, heads, count, _ = rows.shape
    return torch.arange(0, batch * heads * count, count).view(batch, heads, 1)


def scatter(os: Tensor, selection: Selection, levels: Levels) -> Tensor:
    """Adds the row of entry (l, w) to tokens w*c + c - 1 .. w*c + 2c - 2: out [B, H, N, D] from os [B, H, S, D].

    Every token reads one slot a level; an entry that is not selected reads the row of zeros behind the last slot.
    """
    batch, heads, zero, head_dim = os.shape
    reads = torch.full((batch, heads, levels.seq_len, levels.num_levels), zero)
    start = 0
    for level, windows in enumerate(selection.windows):
        cover = levels.pooling_factor**level
        slots = torch.full((batch, heads, levels.padded // cover), zero)
        slots.scatter_(2, windows, selection.slots[:, :, start : start + windows.shape[2]])
        start += windows.shape[2]
        tokens = slots.repeat_interleave(cover, dim=2)[:, :, : levels.seq_len - cover + 1]
        reads[:, :, cover - 1 :, level] = tokens
    rows = pad(os, (0, 0, 0, 1))
    reads += first_rows(rows)[..., None]
    out = embedding_bag(reads.view(-1, levels.num_levels), rows.view(-1, head_dim), mode="sum")
    return out.view(batch, heads, -1, head_dim)


def indices(selection: Selection, levels: Levels) -> Tensor:
    """Numbers of the entries in the order of the sub-sequence, [B, H, S] int64; for tests."""
    numbers, start = [], 0
    for level, windows in enumerate(selection.windows):
        numbers.append(start + windows)
        start += levels.padded // levels.pooling_factor**level
    return torch.cat(numbers, dim=2).gather(2, selection.order)
