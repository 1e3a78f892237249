# SPDX-License-Identifier: Apache-2.0
"""Scorers of the caller's own on a GPU: what the CPU selects, which the CPU's tests hold against float64."""

from dataclasses import replace

import lighthouse
import pytest
import torch
from helpers import DTYPES, SMALL, run, tensors
from reference import Settings
from test_scorer import TEXTS, by_name, products, squares_and_largest

each_function = pytest.mark.parametrize("function", TEXTS, ids=by_name)


def inputs(dtype: torch.dtype, head_dim: int, seq_len: int = 1571, kv_heads: int = 2) -> list[torch.Tensor]:
    q, kv = (2, 4, seq_len, head_dim), (2, kv_heads, seq_len, head_dim)
    return tensors(q, kv, kv, q, seed=head_dim, dtype=dtype)


@each_function
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("head_dim", [16, 40, 128, 256])
def test_selects_what_the_cpu_does(function, dtype: torch.dtype, head_dim: int) -> None:
    """Scores have the same bits: elements by the same arithmetic, sums in float64."""
    settings = replace(SMALL, scorer=function)
    given = inputs(dtype, head_dim)
    expected, result = run(*given, settings), run(*given, settings, "cuda")
    assert torch.equal(result["indices"], expected["indices"])
    for name in ("out", "dq", "dk", "dv"):
        difference = (result[name].double() - expected[name].double()).norm()
        assert difference <= 2e-2 * expected[name].double().norm(), name


def test_keys_scored_by_queries() -> None:
    settings = replace(SMALL, scorer=lambda q, k: ((q * k).sum(), (q - k).square().sum()))
    given = inputs(torch.bfloat16, 64, kv_heads=4)
    assert torch.equal(run(*given, settings, "cuda")["indices"], run(*given, settings)["indices"])


@pytest.mark.parametrize("levels", [2, 4])
def test_windows_without_a_token(levels: int) -> None:
    """Negative scores beside the 0 of windows that only padding fills, and infinity and NaN among them."""
    settings = Settings(levels, 2, 128, lambda q, k: (-(q * q).sum().log() - 20, -(k * k).sum() - 1))
    q, k, v, _ = inputs(torch.float32, 64, 127 * 2 ** (levels - 1) + 1)
    q[:, :, ::7] = 0.0
    q[:, :, 100, 5] = torch.nan
    attend = {"num_levels": levels, "pooling_factor": 2, "topk": 128, "scorer": settings.scorer, "return_aux": True}
    _, expected = lighthouse.attention(q, k, v, **attend)
    _, result = lighthouse.attention(q.cuda(), k.cuda(), v.cuda(), **attend)
    assert torch.equal(result.indices.cpu(), expected.indices)


def test_compiled_step_traces_once() -> None:
    q, k, v, dout = (x.cuda() for x in inputs(torch.bfloat16, 64))
    leaves = [x.requires_grad_() for x in (q, k, v)]

    def step(q, k, v):
        return lighthouse.attention(q * 1.0, k, v, 3, 2, 128, scorer=squares_and_largest)

    compiled = torch.compile(step, fullgraph=True)
    expected = step(*leaves)
    torch._dynamo.reset()
    for _ in range(3):
        with torch._dynamo.config.patch(error_on_recompile=True):
            out = compiled(*leaves)
        assert torch.equal(out, expected)
        torch.autograd.grad(out, leaves, dout)


def test_captured() -> None:
    q, k, v, _ = (x.cuda() for x in inputs(torch.bfloat16, 64))
    options = {"num_levels": 3, "pooling_factor": 2, "topk": 128, "scorer": products}
    expected = lighthouse.attention(q, k, v, **options)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        out = lighthouse.attention(q, k, v, **options)
    graph.replay()
    assert torch.equal(out, expected)
