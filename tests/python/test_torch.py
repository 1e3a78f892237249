# SPDX-License-Identifier: Apache-2.0
"""The op in torch's machinery: registered operators, autograd, layouts, attention_fn, threads, fork."""

import itertools
import threading

import lighthouse
import pytest
import torch
from helpers import DTYPES, python, tensors
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention
from torch.utils._python_dispatch import TorchDispatchMode

TWO_LEVELS = {"num_levels": 2, "pooling_factor": 2, "topk": 128}
ONE_LEVEL = {"num_levels": 1}
N, D = 301, 16  # an odd length: the last window is padded


def inputs(seed: int = 0, dtype: torch.dtype = torch.float32, heads: int = 4, kv_heads: int = 2) -> list[Tensor]:
    """q, k, v that require gradients, and dout."""
    *qkv, dout = tensors(
        (1, heads, N, D), (1, kv_heads, N, D), (1, kv_heads, N, D), (1, heads, N, D), seed=seed, dtype=dtype
    )
    return [x.requires_grad_() for x in qkv] + [dout]


def forward_backward(q: Tensor, k: Tensor, v: Tensor, dout: Tensor, **options) -> tuple[Tensor, ...]:
    """out, dq, dk, dv."""
    out = lighthouse.attention(q, k, v, **{**TWO_LEVELS, **options})
    return out.detach(), *torch.autograd.grad(out, (q, k, v), dout)


def assert_same_bits(first: tuple[Tensor, ...], second: tuple[Tensor, ...]) -> None:
    for name, x, y in zip(("out", "dq", "dk", "dv"), first, second, strict=True):
        assert torch.equal(x, y), name


def own(x: Tensor) -> Tensor:
    """A leaf of the same values and strides."""
    return x.detach().requires_grad_()


# Registered operators ------------------------------------------------------------------------------------------------


class Recorder(TorchDispatchMode):
    """Keeps every call of an operator of ours."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = []

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func.namespace == "lighthouse":
            self.calls.append((func, args, kwargs or {}))
        return func(*args, **(kwargs or {}))


def recorded_calls(options: dict, dtype: torch.dtype, kv_heads: int, layout: str, device: str = "cpu") -> list[tuple]:
    """The calls of forward and backward, as our own code makes them."""
    q, k, v, dout = (x.detach().to(device) for x in inputs(dtype=dtype, kv_heads=kv_heads))
    q, k, v = (x.requires_grad_() for x in (q, k, v))
    if layout == "token-major":  # [B, N, H, D] in memory
        q, k, v, dout = (x.detach().transpose(1, 2).contiguous().transpose(1, 2) for x in (q, k, v, dout))
        q, k, v = (x.requires_grad_() for x in (q, k, v))
    with Recorder() as recorder:
        forward_backward(q, k, v, dout, **options)
    return recorder.calls


def sample(value, wants_gradients: bool):
    """An argument on its own; floating tensors ask for gradients, where the autograd formula is to be tried."""
    if isinstance(value, list):
        return [sample(each, wants_gradients) for each in value]
    if isinstance(value, Tensor):
        return value.detach().requires_grad_(wants_gradients and value.is_floating_point())
    return value


OWN = {"attention_fn": scaled_dot_product_attention}


@pytest.mark.parametrize(
    ("options", "dtype", "kv_heads", "layout", "names"),
    [
        ({}, torch.float32, 4, "contiguous", ["attention", "attention_backward"]),
        ({}, torch.bfloat16, 2, "token-major", ["attention", "attention_backward"]),
        ({}, torch.float16, 1, "contiguous", ["attention", "attention_backward"]),
        ({"scale": 0.5}, torch.float32, 2, "token-major", ["attention", "attention_backward"]),
        (ONE_LEVEL, torch.float32, 2, "contiguous", ["attention", "attention_backward"]),
        (ONE_LEVEL, torch.bfloat16, 4, "token-major", ["attention", "attention_backward"]),
        (OWN, torch.float32, 2, "contiguous", ["gather", "scatter", "scatter_backward", "gather_backward"]),
        (OWN, torch.bfloat16, 1, "token-major", ["gather", "scatter", "scatter_backward", "gather_backward"]),
    ],
)
def test_opcheck(options: dict, dtype: torch.dtype, kv_heads: int, layout: str, names: list[str]) -> None:
    calls = recorded_calls(options, dtype, kv_heads, layout)
    assert [func._schema.name for func, _, _ in calls] == [f"lighthouse::{name}" for name in names]
    for func, args, kwargs in calls:
        wants_gradients = not func._schema.name.endswith("_backward")  # There are no second derivatives.
        torch.library.opcheck(func, tuple(sample(each, wants_gradients) for each in args), kwargs)


def test_every_operator_is_checked() -> None:
    tried = [*recorded_calls({}, torch.float32, 2, "contiguous"), *recorded_calls(OWN, torch.float32, 2, "contiguous")]
    registered = {name for name in torch._C._dispatch_get_all_op_names() if name.startswith("lighthouse::")}
    packed = {"lighthouse::varlen_attention", "lighthouse::varlen_attention_backward"}  # test_varlen.py checks them
    assert {func._schema.name for func, _, _ in tried} | packed == registered | packed


# Autograd ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [w for n in (1, 2, 3) for w in itertools.combinations("qkv", n)], ids="".join)
@pytest.mark.parametrize("options", [{}, OWN, ONE_LEVEL], ids=["built-in", "attention_fn", "one-level"])
def test_gradients_of_a_subset(options: dict, wanted: tuple[str, ...]) -> None:
    q, k, v, dout = inputs()
    expected = dict(zip("qkv", forward_backward(q, k, v, dout, **options)[1:], strict=True))
    leaves = {name: x.detach().requires_grad_(name in wanted) for name, x in zip("qkv", (q, k, v), strict=True)}
    lighthouse.attention(*leaves.values(), **{**TWO_LEVELS, **options}).backward(dout)
    for name, leaf in leaves.items():
        assert torch.equal(leaf.grad, expected[name]) if name in wanted else leaf.grad is None


@pytest.mark.parametrize("options", [{}, OWN, ONE_LEVEL], ids=["built-in", "attention_fn", "one-level"])
def test_no_gradient_is_recorded_where_none_is_wanted(options: dict) -> None:
    q, k, v, _ = inputs()
    options = {**TWO_LEVELS, **options}
    with torch.no_grad():
        out = lighthouse.attention(q, k, v, **options)
    assert not out.requires_grad
    assert not lighthouse.attention(q.detach(), k.detach(), v.detach(), **options).requires_grad
    with_gradient, aux = lighthouse.attention(q, k, v, **options, return_aux=True)
    assert with_gradient.requires_grad
    assert not any(x.requires_grad for x in aux if x is not None)
    assert torch.equal(out, with_gradient)


@pytest.mark.parametrize("options", [{}, OWN, ONE_LEVEL], ids=["built-in", "attention_fn", "one-level"])
def test_dout_of_any_strides(options: dict) -> None:
    q, k, v, dout = inputs()
    token_major = dout.transpose(1, 2).contiguous().transpose(1, 2)
    dim_major = dout.mT.contiguous().mT  # The last dimension is not contiguous.
    gapped = torch.stack([dout, -dout], dim=3)[:, :, :, 0]
    expected = forward_backward(q, k, v, dout, **options)
    for other in (token_major, dim_major, gapped):
        assert not other.is_contiguous()
        assert_same_bits(forward_backward(q, k, v, other, **options), expected)
    ones = forward_backward(q, k, v, torch.ones_like(dout), **options)
    q, k, v = own(q), own(k), own(v)
    lighthouse.attention(q, k, v, **{**TWO_LEVELS, **options}).sum().backward()  # dout has strides 0.
    assert_same_bits((ones[0], q.grad, k.grad, v.grad), ones)


def test_gradients_accumulate_through_one_tensor() -> None:
    """q, k and v as views of one activation, as a model has them."""
    (x,) = tensors((1, N, 3, 2, D))
    dout = tensors((1, 2, N, D), seed=1)[0]
    x.requires_grad_()
    q, k, v = (part.transpose(1, 2) for part in x.unbind(2))
    lighthouse.attention(q, k, v, **TWO_LEVELS).backward(dout)
    separate = forward_backward(*(own(part) for part in (q, k, v)), dout)
    assert torch.equal(x.grad, torch.stack([grad.transpose(1, 2) for grad in separate[1:]], dim=2))


def test_second_derivatives_are_refused() -> None:
    q, k, v, dout = inputs()
    out = lighthouse.attention(q, k, v, **TWO_LEVELS)
    (dq,) = torch.autograd.grad(out, q, dout.requires_grad_(), create_graph=True)
    with pytest.raises(RuntimeError):
        torch.autograd.grad(dq.sum(), k)


def test_inputs_changed_before_backward() -> None:
    """One level keeps q itself for backward; a pyramid keeps the gathered rows, so q may change."""
    q, k, v, dout = inputs()
    expected = forward_backward(q, k, v, dout)
    one_level, pyramid = q * 1, q * 1
    first = lighthouse.attention(one_level, k, v, **ONE_LEVEL)
    second = lighthouse.attention(pyramid, k, v, **TWO_LEVELS)
    with torch.no_grad():
        one_level.zero_()
        pyramid.zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        torch.autograd.grad(first, (q, k, v), dout)
    assert_same_bits((second.detach(), *torch.autograd.grad(second, (q, k, v), dout)), expected)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_autocast_converts_float32(dtype: torch.dtype) -> None:
    q, k, v, dout = inputs()
    with torch.autocast("cpu", dtype=dtype):
        out = lighthouse.attention(q, k, v, **TWO_LEVELS)
    assert out.dtype == dtype
    grads = torch.autograd.grad(out, (q, k, v), dout.to(dtype))
    assert all(grad.dtype == torch.float32 for grad in grads)
    low = [x.detach().to(dtype).requires_grad_() for x in (q, k, v)]
    expected = forward_backward(*low, dout.to(dtype))
    assert_same_bits((out.detach(), *grads), (expected[0], *(grad.float() for grad in expected[1:])))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("mixed", list(itertools.product(DTYPES, repeat=3))[::5], ids=str)
def test_autocast_converts_as_for_sdpa(dtype: torch.dtype, mixed: tuple[torch.dtype, ...]) -> None:
    """Whatever q, k and v were: rotated queries are often float32 beside values that are not."""
    q, k, v = (x.detach().to(given) for x, given in zip(inputs()[:3], mixed, strict=True))
    expected = lighthouse.attention(*(x.to(dtype) for x in (q, k, v)), **TWO_LEVELS)
    with torch.autocast("cpu", dtype=dtype):
        lighthouse.prepare(q, k, v, **TWO_LEVELS)
        out = lighthouse.attention(q, k, v, **TWO_LEVELS)
        assert out.dtype == scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True).dtype == dtype
        with pytest.raises(TypeError, match="q: expects dtype float32, bfloat16 or float16, but got float64"):
            lighthouse.attention(q.double(), k.double(), v.double(), **TWO_LEVELS)
    assert torch.equal(out, expected)


# Layouts -------------------------------------------------------------------------------------------------------------


def laid_out(x: Tensor, order: tuple[int, ...]) -> Tensor:
    """x with its axes in memory in this order."""
    return x.detach().permute(order).contiguous().permute(*(order.index(axis) for axis in range(4))).requires_grad_()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
@pytest.mark.parametrize("options", [{}, OWN], ids=["built-in", "attention_fn"])
def test_results_have_the_layout_of_the_inputs(order: tuple[int, ...], options: dict) -> None:
    qkv = tensors((2, 4, N, D), (2, 2, N, D), (2, 2, N, D), (2, 4, N, D))
    expected = forward_backward(*(own(x) for x in qkv[:3]), qkv[3], **options)
    q, k, v = (laid_out(x, (*order, 3)) for x in qkv[:3])
    out, dq, dk, dv = forward_backward(q, k, v, qkv[3], **options)
    assert [x.stride() for x in (out, dq, dk, dv)] == [x.stride() for x in (q, q, k, v)]
    assert_same_bits((out, dq, dk, dv), expected)


@pytest.mark.parametrize("case", ["dim-major", "step", "gap", "expanded", "offset"])
@pytest.mark.parametrize("options", [{}, ONE_LEVEL], ids=["two-levels", "one-level"])
def test_inputs_of_any_strides(case: str, options: dict) -> None:
    q, k, v, dout = (x.detach() for x in inputs())
    if case == "expanded":
        k, v = (x[:, :1].expand(-1, 2, -1, -1) for x in (k, v))
    change = {
        "dim-major": lambda x: x.mT.contiguous().mT,
        "step": lambda x: torch.stack([x, -x], dim=4).flatten(3)[..., ::2],
        "gap": lambda x: torch.cat([x, -x], dim=3)[..., :D],
        "expanded": lambda x: x,
        "offset": lambda x: torch.cat([x.new_full([3], torch.nan), x.flatten()])[3:].view_as(x),  # 12 bytes
    }[case]
    strided = [change(x) for x in (q, k, v, dout)]
    assert all(torch.equal(x, y) for x, y in zip(strided, (q, k, v, dout), strict=True))
    expected = forward_backward(*(own(x.contiguous()) for x in (q, k, v)), dout, **options)
    result = forward_backward(*(own(x) for x in strided[:3]), strided[3], **options)
    assert_same_bits(result, expected)


def test_strides_above_int32() -> None:
    """Heads 2^31 elements apart; only the pages in use take memory."""
    far = 2**31 + 64
    memory = torch.empty(far + N * 3 * D, dtype=torch.float16)
    qkv = tensors(*[(1, 2, N, D)] * 4, dtype=torch.float16)
    strided = []
    for part, x in enumerate(qkv[:3]):  # q, k, v side by side for each token
        view = memory.as_strided((1, 2, N, D), (2 * far, far, 3 * D, 1), part * D)
        view.copy_(x)
        strided.append(own(view))
    result = forward_backward(*strided, qkv[3])
    assert_same_bits(result, forward_backward(*(own(x) for x in qkv[:3]), qkv[3]))


# attention_fn --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("options", [{}, {"scale": 0.5}, ONE_LEVEL, {"num_levels": 2, "pooling_factor": 2}], ids=str)
def test_attention_fn_equals_ours(options: dict, kv_heads: int) -> None:
    q, k, v, dout = inputs(kv_heads=kv_heads)
    ours = forward_backward(q, k, v, dout, **options)
    theirs = forward_backward(q, k, v, dout, **options, **OWN)
    torch.testing.assert_close(theirs, ours, rtol=2e-5, atol=2e-5)


def test_attention_fn_is_called_as_documented() -> None:
    q, k, v, _ = inputs()
    calls = []

    def attend(qs, ks, vs, **settings):
        calls.append((qs.shape, ks.shape, vs.shape, settings))
        return scaled_dot_product_attention(qs, ks, vs, **settings)

    out, aux = lighthouse.attention(q, k, v, **TWO_LEVELS, attention_fn=attend, return_aux=True)
    ours = lighthouse.attention(q, k, v, **TWO_LEVELS, return_aux=True)[1]
    shape = (1, 4, aux.indices.shape[2], D)
    assert calls == [(shape, shape, shape, {"is_causal": True, "scale": D**-0.5})]
    assert aux.lse is None
    assert torch.equal(aux.indices, ours.indices)
    assert out.shape == q.shape


@pytest.mark.parametrize(
    ("wrong", "error", "text"),
    [
        (lambda os: os[:, :, 1:], ValueError, r"attention_fn: expects .*shape \[1, 4, \d+, 16\].* but got \[1, 4, "),
        (lambda os: os.mT, ValueError, r"attention_fn: expects .*shape .* but got \[1, 4, 16, "),
        (lambda os: os.double(), ValueError, r"attention_fn: expects .*torch\.float32.* but got .*torch\.float64"),
        (lambda os: os.to("meta"), ValueError, r"attention_fn: expects .*device cpu, but got .*meta"),
        (lambda os: os.detach().numpy(), TypeError, r"attention_fn: expects .*torch tensor, but got ndarray"),
        (lambda os: (os, None), TypeError, r"attention_fn: expects .*torch tensor, but got tuple"),
        (lambda os: None, TypeError, r"attention_fn: expects .*torch tensor, but got NoneType"),
    ],
    ids=["shorter", "transposed", "dtype", "device", "numpy", "tuple", "none"],
)
@pytest.mark.parametrize("options", [TWO_LEVELS, ONE_LEVEL], ids=["two-levels", "one-level"])
def test_wrong_results_of_attention_fn_are_refused(options: dict, wrong, error: type[Exception], text: str) -> None:
    q, k, v, _ = inputs()

    def attend(*args, **settings):
        return wrong(scaled_dot_product_attention(*args, **settings))

    with pytest.raises(error, match=text):
        lighthouse.attention(q, k, v, **options, attention_fn=attend)


def test_an_error_in_attention_fn_passes_through() -> None:
    def attend(*_, **__):
        raise KeyError("mine")

    q, k, v, _ = inputs()
    with pytest.raises(KeyError, match="mine"):
        lighthouse.attention(q, k, v, **TWO_LEVELS, attention_fn=attend)


# Threads, fork -------------------------------------------------------------------------------------------------------


def test_threads_at_once() -> None:
    """Threads that also compile the same program at once."""
    data = [inputs(seed) for seed in range(4)]
    expected = [forward_backward(*x) for x in data]
    lighthouse.clear_memory_cache()
    start, results = threading.Barrier(4), [[] for _ in data]

    def work(which: int) -> None:
        start.wait()
        for _ in range(5):
            results[which].append(forward_backward(*data[which]))

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, want in zip(results, expected, strict=True):
        assert len(got) == 5
        for one in got:
            assert_same_bits(one, want)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_thread_counts_give_the_same_bits(dtype: torch.dtype) -> None:
    data = inputs(dtype=dtype)
    before = torch.get_num_threads()
    results = []
    try:
        for count in (1, 2, 3, 7):
            torch.set_num_threads(count)
            results.append(forward_backward(*data))
    finally:
        torch.set_num_threads(before)
    for result in results[1:]:
        assert_same_bits(result, results[0])


FORK = """
import os, sys
import torch, lighthouse
torch.set_num_threads(2)
def compute():
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(1, 4, 301, 16, generator=generator, requires_grad=True) for _ in range(3))
    out = lighthouse.attention(q, k, v, num_levels=2, pooling_factor=2, topk=128)
    grads = torch.autograd.grad(out, (q, k, v), out.detach())
    array = q.detach().numpy()
    again = lighthouse.attention(array, array, array, num_levels=2, pooling_factor=2, topk=128)
    return b"".join(x.detach().numpy().tobytes() for x in (out, *grads)) + again.tobytes()
before = compute()
children = []
for _ in range(2):
    child = os.fork()
    if child == 0:
        os._exit(0 if compute() == before else 3)
    children.append(child)
assert compute() == before
sys.exit(max(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children))
"""


def test_forked_children_compute_the_same() -> None:
    result = python("-c", FORK, LIGHTHOUSE_NUM_THREADS="2")
    assert result.returncode == 0, result.stderr
