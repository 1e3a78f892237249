# SPDX-License-Identifier: Apache-2.0
"""The scorer "gla" on the GPU: its selections against scores in float64, and the same bits from run to run."""

import pytest
import torch
from helpers import DTYPES
from test_gla import CASES, Case, check, indices_of

LONG = {
    "many blocks of tokens": Case(4097, head_dim=128, heads=2, kv_heads=2, gate=0.02),
    "many blocks, 64 columns": Case(5000, head_dim=64, heads=3, kv_heads=3, dilation=2, gate=0.02),
}


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("case", [*CASES.values(), *LONG.values()], ids=[*CASES, *LONG])
def test_selection(case: Case, dtype: torch.dtype) -> None:
    check(case, dtype, "cuda")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_most_choices_are_those_of_the_cpu(dtype: torch.dtype) -> None:
    """Bounds of 16-bit errors are wide: what is kept also has to be nearly the same."""
    for name, case in {**CASES, **LONG}.items():
        inputs = case.inputs(dtype)
        host, device = indices_of(case, inputs), indices_of(case, inputs, "cuda")
        rows = host.flatten(0, 1), device.flatten(0, 1)
        common = [torch.isin(*pair).double().mean() for pair in zip(*rows, strict=True)]
        assert min(common) > (0.999 if dtype == torch.float32 else 0.97), (name, common)


def test_same_bits_every_time() -> None:
    case = LONG["many blocks of tokens"]
    inputs = case.inputs(torch.bfloat16)
    first = indices_of(case, inputs, "cuda")
    for _ in range(5):
        assert torch.equal(indices_of(case, inputs, "cuda"), first)


def test_layouts_in_place() -> None:
    """Tokens before heads, as models have them, and rows with gaps."""
    case = CASES["128 columns"]
    q, k, v, g = case.inputs(torch.bfloat16)
    expected = indices_of(case, [q, k, v, g], "cuda")
    turned = [x.transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v)]
    assert torch.equal(indices_of(case, [*turned, g], "cuda"), expected)
