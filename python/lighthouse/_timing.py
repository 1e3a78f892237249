# SPDX-License-Identifier: Apache-2.0
"""How long things take on a device, and what it does at best. For ``lighthouse bench`` and the benchmarks."""

import statistics
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch

WARM_UPS = 2
FLUSHED = 2**28  # bytes, more than any last-level cache


class Limits(NamedTuple):
    """What a machine does at best, as measured."""

    copy: float  # bytes a second, read and written
    matmul: float  # floating-point operations a second

    def milliseconds(self, moved_bytes: float, flops: float) -> float:
        """Of a kernel that has to do both: the longer of the two."""
        return max(moved_bytes / self.copy, flops / self.matmul) * 1e3


class LimitCalls(NamedTuple):
    """Two calls whose times are a machine's limits."""

    copy: Callable[[], object]
    matmul: Callable[[], object]
    moved_bytes: int
    flops: int

    def limits(self, copy_ms: float, matmul_ms: float) -> Limits:
        return Limits(self.moved_bytes / copy_ms * 1e3, self.flops / matmul_ms * 1e3)


def limit_calls(device: torch.device, dtype: torch.dtype) -> LimitCalls:
    """A copy of 1 GiB (on the CPU 256 MiB), and a product of 8192 x 8192 (2048 x 2048) matrices of ``dtype``."""
    on_gpu = device.type == "cuda"
    size = 8192 if on_gpu else 2048
    source = torch.randn(2**28 if on_gpu else 2**26, device=device)
    target = torch.empty_like(source)
    a, b = (random(size, size, device=device, dtype=dtype) for _ in range(2))
    out = torch.empty_like(a)
    return LimitCalls(lambda: target.copy_(source), lambda: torch.matmul(a, b, out=out), 2 * source.nbytes, 2 * size**3)


def milliseconds(
    calls: Sequence[Callable[[], object]],
    device: torch.device,
    rounds: int,
    refresh: Callable[[], object] | None = None,
    advance: Callable[[], object] | None = None,
    warm_ups: int = WARM_UPS,
) -> list[float]:
    """Returns the medians of calls that take turns, each on cold caches.

    Args:
        calls: what is timed, in this order in every round. On a GPU by events on the current stream.
        device: where they run.
        rounds: timed rounds, after ``warm_ups`` more.
        refresh: called before each round, to make fresh data.
        advance: called after each round, to show progress.
    """
    flush = torch.empty(FLUSHED // 4, dtype=torch.int32, device=device)
    timed = _by_events if device.type == "cuda" else _by_clock
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(rounds + warm_ups):
        if refresh:
            refresh()
        for call, taken in zip(calls, times, strict=True):
            flush.zero_()
            flush.sum()  # or lines that were written would be written back within the call's time
            ms = timed(call)
            if turn >= warm_ups:
                taken.append(ms)
        if advance:
            advance()
    return [statistics.median(taken) for taken in times]


def random(*shape: int, device: torch.device | str = "cuda", dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    """Normally distributed elements."""
    return torch.empty(shape, device=device, dtype=dtype).normal_()


def _by_events(call: Callable[[], object]) -> float:
    # The stream is still at the flush when the call is put on it, so the host's part is not in the time.
    begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    begin.record()
    call()
    end.record()
    end.synchronize()
    return begin.elapsed_time(end)


def _by_clock(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1e3
