# SPDX-License-Identifier: Apache-2.0
"""Random shapes, layouts and data against the float64 rendering of the spec: indices equal, values within bounds.

Every kind of data comes in every dtype, each with a few fixed examples; LIGHTHOUSE_TEST_EXAMPLES=20 tries that many
random ones instead.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import pytest
import torch
from bounds import bounds, excesses, score_errors
from helpers import DTYPES, moved, run, stored, tensors
from hypothesis import event, given
from hypothesis import strategies as st
from lighthouse import attention
from reference import Settings, lighthouse, token_scores
from selections import check_selection
from torch import Tensor

# Small enough that a few seconds do for the float64 attention over the sub-sequence.
SETTINGS = [
    Settings(*x)
    for x in (
        *[(2, 2, 128), (2, 2, 384), (2, 4, 128), (2, 4, 256), (2, 8, 128), (2, 16, 128), (1, 2, 128)],
        *[(3, 2, 128), (3, 2, 384), (3, 4, 128), (3, 4, 256), (3, 8, 128)],
        *[(4, 2, 128), (4, 2, 256), (4, 4, 128), (5, 2, 128), (5, 2, 256)],
    )
]
# Of scorers that attend to all tokens.
SHORT = [each for each in SETTINGS if each.num_levels > 1 and each.least_length <= 1100]
MOST_ROWS = 2000  # of all sub-sequences of one example together


@dataclass(frozen=True)
class Example:
    """Sizes and layouts of one call. ``extra``: tokens above the least number. ``layouts`` of q, k, v, dout."""

    settings: Settings
    extra: int
    batch: int
    kv_heads: int
    group: int
    head_dim: int
    layouts: tuple[str, str, str, str]
    seed: int

    @property
    def seq_len(self) -> int:
        return self.settings.least_length + self.extra

    def shapes(self) -> list[tuple[int, int, int, int]]:
        q = (self.batch, self.kv_heads * self.group, self.seq_len, self.head_dim)
        kv = (self.batch, self.kv_heads, self.seq_len, self.head_dim)
        return [q, kv, kv, q]


# Data ----------------------------------------------------------------------------------------------------------------
#
# Factors are powers of two, so that sums over windows stay exact in float32 and the bounds of 16-bit dtypes hold.


def tokens(x: Tensor, share: float, seed: int) -> Tensor:
    """A random choice of the tokens of x, a mask [B, H, N, 1]."""
    return torch.rand(x.shape[:3], generator=torch.Generator().manual_seed(seed))[..., None] < share


def scaled_tokens(inputs: list[Tensor], factor: float, seed: int) -> list[Tensor]:
    """A tenth of the tokens of q, and another of k, times a factor."""
    q, k, v, dout = inputs
    q, k = (torch.where(tokens(x, 0.1, seed + i), x * factor, x) for i, x in enumerate((q, k)))
    return [q, k, v, dout]


def fill(data: str, inputs: list[Tensor], seed: int) -> list[Tensor]:
    """Turns normal q, k, v, dout into data of a kind."""
    q, k, v, dout = inputs
    half = q.dtype == torch.float16
    match data:
        case "normal":
            return inputs
        case "ties":  # Scores are roots of small whole numbers: most are equal.
            return [q.round().clamp(-1, 1), k.round().clamp(-1, 1), v, dout]
        case "equal tokens":  # All scores are equal: the lowest windows win.
            return [q[:, :, :1].expand_as(q).clone(), k[:, :, :1].expand_as(k).clone(), v, dout]
        case "zero tokens":
            return [torch.where(tokens(x, 0.5, seed + i), 0, x) for i, x in enumerate(inputs)]
        case "all zero":
            return [torch.zeros_like(x) for x in inputs]
        case "tiny tokens":  # About 1e-20; float16 has no such numbers.
            return scaled_tokens(inputs, 2.0**-12 if half else 2.0**-66, seed)
        case "huge tokens":  # About 1e15: their logits are beyond what float32 can resolve.
            return scaled_tokens(inputs, 2.0**6 if half else 2.0**50, seed)
        case "tiny queries, huge keys":  # Their products are of the usual size.
            factor = 2.0**6 if half else 2.0**50
            return [q / factor, k * factor, v, dout]
        case "huge values":
            factor = 2.0**4 if half else 2.0**40
            return [q, k, v * factor, dout / factor]
    raise ValueError(data)


DATA = ["normal", "ties", "equal tokens", "zero tokens", "all zero", "tiny tokens", "huge tokens"]
DATA += ["tiny queries, huge keys", "huge values"]
DILATED_DATA = ["normal", "zero tokens", "huge values"]


# Layouts -------------------------------------------------------------------------------------------------------------


def laid_out(x: Tensor, layout: str) -> Tensor:
    """x [B, H, N, D] with other strides. "expanded" makes all heads equal to the first."""
    match layout:
        case "contiguous":
            return x.contiguous()
        case "tokens first":  # [B, N, H, D] in memory, as a projection gives it
            return x.transpose(1, 2).contiguous().transpose(1, 2)
        case "slice":  # starts at an odd element; gaps between rows, heads and batch entries
            shape = [x.shape[0], x.shape[1] + 1, x.shape[2] + 5, x.shape[3] + 3]
            larger = torch.full(shape, torch.nan, dtype=x.dtype)
            view = larger[:, 1:, 2:-3, 1:-2]
            return view.copy_(x)
        case "expanded":
            return x[:, :1].contiguous().expand_as(x)
        case "head_dim outside":  # the last dimension has steps
            return x.mT.contiguous().mT
    raise ValueError(layout)


LAYOUTS = ["contiguous", "tokens first", "slice", "expanded", "head_dim outside"]


# The tests -----------------------------------------------------------------------------------------------------------


@st.composite
def examples(draw: st.DrawFn, settings: Sequence[Settings] = tuple(SETTINGS)) -> Example:
    settings = draw(st.sampled_from(settings))
    extra = draw(st.integers(0, 700 if settings.num_levels == 1 else 20 * settings.unit))
    most = max(1, MOST_ROWS // settings.subsequence_length(settings.least_length + extra))
    batch = draw(st.integers(1, min(2, most)))
    kv_heads = draw(st.integers(1, min(2, most // batch)))
    return Example(
        settings=settings,
        extra=extra,
        batch=batch,
        kv_heads=kv_heads,
        group=draw(st.integers(1, max(1, min(3, most // (batch * kv_heads))))),
        head_dim=8 * draw(st.integers(1, 32)),
        layouts=draw(st.tuples(*[st.sampled_from(LAYOUTS)] * 4)),
        seed=draw(st.integers(0, 2**32)),
    )


def check(case: Example, data: str, dtype: torch.dtype, device: str = "cpu") -> bool:
    """Compares forward and gradients. False: only the selection, since float32 cannot resolve the logits."""
    settings = case.settings
    inputs = fill(data, tensors(*case.shapes(), seed=case.seed, dtype=dtype), case.seed)
    q, k, v, dout = (laid_out(x, layout) for x, layout in zip(inputs, case.layouts, strict=True))
    results = run(q, k, v, dout, settings, device)
    for name, like in (("out", q), ("dq", q), ("dk", k), ("dv", v)):
        assert results[name].shape == like.shape
        assert results[name].dtype == dtype

    indices = results.pop("indices").long()
    if settings.scorer != "norm":
        check_scored_selection(q, k, v, settings, indices, device)
    given = None if settings.scorer == "norm" else indices
    expected = lighthouse(q, k, v, settings, dout=dout, stored=stored(dtype), indices=given)
    assert torch.equal(indices, expected.indices)
    allowed = bounds(q, k, v, settings, dout, expected.indices, device=device)
    if allowed.known:
        too_far = {name: x for name, x in excesses(results, expected, allowed).items() if x > 1}
        assert not too_far
    return allowed.known


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("data", DATA)
@given(case=examples())
def test_random_examples(data: str, dtype: torch.dtype, case: Example):
    known = check(case, data, dtype)
    event("values too" if known else "selection only")
    assert known or data == "huge tokens"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("data", DILATED_DATA)
@given(case=examples(SHORT), dilation=st.integers(1, 9))
def test_dilated_scorer(data: str, dtype: torch.dtype, case: Example, dilation: int):
    check_dilated(case, data, dtype, dilation)


def check_dilated(case: Example, data: str, dtype: torch.dtype, dilation: int, device: str = "cpu") -> None:
    """The selection only: what is made of it knows no scorer."""
    settings = replace(case.settings, scorer="dilated", dilation=min(dilation, case.seq_len))
    q, k, v, _ = fill(data, tensors(*case.shapes(), seed=case.seed, dtype=dtype), case.seed)
    q, k, v = (laid_out(x, layout) for x, layout in zip((q, k, v), case.layouts[:3], strict=True))
    _, aux = attention(*(moved(x, device) for x in (q, k, v)), **asdict(settings), return_aux=True)
    check_scored_selection(q, k, v, settings, aux.indices.cpu().long(), device)


def check_scored_selection(q: Tensor, k: Tensor, v: Tensor, settings: Settings, indices: Tensor, device: str) -> None:
    """Scores with errors: which selection it is can't be told where they are close."""
    scores = token_scores(q, k, v, settings, q.shape[-1] ** -0.5)
    check_selection(indices, scores, score_errors(q, k, v, settings, device=device), settings)


PLAIN = Example(Settings(), 0, 1, 1, 1, 8, ("contiguous",) * 4, 0)
LIMITS = {
    "one token": replace(PLAIN, settings=Settings(num_levels=1)),
    "widest head": replace(PLAIN, extra=5, group=2, head_dim=256),
    "all levels": replace(PLAIN, settings=Settings(8, 2, 128), extra=77, group=2),
    "largest factor": replace(PLAIN, settings=Settings(2, 64, 128), extra=33),
    "many tiles": replace(PLAIN, settings=Settings(2, 2, 1280), extra=3),
    "a class a token": replace(PLAIN, settings=Settings(2, 2, 128, "dilated", 255), group=2),
    "one class": replace(PLAIN, settings=Settings(2, 2, 128, "dilated", 1), extra=2, group=3),
    "classes of any length": replace(PLAIN, settings=Settings(3, 2, 128, "dilated", 7), extra=9, batch=2, group=2),
}


@pytest.mark.parametrize("data", ["normal", "ties"])
@pytest.mark.parametrize("case", LIMITS.values(), ids=LIMITS.keys())
def test_limits(case: Example, data: str):
    assert check(case, data, torch.float32)
