# SPDX-License-Identifier: Apache-2.0
"""CUDA tensors among torch's machinery: operators, autocast, layouts, devices, streams, graphs, threads."""

import threading
from dataclasses import asdict, replace

import lighthouse
import pytest
import torch
from helpers import DTYPES, SMALL, deterministic_algorithms, run, same_bits, small_inputs, tensors
from reference import Settings
from test_eager import Watching
from test_torch import recorded_calls, sample
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

ONE_LEVEL = Settings(num_levels=1)
OWN = {"attention_fn": scaled_dot_product_attention}
each_settings = pytest.mark.parametrize("settings", [SMALL, ONE_LEVEL], ids=["three levels", "one level"])
each_dtype = pytest.mark.parametrize("dtype", DTYPES, ids=str)


def on_gpu(seed: int = 0, device: str = "cuda", **options) -> list[Tensor]:
    """q, k, v that ask for gradients, and dout."""
    *qkv, dout = (x.to(device) for x in small_inputs(seed, **options))
    return [x.requires_grad_() for x in qkv] + [dout]


def forward_backward(q: Tensor, k: Tensor, v: Tensor, dout: Tensor, settings: Settings = SMALL, **options) -> list:
    """out, dq, dk, dv."""
    out = lighthouse.attention(q, k, v, **asdict(settings), **options)
    return [out.detach(), *torch.autograd.grad(out, (q, k, v), dout)]


def all_equal(first: list[Tensor], second: list[Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(first, second, strict=True))


# Results -------------------------------------------------------------------------------------------------------------


@each_settings
@each_dtype
def test_deterministic_runs_give_the_same_bits(settings: Settings, dtype: torch.dtype) -> None:
    inputs = small_inputs(dtype=dtype, seq_len=1571)
    with deterministic_algorithms():
        first = run(*inputs, settings, "cuda")
        assert all(first[name].any() for name in first)
        for _ in range(20):
            assert same_bits(first, run(*inputs, settings, "cuda"))


def wide_inputs(dtype: torch.dtype = torch.bfloat16, kv_heads: int = 4) -> list[Tensor]:
    """q, k, v, dout with heads of 128, long enough that many blocks add to each row of dq."""
    q, kv = (1, 4, 4099, 128), (1, kv_heads, 4099, 128)
    return tensors(q, kv, kv, q, seed=0, dtype=dtype)


each_kv_heads = pytest.mark.parametrize("kv_heads", [4, 2])


@each_settings
@each_kv_heads
def test_deterministic_backward_of_wide_heads(settings: Settings, kv_heads: int) -> None:
    inputs = wide_inputs(kv_heads=kv_heads)
    with deterministic_algorithms():
        first = run(*inputs, settings, "cuda")
        for _ in range(10):
            assert same_bits(first, run(*inputs, settings, "cuda"))


@each_settings
@each_kv_heads
def test_what_varies_where_nothing_is_asked_for(settings: Settings, kv_heads: int) -> None:
    """dq, and dk and dv where attention's heads share keys: by rounding, from run to run as from what is exact."""
    inputs = wide_inputs(kv_heads=kv_heads)
    varying = ["dq", "dk", "dv"] if settings.num_levels == 1 and kv_heads < 4 else ["dq"]
    first = run(*inputs, settings, "cuda")
    others = [run(*inputs, settings, "cuda") for _ in range(10)]
    with deterministic_algorithms():
        exact = run(*inputs, settings, "cuda")
    for name in varying:
        given = first.pop(name).double()
        for other in others:
            assert (other.pop(name).double() - given).norm() <= 2e-3 * given.norm(), name
        assert (exact[name].double() - given).norm() <= 5e-3 * given.norm(), name
    assert all(same_bits(first, other) for other in others)


@each_settings
def test_determinism_is_that_of_backward(settings: Settings) -> None:
    """What is asked for when backward runs counts; forward is the same either way."""
    *qkv, dout = (x.cuda() for x in wide_inputs())
    leaves = [x.requires_grad_() for x in qkv]
    with deterministic_algorithms():
        out = lighthouse.attention(*leaves, **asdict(settings))
        expected = torch.autograd.grad(out, leaves, dout)
    plain = lighthouse.attention(*leaves, **asdict(settings))
    assert torch.equal(plain, out)
    with deterministic_algorithms():
        assert all_equal(torch.autograd.grad(plain, leaves, dout), expected)


@each_settings
def test_float32_has_the_same_bits_anyway(settings: Settings) -> None:
    inputs = wide_inputs(torch.float32)
    first = run(*inputs, settings, "cuda")
    assert same_bits(first, run(*inputs, settings, "cuda"))
    with deterministic_algorithms():
        assert same_bits(first, run(*inputs, settings, "cuda"))


@each_settings
@each_dtype
def test_the_cpu_agrees(settings: Settings, dtype: torch.dtype) -> None:
    inputs = small_inputs(dtype=dtype, seq_len=2000)
    cpu, gpu = (run(*inputs, settings, device) for device in ("cpu", "cuda"))
    assert torch.equal(cpu.pop("indices"), gpu.pop("indices"))
    tolerance = {torch.float32: 2e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}[dtype]
    for name, expected in cpu.items():
        error = (gpu[name].double() - expected.double()).norm() / expected.double().norm()
        assert error <= tolerance, name


@pytest.mark.parametrize("kv_heads", [4, 2, 1])
@pytest.mark.parametrize("settings", [SMALL, ONE_LEVEL], ids=["three levels", "one level"])
def test_attention_fn(settings: Settings, kv_heads: int) -> None:
    q, k, v, dout = on_gpu()
    k, v = (x.detach()[:, :1].expand(-1, kv_heads, -1, -1).contiguous().requires_grad_() for x in (k, v))
    ours, theirs = (forward_backward(q, k, v, dout, settings, **options) for options in ({}, OWN))
    torch.testing.assert_close(theirs, ours, rtol=2e-4, atol=2e-4)


# Operators -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"num_levels": 1}, OWN], ids=["built-in", "one level", "attention_fn"])
@each_dtype
def test_opcheck(options: dict, dtype: torch.dtype) -> None:
    for func, args, kwargs in recorded_calls(options, dtype, 2, "token-major", device="cuda"):
        wants_gradients = not func._schema.name.endswith("_backward")
        torch.library.opcheck(func, tuple(sample(each, wants_gradients) for each in args), kwargs)


@each_settings
def test_operators_equal_the_short_way(settings: Settings) -> None:
    inputs = on_gpu()
    eager = forward_backward(*inputs, settings)
    with Watching() as watching:
        assert all_equal(eager, forward_backward(*inputs, settings))
    assert watching.names == ["attention", "attention_backward"]


@pytest.mark.parametrize("options", [{}, OWN], ids=["built-in", "attention_fn"])
@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compile(options: dict, backend: str) -> None:
    torch.compiler.reset()
    q, k, v, dout = on_gpu(dtype=torch.bfloat16)
    compiled = torch.compile(
        lambda q, k, v: lighthouse.attention(q, k, v, **asdict(SMALL), **options), fullgraph=True, backend=backend
    )
    out = compiled(q, k, v)
    result = [out.detach(), *torch.autograd.grad(out, (q, k, v), dout)]
    assert all_equal(result, forward_backward(q, k, v, dout, **options))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
def test_autocast(dtype: torch.dtype) -> None:
    q, k, v, dout = on_gpu()
    with torch.autocast("cuda", dtype=dtype):
        out = lighthouse.attention(q, k, v, **asdict(SMALL))
    assert out.dtype == dtype
    grads = torch.autograd.grad(out, (q, k, v), dout.to(dtype))
    low = [x.detach().to(dtype).requires_grad_() for x in (q, k, v)]
    expected = forward_backward(*low, dout.to(dtype))
    assert all_equal([out.detach(), *grads], [expected[0], *(x.float() for x in expected[1:])])
    with torch.autocast("cpu", dtype=dtype):
        assert lighthouse.attention(q, k, v, **asdict(SMALL)).dtype == torch.float32


def test_addresses_off_16_bytes() -> None:
    """What the kernels cannot read in place is copied."""
    q, k, v, dout = on_gpu()
    expected = forward_backward(q, k, v, dout)

    def shifted(x: Tensor) -> Tensor:
        memory = torch.empty(x.numel() + 3, dtype=x.dtype, device=x.device)
        return memory[3:].view(x.shape).copy_(x.detach())

    odd = [shifted(x).requires_grad_() for x in (q, k, v)]
    assert all(x.data_ptr() % 16 for x in odd)
    assert all_equal(forward_backward(*odd, shifted(dout)), expected)


# Devices -------------------------------------------------------------------------------------------------------------


def test_devices() -> None:
    found = lighthouse.devices()
    assert [each.device for each in found] == [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    for index, each in enumerate(found):
        assert each.name == torch.cuda.get_device_name(index)
        assert each.capability == torch.cuda.get_device_capability(index)
        assert each.arch
        assert not each.trouble


def test_mixed_devices_are_refused() -> None:
    q, k, v, _ = on_gpu()
    for options in ({}, OWN):
        with pytest.raises(ValueError, match="k: expects the device of q, cuda:0, but got cpu"):
            lighthouse.attention(q, k.detach().cpu(), v, **asdict(SMALL), **options)
        with pytest.raises(ValueError, match="v: expects the device of q, cpu, but got cuda:0"):
            lighthouse.attention(q.detach().cpu(), k.detach().cpu(), v, **asdict(SMALL), **options)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="one GPU")
@each_settings
def test_devices_that_are_not_current(settings: Settings) -> None:
    """Results lie on the inputs' device, whichever is current, and both devices work at once."""
    expected = forward_backward(*on_gpu(device="cuda:0"), settings)
    for current in (0, 1):
        with torch.cuda.device(current):
            result = forward_backward(*on_gpu(device="cuda:1"), settings)
            assert torch.cuda.current_device() == current
        assert all(x.device == torch.device("cuda:1") for x in result)
        assert all_equal([x.cpu() for x in result], [x.cpu() for x in expected])


# Streams, graphs, threads --------------------------------------------------------------------------------------------


@each_settings
def test_streams(settings: Settings) -> None:
    """Each call waits for what its own stream did before, and is waited for by what comes after."""
    data = [on_gpu(seed) for seed in range(4)]
    expected = [forward_backward(*x, settings) for x in data]
    streams = [torch.cuda.Stream() for _ in data]
    for _ in range(5):
        results = []
        for stream, (q, k, v, dout) in zip(streams, data, strict=True):
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                torch.cuda._sleep(2_000_000)  # about a millisecond; the inputs come after it
                late = [(x.detach() * 1).requires_grad_() for x in (q, k, v)]
                results.append([x + 0 for x in forward_backward(*late, dout, settings)])
        torch.cuda.synchronize()
        for got, want in zip(results, expected, strict=True):
            assert all_equal(got, want)


def captured(settings: Settings, **options):
    """A graph of forward and backward, its inputs and its results."""
    q, k, v, dout = on_gpu()
    lighthouse.clear_memory_cache()
    lighthouse.prepare(q, k, v, **asdict(settings), **options)
    if options:  # torch's own attention has something to set up
        side = torch.cuda.Stream()
        with torch.cuda.stream(side):
            forward_backward(q, k, v, dout, settings, **options)
        torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        results = forward_backward(q, k, v, dout, settings, **options)
    return graph, (q, k, v, dout), results


@pytest.mark.parametrize("options", [{}, OWN], ids=["built-in", "attention_fn"])
@each_settings
def test_graphs(settings: Settings, options: dict) -> None:
    """After prepare a graph may be captured, also of calls that were never made, and replayed on other values."""
    graph, inputs, results = captured(settings, **options)
    for seed in (0, 1, 2):
        others = on_gpu(seed)
        with torch.no_grad():
            for x, other in zip(inputs, others, strict=True):
                x.copy_(other)
        graph.replay()
        assert all_equal(results, forward_backward(*others, settings, **options)), seed


def test_graphs_outlive_the_caches() -> None:
    graph, inputs, results = captured(SMALL)
    lighthouse.clear_memory_cache()
    torch.cuda.synchronize()
    graph.replay()
    assert all_equal(results, forward_backward(*inputs))


def test_unprepared_capture_is_refused() -> None:
    q, k, v, _ = on_gpu()
    lighthouse.clear_memory_cache()
    with pytest.raises(RuntimeError, match=r"lighthouse\.prepare"), torch.cuda.graph(torch.cuda.CUDAGraph()):
        lighthouse.attention(q.detach(), k.detach(), v.detach(), **asdict(SMALL))


def test_threads() -> None:
    """Threads that also compile the same program at once."""
    data = [on_gpu(seed) for seed in range(4)]
    expected = [forward_backward(*x) for x in data]
    torch.cuda.synchronize()
    lighthouse.clear_memory_cache()
    start, results = threading.Barrier(4), [[] for _ in data]

    def work(which: int) -> None:
        start.wait()
        for _ in range(5):
            results[which].append(forward_backward(*data[which]))
        torch.cuda.synchronize()

    threads = [threading.Thread(target=work, args=(which,)) for which in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for got, want in zip(results, expected, strict=True):
        assert len(got) == 5
        assert all(all_equal(one, want) for one in got)


@each_settings
@pytest.mark.parametrize(("scorer", "most"), [("norm", 5), ("dilated", 9)])
def test_launches(settings: Settings, scorer: str, most: int) -> None:
    """At most 5 kernels forward (9 with the scorer "dilated") and 5 backward, and nothing else on the device."""
    settings = replace(settings, scorer=scorer)
    q, k, v, dout = on_gpu()
    forward_backward(q, k, v, dout, settings)
    counts = []
    for backward in (False, True):
        out = lighthouse.attention(q, k, v, **asdict(settings))
        torch.cuda.synchronize()
        with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
            if backward:
                torch.autograd.grad(out, (q, k, v), dout)
            else:
                lighthouse.attention(q, k, v, **asdict(settings))
            torch.cuda.synchronize()
        events = [e for e in profile.events() if e.device_type == torch.autograd.DeviceType.CUDA]
        counts.append(len(events))
    assert 1 <= counts[0] <= most
    assert 1 <= counts[1] <= 5


def test_nothing_waits() -> None:
    """The host is done while the device is still busy with what came before."""
    q, k, v, dout = on_gpu()
    forward_backward(q, k, v, dout)
    torch.cuda.synchronize()
    torch.cuda._sleep(500_000_000)  # about a quarter of a second
    busy = torch.cuda.Event()
    busy.record()
    forward_backward(q, k, v, dout)
    assert not busy.query()
