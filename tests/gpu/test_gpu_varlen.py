# SPDX-License-Identifier: Apache-2.0
"""Packed documents on a GPU: what each document gives by itself, in graphs, and compiled."""

from dataclasses import asdict, replace
from typing import Any

import lighthouse
import pytest
import torch
from helpers import DTYPES, deterministic_algorithms, tensors
from lighthouse import _arguments, _torch_batches, _torch_run
from reference import Settings
from test_varlen import ONE_LEVEL, THREE, TWO, attend, bounds_of, one_by_one, packed, packed_inputs
from test_varlen_scorers import SCORERS, gates
from torch import Tensor

SCORED = [1017, 1020, 30, 1500, 1031]
LENGTHS = [300, 1, 299, 0, 40, 255, 254, 129, 128, 1100]


def on_gpu(inputs: list[Tensor]) -> list[Tensor]:
    *qkv, dout = (x.detach().cuda() for x in inputs)
    return [x.requires_grad_() for x in qkv] + [dout]


def assert_close(got: list[Tensor], expected: list[Tensor]) -> None:
    """Equal but for the order of sums, a few roundings of the dtype."""
    rtol = {torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}[got[0].dtype]
    for name, x, y in zip(("out", "dq", "dk", "dv"), got, expected, strict=True):
        torch.testing.assert_close(x, y, rtol=rtol, atol=rtol, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("options", [TWO, THREE, ONE_LEVEL], ids=["two levels", "three levels", "one level"])
@pytest.mark.parametrize(("heads", "kv_heads"), [(2, 1), (2, 2)], ids=["grouped", "own"])
@pytest.mark.parametrize("head_dim", [16, 128])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_equals_one_by_one(dtype: torch.dtype, head_dim: int, heads: int, kv_heads: int, options: Settings) -> None:
    inputs = on_gpu(packed_inputs(sum(LENGTHS), heads, kv_heads, head_dim, dtype=dtype))
    cu_seqlens = bounds_of(LENGTHS)
    expected = one_by_one(inputs, cu_seqlens, options)
    assert_close(packed(inputs, cu_seqlens, options), expected)
    assert_close(packed(inputs, cu_seqlens.cuda(), options), expected)


@pytest.mark.parametrize(("heads", "kv_heads"), [(4, 2), (2, 2)], ids=["grouped", "own"])
@pytest.mark.parametrize("head_dim", [64, 128, 192])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_short_documents_run_together(dtype: torch.dtype, head_dim: int, heads: int, kv_heads: int) -> None:
    lengths = [*range(1, 128, 3), 1500, *range(130, 250, 10), *[1024, 700, 0, 513] * 4, 300]
    assert sorted(_torch_batches.group(bounds_of(lengths).tolist(), checked(ONE_LEVEL), "cuda:0")) == [128, 256, 1024]
    inputs = on_gpu(packed_inputs(sum(lengths), heads, kv_heads, head_dim, dtype=dtype))
    for options in (ONE_LEVEL, THREE):
        assert_close(packed(inputs, bounds_of(lengths), options), one_by_one(inputs, bounds_of(lengths), options))


def test_short_documents_on_other_streams() -> None:
    lengths = [100] * 45
    inputs = on_gpu(packed_inputs(sum(lengths), dtype=torch.bfloat16))
    expected = one_by_one(inputs, bounds_of(lengths), ONE_LEVEL)
    for _ in range(3):
        with torch.cuda.stream(torch.cuda.Stream()):
            got = packed(inputs, bounds_of(lengths), ONE_LEVEL)
        torch.cuda.synchronize()
        assert_close(got, expected)


def checked(options: Settings) -> _arguments.Settings:
    return _arguments.settings(options.num_levels, options.pooling_factor, options.topk, "norm", None, 4)


def test_graph_of_short_documents() -> None:
    lengths = [100] * 45
    inputs = on_gpu(packed_inputs(sum(lengths), dtype=torch.bfloat16))
    expected = packed(inputs, bounds_of(lengths), ONE_LEVEL)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = packed(inputs, bounds_of(lengths), ONE_LEVEL)
    _torch_batches._rows.cache_clear()  # What a graph reads stays.
    for x in captured:
        x.zero_()
    graph.replay()
    assert_close(captured, expected)


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize("head_dim", [64, 128])
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_scorers(dtype: torch.dtype, head_dim: int, scorer: str) -> None:
    """Scores are the same to the last bit, and so is what is selected."""
    inputs = on_gpu(packed_inputs(sum(SCORED), 2, 1, head_dim, dtype=dtype))
    options, g = replace(THREE, scorer=scorer), None if scorer != "gla" else gates(sum(SCORED)).cuda()
    expected = one_by_one(inputs, bounds_of(SCORED), options, g=g)
    assert_close(packed(inputs, bounds_of(SCORED), options, g=g), expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_deterministic_runs_give_the_same_bits(dtype: torch.dtype) -> None:
    inputs = on_gpu(packed_inputs(sum(LENGTHS), 4, 2, 64, dtype=dtype))
    with deterministic_algorithms():
        first = packed(inputs, bounds_of(LENGTHS), TWO)
        for _ in range(5):
            assert all(map(torch.equal, first, packed(inputs, bounds_of(LENGTHS), TWO)))
        assert_close(first, one_by_one(inputs, bounds_of(LENGTHS), TWO))


def test_no_document_hears_another() -> None:
    """Changing all of the others, to what would spread wherever it is read, leaves the results of one alone."""
    inputs = on_gpu(packed_inputs(900, 2, 2, 128, dtype=torch.bfloat16))
    for options in (TWO, ONE_LEVEL):
        with deterministic_algorithms():
            before = packed(inputs, [0, 300, 630, 900], options)
            *qkv, dout = (x.detach().clone() for x in inputs)
            for x in (*qkv, dout):
                x[:300] = x[630:] = 3e38
            after = packed([x.requires_grad_() for x in qkv] + [dout], [0, 300, 630, 900], options)
        assert all(torch.equal(x[300:630], y[300:630]) for x, y in zip(before, after, strict=True))


@pytest.mark.parametrize("head_dim", [64, 96, 128])
@pytest.mark.parametrize(("heads", "kv_heads"), [(2, 1), (2, 2)], ids=["grouped", "own"])
def test_memory_behind_the_end_may_hold_anything(
    heads: int, kv_heads: int, head_dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What forward keeps and the workspace have room for longer documents of the same code."""
    empty, scratch = torch.empty, _torch_run._scratch

    def empty_of_nan(*arguments: Any, **options: Any) -> Tensor:
        tensor = empty(*arguments, **options)
        return tensor.fill_(0xFF) if tensor.dtype == torch.uint8 else tensor

    lengths = [1, 64, 65, 127, 128, 129, 190, 1000, 1025, 2047, 4100]
    inputs = on_gpu(packed_inputs(sum(lengths), heads, kv_heads, head_dim, dtype=torch.bfloat16))
    expected = one_by_one(inputs, bounds_of(lengths), ONE_LEVEL)
    monkeypatch.setattr(torch, "empty", empty_of_nan)
    monkeypatch.setattr(_torch_run, "_scratch", lambda *arguments: scratch(*arguments).fill_(0xFF))
    assert_close(packed(inputs, bounds_of(lengths), ONE_LEVEL), expected)


def test_layouts() -> None:
    """Heads outside, as [1, H, N, D] has them: read in place, and results are laid out alike."""
    inputs = packed_inputs(sum(LENGTHS), 2, 2, 64, dtype=torch.bfloat16)
    expected = packed(on_gpu(inputs), bounds_of(LENGTHS), TWO)
    *qkv, dout = (x.detach().cuda().transpose(0, 1).contiguous().transpose(0, 1) for x in inputs)
    got = packed([x.requires_grad_() for x in qkv] + [dout], bounds_of(LENGTHS), TWO)
    assert_close(got, expected)
    assert all(x.stride() == qkv[0].stride() for x in got)


def test_graph() -> None:
    *qkv, _ = inputs = on_gpu(packed_inputs(sum(LENGTHS), dtype=torch.bfloat16))
    cu_seqlens = bounds_of(LENGTHS)
    lighthouse.prepare_varlen(*qkv, cu_seqlens, **asdict(TWO))
    expected = packed(inputs, cu_seqlens, TWO)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        captured = packed(inputs, cu_seqlens, TWO)
    for x in captured:
        x.zero_()
    graph.replay()
    assert_close(captured, expected)
    on_device = cu_seqlens.cuda()
    text = "cu_seqlens: expects numbers on the host while a CUDA graph is captured"
    with pytest.raises(RuntimeError, match=text), torch.cuda.graph(torch.cuda.CUDAGraph()):
        lighthouse.varlen_attention(*qkv, on_device, **asdict(TWO))


def test_compile() -> None:
    torch.compiler.reset()
    compiled = torch.compile(attend, fullgraph=True)
    *qkv, dout = inputs = on_gpu(packed_inputs(400, dtype=torch.bfloat16))
    for lengths in ([300, 100], [130, 270]):
        for cu_seqlens in (bounds_of(lengths), bounds_of(lengths).cuda()):
            out = compiled(*qkv, cu_seqlens)
            assert_close([out.detach(), *torch.autograd.grad(out, qkv, dout)], packed(inputs, cu_seqlens, TWO))


def test_the_device_is_read_once() -> None:
    """Other layers' calls with the same tensor do not wait."""
    *qkv, _ = on_gpu(packed_inputs(400, dtype=torch.bfloat16))
    cu_seqlens = bounds_of([300, 100]).cuda()
    first = lighthouse.varlen_attention(*qkv, cu_seqlens, **asdict(TWO))
    torch.cuda.set_sync_debug_mode("error")
    try:
        again = lighthouse.varlen_attention(*qkv, cu_seqlens, **asdict(TWO))
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert torch.equal(first, again)
    cu_seqlens[1] = 100
    changed = lighthouse.varlen_attention(*qkv, cu_seqlens, **asdict(TWO))
    assert torch.equal(changed, lighthouse.varlen_attention(*qkv, [0, 100, 400], **asdict(TWO)))


def test_a_document_far_behind_the_start() -> None:
    large = 70_000
    (x,) = tensors((large, 2, 128), dtype=torch.bfloat16)
    x = x.cuda()
    out = lighthouse.varlen_attention(x, x, x, [0, large - 300, large], **asdict(TWO))
    alone = lighthouse.attention(*[x[-300:].transpose(0, 1)[None]] * 3, **asdict(TWO))[0].transpose(0, 1)
    assert_close([out[-300:]] * 4, [alone] * 4)
