# SPDX-License-Identifier: Apache-2.0
"""Tracing asks what a program takes and gives, and does not wait for it."""

import threading
from collections.abc import Iterator

import lighthouse
import pytest
import torch
from helpers import tensors
from lighthouse import _lighthouse, _program
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode

SETTINGS = {"num_levels": 2, "pooling_factor": 2, "topk": 128}
SHAPE = (1, 2, 300, 16)


@pytest.fixture
def compiling(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The threads that made an op, in order."""
    threads: list[str] = []
    get_op = _lighthouse.get_op

    def recorded(*arguments: object) -> object:
        threads.append(threading.current_thread().name)
        return get_op(*arguments)

    monkeypatch.setattr(_lighthouse, "get_op", recorded)
    lighthouse.clear_memory_cache()
    yield threads
    wait()


def wait() -> None:
    for thread in threading.enumerate():
        if thread.name == "lighthouse-compile":
            thread.join()


def drawn() -> tuple[list[Tensor], Tensor]:
    """q, k, v and dout."""
    *inputs, dout = tensors(*[SHAPE] * 4)
    return [x.requires_grad_() for x in inputs], dout


def trace() -> tuple[Tensor, tuple[Tensor, ...]]:
    with FakeTensorMode():
        q, k, v, dout = (torch.empty(SHAPE, requires_grad=True) for _ in range(4))
        out = lighthouse.attention(q, k, v, **SETTINGS)
        return out, torch.autograd.grad(out, (q, k, v), dout)


def test_tracing_leaves_compiling_to_a_thread(compiling: list[str]) -> None:
    out, grads = trace()
    assert out.shape == SHAPE
    assert [grad.shape for grad in grads] == [SHAPE] * 3
    wait()
    assert compiling == ["lighthouse-compile"]
    trace()
    inputs, dout = drawn()
    torch.autograd.grad(lighthouse.attention(*inputs, **SETTINGS), inputs, dout)
    assert compiling == ["lighthouse-compile"], "runs find the program"


def test_a_run_does_not_compile_what_a_thread_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the two that ask at once, one makes the op."""
    ops, get_op, both = [], _lighthouse.get_op, threading.Barrier(2, timeout=60)

    def met(*arguments: object) -> object:
        both.wait()
        ops.append(get_op(*arguments))
        return ops[-1]

    monkeypatch.setattr(_lighthouse, "get_op", met)
    lighthouse.clear_memory_cache()
    trace()
    lighthouse.attention(*drawn()[0], **SETTINGS)
    wait()
    first, second = ops
    assert first is second


def test_compiled_code_runs(compiling: list[str]) -> None:
    attention = torch.compile(
        lambda q, k, v: lighthouse.attention(q, k, v, **SETTINGS), backend="aot_eager", fullgraph=True
    )
    inputs, dout = drawn()
    out = attention(*inputs)
    expected = lighthouse.attention(*inputs, **SETTINGS)
    assert torch.equal(out, expected)
    for mine, theirs in zip(
        torch.autograd.grad(out, inputs, dout), torch.autograd.grad(expected, inputs, dout), strict=True
    ):
        assert torch.equal(mine, theirs)


def test_what_fails_in_the_thread_is_told_by_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("compiling failed: no room")

    lighthouse.clear_memory_cache()
    monkeypatch.setattr(_lighthouse, "get_op", fails)
    trace()
    wait()
    with pytest.raises(RuntimeError, match="no room"):
        lighthouse.attention(*drawn()[0], **SETTINGS)


def test_tuning_is_not_begun_ahead(compiling: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It times kernels, which wants the device for itself."""
    monkeypatch.setenv("LIGHTHOUSE_AUTOTUNE", "1")
    trace()
    wait()
    assert compiling == []


def test_refusals_come_while_tracing() -> None:
    with FakeTensorMode(), pytest.raises(ValueError, match="topk: expects a positive multiple of 128"):
        lighthouse.attention(*(torch.empty(SHAPE) for _ in "qkv"), **{**SETTINGS, "topk": 100})


def test_an_outline_is_the_program_s() -> None:
    key = ("attention", "cpu", "bfloat16", 1, 2, 2, 300, 16, 2, 2, 128)
    outline, program = _program.outline(*key), _program.program(*key)
    for before, after in zip(outline, program, strict=True):
        assert (before.inputs, before.outputs, before.workspace_bytes) == (
            after.inputs,
            after.outputs,
            after.workspace_bytes,
        )
