# SPDX-License-Identifier: Apache-2.0
"""The short way of eager calls: the same as the registered operators, and taken only where autograd alone looks on."""

from collections.abc import Callable, Iterator
from contextlib import nullcontext

import lighthouse
import pytest
import torch
from helpers import SMALL, deterministic_algorithms, run, same_bits, small_inputs
from lighthouse import _lighthouse, _torch_run
from reference import Settings
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

ONE_LEVEL = Settings(num_levels=1)
each_settings = pytest.mark.parametrize("settings", [SMALL, ONE_LEVEL], ids=["three levels", "one level"])


class Watching(TorchDispatchMode):
    """Counts the calls of our operators, and keeps eager calls from the short way."""

    def __init__(self) -> None:
        super().__init__()
        self.names = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.namespace == "lighthouse":
            self.names.append(func._schema.name.removeprefix("lighthouse::"))
        return func(*args, **(kwargs or {}))


@each_settings
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_equals_the_operators(settings: Settings, dtype: torch.dtype) -> None:
    inputs = small_inputs(dtype=dtype)
    with Watching() as watching:
        operators = run(*inputs, settings)
    assert watching.names == ["attention", "attention_backward"]
    eager = run(*inputs, settings)
    assert same_bits(eager, operators)
    assert [x.stride() for x in eager.values()] == [x.stride() for x in operators.values()]


@each_settings
def test_modes_may_come_and_go(settings: Settings) -> None:
    """Forward by one way, backward by the other."""
    q, k, v, dout = small_inputs()
    expected = run(q, k, v, dout, settings)
    leaves = [x.detach().requires_grad_() for x in (q, k, v)]
    out = lighthouse.attention(*leaves, **vars(settings))
    with Watching() as watching:
        grads = torch.autograd.grad(out, leaves, dout)
    assert watching.names == ["attention_backward"]
    with Watching() as watching:
        out = lighthouse.attention(*leaves, **vars(settings))
    assert watching.names == ["attention"]
    for result in (grads, torch.autograd.grad(out, leaves, dout)):
        assert all(torch.equal(x, expected[name]) for x, name in zip(result, ("dq", "dk", "dv"), strict=True))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bool]]:
    """Of each program that is made, whether it is deterministic. There is none yet."""
    made, get_op = [], _lighthouse.get_op

    def noted(spec: _lighthouse.Spec, device: str, deterministic: bool) -> _lighthouse.Op:
        made.append(deterministic)
        return get_op(spec, device, deterministic)

    monkeypatch.setattr(_lighthouse, "get_op", noted)
    lighthouse.clear_memory_cache()
    yield made
    lighthouse.clear_memory_cache()


@pytest.mark.parametrize("way", [nullcontext, Watching], ids=["eager", "operators"])
@each_settings
def test_backward_is_deterministic_where_that_is_wanted_when_it_runs(
    settings: Settings, way: Callable, made: list[bool]
) -> None:
    q, k, v, dout = small_inputs()
    leaves = [x.detach().requires_grad_() for x in (q, k, v)]

    def forward() -> Tensor:
        with way():
            return lighthouse.attention(*leaves, **vars(settings))

    def backward(out: Tensor) -> tuple[Tensor, ...]:
        with way():
            return torch.autograd.grad(out, leaves, dout, retain_graph=True)

    out = forward()
    expected = backward(out)
    assert made == [False]
    with deterministic_algorithms():
        results = [backward(out)]
        assert made == [False, True]
        results.append(backward(forward()))
    results.append(backward(out))
    assert made == [False, True], "both stay"
    for result in results:  # On the CPU both are the same code.
        assert all(torch.equal(x, y) for x, y in zip(result, expected, strict=True))


def test_who_wants_deterministic_results_compiles_nothing_else(made: list[bool]) -> None:
    inputs = small_inputs()
    with deterministic_algorithms():
        first = run(*inputs, SMALL)
        assert same_bits(first, run(*inputs, SMALL))
    assert made == [True]


def test_prepare_looks_at_what_is_wanted(made: list[bool]) -> None:
    q, k, v, dout = small_inputs()
    lighthouse.prepare(q, k, v, **vars(SMALL))
    with deterministic_algorithms():
        lighthouse.prepare(q, k, v, **vars(SMALL))
        assert made == [False, True]
        run(q, k, v, dout, SMALL)
    assert made == [False, True]


class Wrapped(Tensor):
    """A subclass that changes nothing."""


@pytest.mark.parametrize(
    "change",
    [
        lambda x: x.as_subclass(Wrapped),
        lambda x: torch.complex(torch.zeros_like(x), -x).conj().imag,  # a view that is negated when read
        torch.nn.Parameter,
    ],
    ids=["subclass", "negated view", "parameter"],
)
def test_unusual_tensors(change: Callable[[Tensor], Tensor]) -> None:
    q, k, v, _ = small_inputs()
    expected = lighthouse.attention(q, k, v, **vars(SMALL))
    unusual = change(q)
    assert torch.equal(unusual.resolve_neg(), q)
    assert torch.equal(lighthouse.attention(unusual, k, v, **vars(SMALL)), expected)


def test_kept_memory_is_one_tensor() -> None:
    """What a pyramid keeps for backward beside its own inputs and output."""
    q, k, v, dout = small_inputs()
    expected = run(q, k, v, dout, SMALL)
    saved = []

    def pack(x: Tensor) -> Tensor:
        saved.append(x)
        return x.clone()  # other memory, as offloading gives it

    leaves = [x.detach().requires_grad_() for x in (q, k, v)]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda x: x):
        out = lighthouse.attention(*leaves, **vars(SMALL))
    assert [x.dtype for x in saved] == [torch.uint8]
    grads = torch.autograd.grad(out, leaves, dout)
    assert all(torch.equal(x, expected[name]) for x, name in zip(grads, ("dq", "dk", "dv"), strict=True))


def test_a_large_workspace_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a piece of memory of its own, where together with what is kept it is no longer small."""
    q, k, v, dout = small_inputs()
    expected = run(q, k, v, dout, SMALL)
    leaves = [x.detach().requires_grad_() for x in (q, k, v)]
    sizes = []
    for limit in (1 << 30, 0):
        monkeypatch.setattr(_torch_run, "SMALL", limit)
        out = lighthouse.attention(*leaves, **vars(SMALL))
        sizes += [x.nbytes for x in out.grad_fn.saved_tensors]
        grads = torch.autograd.grad(out, leaves, dout)
        assert all(torch.equal(x, expected[name]) for x, name in zip(grads, ("dq", "dk", "dv"), strict=True))
    together, alone = sizes
    assert together > alone


def test_tensors_that_outlived_a_transform() -> None:
    """They still look like the tensor that the transform made of what it was given."""
    q, k, v, _ = small_inputs()
    kept = []
    torch.func.grad(lambda x: (kept.append(x), x.sum())[1])(q)
    expected = lighthouse.attention(q, k, v, **vars(SMALL))
    leaf = k.detach().requires_grad_()
    assert torch.equal(lighthouse.attention(kept[0], leaf, v, **vars(SMALL)), expected)


@each_settings
def test_saved_tensors_may_come_back_with_other_strides(settings: Settings) -> None:
    """As from ``save_on_cpu``, for inputs that are [B, N, H, D] in memory."""
    q, k, v, dout = (x.transpose(1, 2).contiguous().transpose(1, 2) for x in small_inputs())
    expected = run(q, k, v, dout, settings)
    leaves = [x.detach().requires_grad_() for x in (q, k, v)]
    with torch.autograd.graph.save_on_cpu():
        out = lighthouse.attention(*leaves, **vars(settings))
    grads = torch.autograd.grad(out, leaves, dout)
    assert all(torch.equal(x, expected[name]) for x, name in zip(grads, ("dq", "dk", "dv"), strict=True))


def test_checkpointing() -> None:
    q, k, v, dout = small_inputs()
    expected = run(q, k, v, dout, SMALL)
    leaves = [x.detach().requires_grad_() for x in (q, k, v)]
    for reentrant in (False, True):
        out = torch.utils.checkpoint.checkpoint(
            lambda q, k, v: lighthouse.attention(q, k, v, **vars(SMALL)), *leaves, use_reentrant=reentrant
        )
        grads = torch.autograd.grad(out, leaves, dout) if not reentrant else None
        if reentrant:
            out.backward(dout)
            grads = [x.grad for x in leaves]
        assert all(torch.equal(x, expected[name]) for x, name in zip(grads, ("dq", "dk", "dv"), strict=True))


def test_settings_of_equal_value_are_told_apart() -> None:
    """What was accepted once does not let True or 1.0 pass for 1."""
    q, k, v, _ = small_inputs()
    lighthouse.attention(q, k, v, num_levels=1)
    for wrong in (True, 1.0):
        with pytest.raises(TypeError, match="num_levels: expects an int"):
            lighthouse.attention(q, k, v, num_levels=wrong)
    with pytest.raises(TypeError, match=r"topk: expects an int, but got \[128\]"):
        lighthouse.attention(q, k, v, topk=[128])


@each_settings
def test_prepare_compiles_everything(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = small_inputs(seq_len=602)
    options = vars(settings)
    lighthouse.clear_memory_cache()
    lighthouse.prepare(*inputs[:3], **options)
    lighthouse.prepare(*inputs[:3], **options, attention_fn=torch.nn.functional.scaled_dot_product_attention)
    lighthouse.prepare(*(x.numpy() for x in inputs[:3]), **options)

    def refuse(*_):
        raise AssertionError("compiles")

    monkeypatch.setattr(lighthouse._program, "Program", refuse)
    run(*inputs, settings)
    run(*inputs, settings, attention_fn=torch.nn.functional.scaled_dot_product_attention)
    lighthouse.attention(*(x.numpy() for x in inputs[:3]), **options)


def test_prepare_refuses_as_attention_does() -> None:
    q, k, v, _ = small_inputs()
    for changes, error, text in [
        ({"topk": 100}, ValueError, "topk: expects a positive multiple of 128"),
        ({"q": q.double()}, TypeError, "q: expects dtype float32"),
        ({"k": k[:, :, 1:]}, ValueError, "v: expects the shape of k"),
        ({"q": [1]}, TypeError, "q: expects a torch tensor or a numpy array"),
        ({"attention_fn": 1}, TypeError, "attention_fn: expects a function"),
    ]:
        with pytest.raises(error, match=text):
            lighthouse.prepare(**{"q": q, "k": k, "v": v, **vars(SMALL), **changes})
