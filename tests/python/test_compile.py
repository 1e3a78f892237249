# SPDX-License-Identifier: Apache-2.0
"""torch.compile: no graph break, nothing compiled anew from step to step, other lengths; what is kept for backward."""

from collections.abc import Callable
from contextlib import nullcontext

import lighthouse
import pytest
import torch
from helpers import tensors
from test_torch import ONE_LEVEL, OWN, TWO_LEVELS, D, N, assert_same_bits, forward_backward, inputs, laid_out
from torch import Tensor
from torch._dynamo.utils import counters
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.checkpoint import checkpoint

BACKENDS = ["aot_eager", "inductor"]


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    return lighthouse.attention(q, k, v, **TWO_LEVELS)


def compiled(function: Callable, backend: str = "aot_eager", **options) -> Callable:
    torch.compiler.reset()
    counters.clear()
    return torch.compile(function, fullgraph=True, backend=backend, **options)


@pytest.mark.parametrize("options", [{}, OWN, ONE_LEVEL], ids=["built-in", "attention_fn", "one-level"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_compile_equals_eager(options: dict, dtype: torch.dtype) -> None:
    torch.compiler.reset()
    options = {**TWO_LEVELS, **options}
    compiled = torch.compile(
        lambda q, k, v: lighthouse.attention(q, k, v, **options), fullgraph=True, backend="aot_eager"
    )
    q, k, v, dout = inputs(dtype=dtype)
    for x in (q, laid_out(q, (0, 2, 1, 3))):
        out = compiled(x, k, v)
        result = out.detach(), *torch.autograd.grad(out, (x, k, v), dout)
        expected = forward_backward(x, k, v, dout, **options)
        assert_same_bits(result, expected)
        assert result[0].stride() == expected[0].stride()


def check_steps(device: str = "cpu", **options) -> None:
    """Forward and backward of steps on new data compile once, and once more under autocast."""
    weight = torch.nn.Parameter(tensors((3 * 2 * D, 32), seed=7)[0].to(device))

    def loss(x: Tensor) -> Tensor:
        q, k, v = (part.transpose(1, 2) for part in (x @ weight.T).unflatten(-1, (3, 2, D)).unbind(2))
        return attend(q, k, v).float().square().mean()

    step = compiled(loss, **options)
    for dtype in (torch.float32, torch.bfloat16):
        for index in range(4):
            x = tensors((2, N, 32), seed=index)[0].to(device)
            with torch.autocast(device, dtype=torch.bfloat16, enabled=dtype != torch.float32):
                with torch.compiler.set_stance("fail_on_recompile" if index else "default"):
                    result = step(x)
                expected = loss(x)
            grads = [torch.autograd.grad(each, weight)[0] for each in (result, expected)]
            close = {"rtol": 1e-4, "atol": 1e-5} if dtype == torch.float32 else {"rtol": 0.05, "atol": 0.05}
            torch.testing.assert_close(result, expected, **close)
            torch.testing.assert_close(*grads, **close)
    assert counters["stats"]["unique_graphs"] == 2  # one for each dtype
    assert not counters["graph_break"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_steps_compile_once(backend: str) -> None:
    check_steps(backend=backend)


@pytest.mark.parametrize("dynamic", [None, False, True])
def test_another_length_compiles_anew(dynamic: bool | None) -> None:
    """And a length that was there before does not."""
    step = compiled(attend, dynamic=dynamic)
    for seq_len in (N, N - 1, N + 2):
        q, k, v = tensors(*[(1, 2, seq_len, D)] * 3)
        assert torch.equal(step(q, k, v), attend(q, k, v))
    assert counters["stats"]["unique_graphs"] == 3
    with torch.compiler.set_stance("fail_on_recompile"):
        for seq_len in (N - 1, N, N + 2):
            step(*tensors(*[(1, 2, seq_len, D)] * 3))


def test_marked_lengths() -> None:
    """mark_dynamic demands one program for all lengths, which is refused; maybe_mark_dynamic does not."""
    step = compiled(attend)
    for mark in (torch._dynamo.maybe_mark_dynamic, torch._dynamo.mark_dynamic):
        data = tensors(*[(1, 2, N, D)] * 3)
        for x in data:
            mark(x, 2)
        if mark is torch._dynamo.maybe_mark_dynamic:
            assert torch.equal(step(*data), attend(*data))
            continue
        torch.compiler.reset()
        with pytest.raises(Exception, match=r"You marked .* as dynamic but your code specialized it to be a constant"):
            step(*data)


@pytest.mark.parametrize("backend", BACKENDS)
def test_checkpointing(backend: str) -> None:
    q, k, v, dout = inputs()
    expected = forward_backward(q, k, v, dout)
    step = compiled(lambda q, k, v: checkpoint(attend, q, k, v, use_reentrant=False), backend)
    out = step(q, k, v)
    assert_same_bits((out.detach(), *torch.autograd.grad(out, (q, k, v), dout)), expected)


# What is kept for backward -------------------------------------------------------------------------------------------


class Looking(TorchDispatchMode):
    """Changes nothing, but keeps eager calls on the registered operators."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        return func(*args, **(kwargs or {}))


def check_what_is_kept(way: str, device: str = "cpu") -> None:
    """Forward of one step keeps the sub-sequence, to the byte, and what sin keeps, its input."""
    seq_len, heads = 4096, 4
    settings = {"num_levels": 3, "pooling_factor": 4, "topk": 128}
    shapes = (1, heads, seq_len, D), *[(1, 2, seq_len, D)] * 2
    qkv = [x.to(device).requires_grad_() for x in tensors(*shapes)]

    def call(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        # Copies that nothing else holds, so that one that is kept shows.
        return lighthouse.attention(q * 1.5, k * 1.5, v * 1.5, **settings).sin()

    step = compiled(call, way) if way in BACKENDS else call
    step(*qkv)
    kept: dict[int, int] = {}

    def pack(x: Tensor) -> Tensor:
        kept[x.untyped_storage().data_ptr()] = x.untyped_storage().nbytes()
        return x

    with (
        torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x),
        Looking() if way == "operators" else nullcontext(),
    ):
        out = step(*qkv)
    rows = lighthouse.attention(*qkv, **settings, return_aux=True)[1].indices.shape[2]
    assert rows < seq_len / 3
    sub_sequence = heads * rows * (4 * D * 4 + 4 + 4)  # qs, ks, vs and os for each query head, indices and lse
    # A GPU also keeps sums, and a small workspace may lie in the same piece of memory.
    slack = 0 if device == "cpu" else sub_sequence // 4
    assert 0 <= sum(kept.values()) - out.nbytes - sub_sequence <= slack, kept
    assert all(grad.any() for grad in torch.autograd.grad(out.sum(), qkv))


@pytest.mark.parametrize("way", ["eager", "operators", *BACKENDS])
def test_the_sub_sequence_is_kept_and_not_the_inputs(way: str) -> None:
    check_what_is_kept(way)
