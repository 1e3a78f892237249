# SPDX-License-Identifier: Apache-2.0
"""The specification in plain float64 PyTorch: what every test compares with. docs/notes/reference.md explains it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

ROWS = 512  # of the attention matrix held at a time
KEPT = 128  # windows that a tile keeps at each level but the finest; half by query score, half by key score


@dataclass(frozen=True)
class Settings:
    """Settings of one op, and the lengths that follow from them for N tokens."""

    num_levels: int = 3
    pooling_factor: int = 4
    topk: int = 128
    scorer: str | Callable = "norm"
    dilation: int = 4

    @property
    def num_tiles(self) -> int:
        return 1 if self.num_levels == 1 else self.topk // KEPT

    @property
    def unit(self) -> int:
        """Tokens that the padded length is a multiple of."""
        return 1 if self.num_levels == 1 else self.pooling_factor ** (self.num_levels - 1) * self.num_tiles

    @property
    def least_length(self) -> int:
        """The smallest N that gives every tile 128 windows of the coarsest level."""
        return 1 if self.num_levels == 1 else (KEPT - 1) * self.unit + 1

    def padded_length(self, seq_len: int) -> int:
        return -(-seq_len // self.unit) * self.unit

    def subsequence_length(self, seq_len: int) -> int:
        if self.num_levels == 1:
            return seq_len
        coarsest = self.padded_length(seq_len) // self.pooling_factor ** (self.num_levels - 1)
        return coarsest + (self.num_levels - 1) * self.pooling_factor * self.topk

    def covers(self) -> list[int]:
        """Tokens of a window, for each level."""
        return [self.pooling_factor**level for level in range(self.num_levels)]

    def level_starts(self, seq_len: int) -> list[int]:
        """Number of the first entry of each level, and at the end how many entries there are."""
        starts = [0]
        for cover in self.covers():
            starts.append(starts[-1] + self.padded_length(seq_len) // cover)
        return starts

    def windows(self, indices: Tensor, seq_len: int) -> tuple[Tensor, Tensor]:
        """Level and window of each entry number, int64."""
        starts = torch.tensor(self.level_starts(seq_len))
        level = torch.bucketize(indices.long(), starts, right=True) - 1
        return level, indices.long() - starts[level]


@dataclass(frozen=True)
class Result:
    """out [B, Hq, N, D], lse [B, Hq, S], gradients in the shapes of q, k, v: float64. indices [B, Hq, S] int64."""

    out: Tensor
    indices: Tensor
    lse: Tensor
    dq: Tensor | None = None
    dk: Tensor | None = None
    dv: Tensor | None = None


def lighthouse(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    settings: Settings,
    scale: float | None = None,
    dout: Tensor | None = None,
    indices: Tensor | None = None,
    stored: torch.dtype = torch.float64,
) -> Result:
    """The op on q [B, Hq, N, D] and k, v [B, Hkv, N, D] of any float dtype; with ``dout`` the gradients too.

    ``indices`` replaces the selection by a given one. ``stored`` is the dtype of what the compiled op keeps between its
    stages: the pooled rows, the rows of attention's result and their gradients.
    """
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    if indices is None:
        indices = select(*token_scores(q, k, v, settings, scale), settings)
    inputs = [x.detach().double().requires_grad_(dout is not None) for x in (q, k, v)]
    group = q.shape[1] // k.shape[1]
    repeated = [repeat_heads(x, n) for x, n in zip(inputs, (1, group, group), strict=True)]
    rows = [gather(pyramid(x, settings), indices) for x in repeated]
    os, lse = attend(*(rounded(x, stored) for x in rows), scale)
    if settings.num_levels > 1:  # With one level os is the result.
        os = rounded(os, stored)
        if dout is not None:
            os.register_hook(lambda dos: dos.to(stored).double())
    out = scatter(os, indices, q.shape[2], settings)
    grads = (None, None, None) if dout is None else torch.autograd.grad(out, inputs, dout.double())
    return Result(out.detach(), indices, lse.detach(), *grads)


def repeat_heads(x: Tensor, group: int) -> Tensor:
    """[B, Hkv, ...] as [B, Hkv * group, ...]: query head h reads key head h // group."""
    return x.repeat_interleave(group, dim=1)


def rounded(x: Tensor, dtype: torch.dtype) -> Tensor:
    """x with its values rounded to ``dtype``; the gradient passes as it is."""
    return x + (x.to(dtype).double() - x).detach()


# Pool and score ------------------------------------------------------------------------------------------------------


def pad(x: Tensor, settings: Settings) -> Tensor:
    """[B, H, N, D] with zero rows on the right, up to N'."""
    return torch.nn.functional.pad(x, (0, 0, 0, settings.padded_length(x.shape[2]) - x.shape[2]))


def pyramid(x: Tensor, settings: Settings) -> Tensor:
    """All entries [B, H, M, D] in the order of their numbers: the means over windows, finest level first."""
    x = pad(x, settings)
    return torch.cat([x.unflatten(2, (-1, cover)).mean(3) for cover in settings.covers()], dim=2)


def norms(x: Tensor) -> Tensor:
    """L2 norms over the last dimension, summed in float64 and rounded to float32."""
    return x.double().square().sum(-1).sqrt().float()


def token_scores(q: Tensor, k: Tensor, v: Tensor, settings: Settings, scale: float) -> tuple[Tensor, Tensor]:
    """Of each token as a query and as a key, [B, Hq, N]: float32, or of a function float64."""
    k, v = (repeat_heads(x, q.shape[1] // k.shape[1]) for x in (k, v))
    if settings.scorer == "norm":
        return norms(q), norms(k)
    q, k, v = (x.detach().double() for x in (q, k, v))
    if callable(settings.scorer):
        return tuple(scores_by(settings.scorer, side, q, k) for side in (0, 1))
    return tuple(norms(attend_in_classes(*x, settings.dilation, scale)) for x in ((q, k, v), (k, q, v)))


def scores_by(scorer: Callable, side: int, q: Tensor, k: Tensor) -> Tensor:
    """One of the two results of the caller's function, called for one token at a time."""

    def score(q: Tensor, k: Tensor) -> Tensor:
        return torch.as_tensor(scorer(q, k)[side], dtype=torch.float64)

    return torch.vmap(torch.vmap(torch.vmap(score)))(q, k)


def attend_in_classes(q: Tensor, k: Tensor, v: Tensor, dilation: int, scale: float) -> Tensor:
    """Causal attention in each residue class of the tokens, [B, H, N, D]."""
    out = torch.empty_like(q)
    for first in range(dilation):
        out[:, :, first::dilation], _ = attend(*(x[:, :, first::dilation] for x in (q, k, v)), scale)
    return out


def window_scores(tokens: Tensor, settings: Settings) -> list[Tensor]:
    """For each level the largest score of each window's real tokens, 0 where it has none: [B, H, N'/c]."""
    seq_len = tokens.shape[2]
    missing = settings.padded_length(seq_len) - seq_len
    padded = torch.nn.functional.pad(tokens, (0, missing), value=-torch.inf)
    levels = []
    for cover in settings.covers():
        scores = padded.unflatten(2, (-1, cover)).amax(3)
        levels.append(torch.where(torch.arange(scores.shape[2]) * cover < seq_len, scores, 0.0))
    return levels


# Select --------------------------------------------------------------------------------------------------------------


def select(tq: Tensor, tk: Tensor, settings: Settings) -> Tensor:
    """Numbers of the entries of the sub-sequence in their order, [B, Hq, S] int64, for token scores [B, Hq, N]."""
    batch, heads, seq_len = tq.shape
    covers, starts = settings.covers(), settings.level_starts(seq_len)
    sq, sk = (window_scores(x, settings) for x in (tq, tk))
    # Candidates of a level, ascending: [B, Hq, T, windows].
    candidates = torch.arange(sq[-1].shape[2]).reshape(settings.num_tiles, -1).expand(batch, heads, -1, -1)
    numbers, last_tokens = [], []
    for level in reversed(range(settings.num_levels)):
        numbers.append(starts[level] + candidates)
        last_tokens.append((candidates + 1) * covers[level] - 1)
        if level > 0:
            kept = keep(candidates, take(sq[level], candidates), take(sk[level], candidates))
            children = torch.arange(settings.pooling_factor)
            candidates = (kept[..., None] * settings.pooling_factor + children).flatten(3)
    # By the last token covered; of equals the finer first, which a stable sort keeps when finer levels come first.
    numbers, last_tokens = (torch.cat(x[::-1], dim=3).flatten(2) for x in (numbers, last_tokens))
    return numbers.gather(2, last_tokens.argsort(dim=2, stable=True))


def take(scores: Tensor, windows: Tensor) -> Tensor:
    """Scores [B, H, N'/c] of windows [B, H, T, C]."""
    return scores.gather(2, windows.flatten(2)).view_as(windows)


def keep(candidates: Tensor, sq: Tensor, sk: Tensor) -> Tensor:
    """The 64 candidates with the largest sq, then of the others the 64 with the largest sk: [B, H, T, 128], ascending.

    Candidates ascend, so a stable sort leaves the lower window first among equals.
    """
    by_query = sq.argsort(dim=3, descending=True, stable=True)
    first, others = by_query[..., : KEPT // 2], by_query[..., KEPT // 2 :].sort(dim=3).values
    by_key = sk.gather(3, others).argsort(dim=3, descending=True, stable=True)
    second = others.gather(3, by_key[..., : KEPT // 2])
    return candidates.gather(3, torch.cat([first, second], dim=3)).sort(dim=3).values


# Gather, attend, scatter ---------------------------------------------------------------------------------------------


def gather(entries: Tensor, indices: Tensor) -> Tensor:
    """Rows [B, H, S, D] of the entries [B, H, M, D]."""
    return entries.gather(2, indices[..., None].expand(-1, -1, -1, entries.shape[3]))


def attend(qs: Tensor, ks: Tensor, vs: Tensor, scale: float) -> tuple[Tensor, Tensor]:
    """Causal softmax attention, [B, H, S, D], and the logarithm of the softmax's denominator, [B, H, S]."""
    blocks = []
    for start in range(0, qs.shape[2], ROWS):
        stop = min(start + ROWS, qs.shape[2])
        # The checkpoint makes backward compute a block again instead of keeping S x S numbers.
        blocks.append(
            checkpoint(
                attend_rows, qs[:, :, start:stop], ks[:, :, :stop], vs[:, :, :stop], start, scale, use_reentrant=False
            )
        )
    os, lse = zip(*blocks, strict=True)
    return torch.cat(os, dim=2), torch.cat(lse, dim=2)


def attend_rows(qs: Tensor, ks: Tensor, vs: Tensor, start: int, scale: float) -> tuple[Tensor, Tensor]:
    """Rows ``start ..`` of the sub-sequence against all up to the last of them."""
    logits = mask(qs @ ks.mT * scale, start, -torch.inf)
    lse = logits.logsumexp(-1)
    return (logits - lse[..., None]).exp() @ vs, lse


def mask(matrix: Tensor, start: int, value: float) -> Tensor:
    """Puts ``value`` where a row, numbered from ``start``, must not see the column."""
    rows, columns = torch.arange(start, start + matrix.shape[-2]), torch.arange(matrix.shape[-1])
    return matrix.masked_fill(columns > rows[:, None], value)


def scatter(os: Tensor, indices: Tensor, seq_len: int, settings: Settings) -> Tensor:
    """Entry (l, w) adds its row to tokens w*c + c - 1 .. w*c + 2c - 2 that are below N: [B, H, N, D]."""
    level, window = settings.windows(indices, seq_len)
    out = os.new_zeros(*os.shape[:2], seq_len, os.shape[3])
    for which, cover in enumerate(settings.covers()):
        for b in range(os.shape[0]):
            for h in range(os.shape[1]):
                (slots,) = torch.nonzero(level[b, h] == which, as_tuple=True)
                first = window[b, h, slots] * cover + cover - 1
                tokens = (first[:, None] + torch.arange(cover)).flatten()
                rows = os[b, h, slots].repeat_interleave(cover, dim=0)
                out[b, h].index_add_(0, tokens[tokens < seq_len], rows[tokens < seq_len])
    return out


# Gated linear attention ----------------------------------------------------------------------------------------------


def gla_scores(
    q: Tensor, k: Tensor, v: Tensor, g: Tensor, dilation: int, scale: float | None = None
) -> tuple[Tensor, Tensor]:
    """The token scores of "gla" as a query and as a key, [B, Hq, N] float64, token by token."""
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    group = q.shape[1] // k.shape[1]
    q, v, k = q.double(), repeat_heads(v.double(), group), repeat_heads(k.double(), group)
    scores = []
    for x, y in ((q, k), (k, q)):
        # A class each in the first dimension; zeros behind the last token.
        xs, ys, vs, gs = (in_classes(each, dilation) for each in (x, y, v, g.double()[..., None]))
        state = torch.zeros(*vs.shape[:3], vs.shape[-1], vs.shape[-1], dtype=torch.float64)
        of = []
        for t in range(xs.shape[3]):
            state = gs[:, :, :, t, :, None].exp() * state + ys[:, :, :, t, :, None] * vs[:, :, :, t, None, :]
            of.append((scale * xs[:, :, :, t, None, :] @ state).squeeze(3).norm(dim=-1))
        scores.append(torch.stack(of, dim=-1).permute(1, 2, 3, 0).flatten(2)[:, :, : q.shape[2]])
    return tuple(scores)


def in_classes(x: Tensor, dilation: int) -> Tensor:
    """[B, H, N, D] as [dilation, B, H, rows, D]: token t is row t // dilation of class t % dilation."""
    padded = torch.nn.functional.pad(x, (0, 0, 0, -x.shape[2] % dilation))
    return padded.unflatten(2, (-1, dilation)).movedim(3, 0)
