# SPDX-License-Identifier: Apache-2.0
"""The op on an NVIDIA GPU: each kernel against the machine's limits, and attention against PyTorch's.

    python benchmarks/gpu.py [--markdown] [--out FOLDER]

bfloat16, 8 heads of 128, random data, everything in one run, calls of the things compared taking turns; medians. The
limits are measured first: a copy of 2 GiB (bytes read and written), and a product of 8192 x 8192 matrices. A kernel's
bytes are each input and each output once. Leaves gpu.csv in FOLDER (out/benchmarks).
"""

import argparse
import csv
import statistics
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import lighthouse
import torch
from rich.console import Console
from rich.table import Table
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention
from torch.profiler import ProfilerActivity, profile

HEADS, HEAD_DIM, FACTOR = 8, 128, 4
SPECS = [(98_304, 3, 1_536), (131_072, 3, 2_048), (262_144, 3, 2_048), (524_288, 4, 4_096)]  # tokens, levels, topk
ATTENTION = [(16_384, 64), (18_432, 128), (32_768, 128)]  # rows, head_dim
ROUNDS = 15
PEERS = {"FLASH": SDPBackend.FLASH_ATTENTION, "cuDNN": SDPBackend.CUDNN_ATTENTION}


class Limits(NamedTuple):
    """What this GPU does at best."""

    copy: float  # bytes a second
    matmul: float  # floating-point operations a second


def milliseconds(*calls: Callable[[], object]) -> list[float]:
    """Medians of calls that take turns, each after the L2 cache was overwritten."""
    flush = torch.empty(2**26, dtype=torch.int32, device="cuda")
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(ROUNDS + 2):
        for call, taken in zip(calls, times, strict=True):
            flush.zero_()
            begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            begin.record()
            call()
            end.record()
            torch.cuda.synchronize()
            if turn >= 2:
                taken.append(begin.elapsed_time(end))
    return [statistics.median(taken) for taken in times]


def random(*shape: int) -> torch.Tensor:
    return torch.randn(shape, dtype=torch.bfloat16, device="cuda")


def measure_limits() -> Limits:
    source = torch.randn(2**28, device="cuda")
    target = torch.empty_like(source)
    a, b = random(8192, 8192), random(8192, 8192)
    copy, matmul = milliseconds(lambda: target.copy_(source), lambda: a @ b)
    return Limits(2 * source.nbytes / copy * 1e3, 2 * 8192**3 / matmul * 1e3)


def work(seq_len: int, levels: int, topk: int) -> tuple[dict[str, float], dict[str, float], int]:
    """Bytes and floating-point operations of kernels by name, and the sub-sequence's length."""
    rows = seq_len // FACTOR ** (levels - 1) + (levels - 1) * FACTOR * topk
    coarse = sum(seq_len // FACTOR**level for level in range(1, levels))
    row = 2 * HEADS * HEAD_DIM  # bytes of one in all heads
    tokens, selected, product = seq_len * row, rows * row, rows * rows * HEADS * HEAD_DIM
    moved = {
        "forward_pool_score": 3 * tokens + 3 * coarse * row,
        "forward_gather": 6 * selected,
        "forward_scatter": selected + tokens,
        "backward_scatter_backward_row_dot": tokens + 2 * selected,
        "backward_gather_backward_pool_backward_kv": 2 * (2 * selected + tokens),
        "backward_gather_backward_pool_backward_q": 2 * selected + tokens,
    }
    # Causal: half of two, four and three products of 2 S^2 D.
    computed = {
        "forward_attend": 2 * product,
        "backward_attend_backward_keys": 4 * product,
        "backward_attend_backward_queries": 3 * product,
    }
    return moved, computed, rows


def bench_op(spec: tuple[int, int, int], limits: Limits) -> list[dict]:
    """The whole op, then each of its kernels."""
    seq_len, levels, topk = spec
    q, k, v, dout = (random(1, HEADS, seq_len, HEAD_DIM).requires_grad_() for _ in range(4))
    settings = {"num_levels": levels, "pooling_factor": FACTOR, "topk": topk}

    def forward() -> torch.Tensor:
        return lighthouse.attention(q, k, v, **settings)

    def both() -> None:
        torch.autograd.grad(forward(), (q, k, v), dout)

    both()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    both()
    extra = torch.cuda.max_memory_allocated() - before
    times = milliseconds(forward, both)
    moved, computed, rows = work(*spec)
    tokens, product = 2 * q.numel(), 2 * rows * rows * HEADS * HEAD_DIM
    least = [
        (product / limits.matmul + 4 * tokens / limits.copy) * 1e3,
        (3.5 * product / limits.matmul + 8 * tokens / limits.copy) * 1e3,
    ]
    name = f"N={seq_len:,} L={levels} K={topk:,}"
    lines = [
        {"what": f"{name} {way}", "ms": ms, "share": bound / ms, "of": "limit", "note": f"{ms / bound:.2f} x the limit"}
        for way, ms, bound in zip(("forward", "forward and backward"), times, least, strict=True)
    ]
    lines[1]["note"] += f", {extra / 2**30:.3f} GiB beyond the inputs"
    with profile(activities=[ProfilerActivity.CUDA]) as recorded:
        for _ in range(5):
            both()
        torch.cuda.synchronize()
    for event in sorted(recorded.key_averages(), key=lambda each: -each.device_time_total):
        ms = event.device_time_total / event.count / 1e3
        if event.key in moved:
            share, of = moved[event.key] / ms * 1e3 / limits.copy, "copy"
        elif event.key in computed:
            share, of = computed[event.key] / ms * 1e3 / limits.matmul, "matmul"
        elif event.key.startswith(("forward_", "backward_")):
            share, of = None, ""
        else:
            continue
        lines.append({"what": f"  {event.key}", "ms": ms, "share": share, "of": of, "note": ""})
    return lines


def bench_attention(rows: int, head_dim: int, limits: Limits) -> list[dict]:
    """One level is plain causal attention: ours and PyTorch's, forward and backward."""
    q, k, v, dout = (random(1, HEADS, rows, head_dim).requires_grad_() for _ in range(4))
    calls, names = [], []

    def add(name: str, forward: Callable[[], torch.Tensor]) -> None:
        out = forward()
        calls.extend([forward, lambda: torch.autograd.grad(out, (q, k, v), dout, retain_graph=True)])
        names.extend([(name, "forward", 2), (name, "backward", 5)])

    def of_peer(backend: SDPBackend) -> Callable[[], torch.Tensor]:
        def forward() -> torch.Tensor:
            with sdpa_kernel([backend]):
                return scaled_dot_product_attention(q, k, v, is_causal=True)

        return forward

    add("ours", lambda: lighthouse.attention(q, k, v, num_levels=1))
    for name, backend in PEERS.items():
        add(name, of_peer(backend))
    times = milliseconds(*calls)
    ours = dict(zip(("forward", "backward"), times, strict=False))
    lines = []
    for (name, way, products), ms in zip(names, times, strict=True):
        rate = products * rows * rows * HEADS * head_dim / ms * 1e3
        note = "" if name == "ours" else f"ours is {ms / ours[way]:.2f} times as fast"
        what = f"attention S={rows:,} D={head_dim} {way}, {name}"
        lines.append({"what": what, "ms": ms, "share": rate / limits.matmul, "of": "matmul", "note": note})
    return lines


def cells(line: dict) -> list[str]:
    share = f"{line['share']:.0%} of {line['of']}" if line["share"] else ""
    return [line["what"], f"{line['ms']:.3f}", share, line["note"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="folder of the CSV file")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("expects an NVIDIA GPU, but torch sees none")
    console = Console(stderr=True)
    console.print(f"{torch.cuda.get_device_name()}: measuring its limits")
    limits = measure_limits()
    lines = []
    for rows, head_dim in ATTENTION:
        console.print(f"attention, S={rows:,}, D={head_dim}")
        lines += bench_attention(rows, head_dim, limits)
    for spec in SPECS:
        console.print("N={:,}, L={}, K={:,}".format(*spec))
        lines += bench_op(spec, limits)
    headers = [torch.cuda.get_device_name(), "ms", "share", ""]
    if options.markdown:
        for row in (headers, ["---"] * len(headers), *map(cells, lines)):
            print("| " + " | ".join(row) + " |")
    else:
        title = f"copy {limits.copy / 1e12:.2f} TB/s, matmul {limits.matmul / 1e12:.0f} TFLOP/s"
        table = Table(*headers, title=title)
        for line in lines:
            table.add_row(*cells(line))
        Console(width=140).print(table)
    options.out.mkdir(parents=True, exist_ok=True)
    with (options.out / "gpu.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, lines[0].keys())
        writer.writeheader()
        writer.writerows(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
