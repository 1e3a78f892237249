# SPDX-License-Identifier: Apache-2.0
"""Lighthouse on this CPU against the same computation in PyTorch eager (eager.py): time, memory, and attention's rate.

    python benchmarks/cpu.py [--quick] [--markdown] [--out DIR]

Both run in turn on fresh random inputs; times are medians. Memory is what a process of its own holds at most beyond its
inputs. Exits with 1 when a case is slower than eager, less than 1.5 times as fast where attention is less than half of
eager's time, or needs more memory.
"""

import argparse
import csv
import itertools
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import eager
import lighthouse
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

HEADS, HEAD_DIM = 8, 64
LEVELS = {"num_levels": 3, "pooling_factor": 4}
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}
SIDES = {"eager": eager.attention, "ours": lighthouse.attention}
FIELDS = [
    "forward",
    "both",
    "share_forward",
    "share_both",
    "memory_forward",
    "memory_both",
    "rate_forward",
    "rate_backward",
]


def rows_of(seq_len: int, topk: int) -> int:
    """S for LEVELS."""
    return seq_len // 16 + 2 * 4 * topk


def inputs(rows: int, dtype: torch.dtype) -> list[torch.Tensor]:
    return [torch.randn(1, HEADS, rows, HEAD_DIM).to(dtype).requires_grad_() for _ in range(3)]


def seconds(function: Callable[[], object]) -> float:
    begin = time.perf_counter()
    function()
    return time.perf_counter() - begin


def forward_and_both(function: Callable, qkv: list[torch.Tensor], dout: torch.Tensor) -> tuple[float, float]:
    """Seconds of a forward pass without gradients, and of one with its backward pass."""
    with torch.no_grad():
        forward = seconds(lambda: function(*qkv))
    return forward, seconds(lambda: torch.autograd.grad(function(*qkv), qkv, dout))


def interleaved(sides: dict[str, Callable], rows: int, dtype: torch.dtype, repeats: int) -> dict[str, dict[str, float]]:
    """Medians of seconds, forward and forward with backward, of functions of (q, k, v) that take turns."""
    times = {side: {"forward": [], "both": []} for side in sides}
    for repeat in range(repeats + 1):
        qkv = inputs(rows, dtype)
        dout = torch.randn_like(qkv[0])
        for side, function in sides.items():
            forward, both = forward_and_both(function, qkv, dout)
            if repeat:  # The first turn warms up.
                times[side]["forward"].append(forward)
                times[side]["both"].append(both)
    return {side: {kind: statistics.median(all) for kind, all in kinds.items()} for side, kinds in times.items()}


def status_bytes(field: str) -> int:
    text = pathlib.Path("/proc/self/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", text)[1]) * 1024


def measure_memory(side: str, seq_len: int, topk: int, dtype: str) -> None:
    """Prints the most bytes that forward, then forward with backward, hold beyond what was there before."""
    settings = {**LEVELS, "topk": topk}
    small = inputs(2048, DTYPES[dtype])  # Threads and libraries start outside of the measurement.
    torch.autograd.grad(SIDES[side](*small, **{**LEVELS, "topk": 128}), small, torch.randn_like(small[0]))
    qkv = inputs(seq_len, DTYPES[dtype])
    dout = torch.randn_like(qkv[0])
    if side == "ours":  # Compiling is no part of a call.
        lighthouse.attention(*(x[:, :, :seq_len].detach() for x in qkv), **settings)
    for with_backward in (False, True):
        pathlib.Path("/proc/self/clear_refs").write_text("5")
        before = status_bytes("VmRSS")
        with torch.set_grad_enabled(with_backward):
            out = SIDES[side](*qkv, **settings)
        if with_backward:
            out = torch.autograd.grad(out, qkv, dout)
        print(status_bytes("VmHWM") - before)
        del out


def memory(side: str, seq_len: int, topk: int, dtype: str) -> list[int]:
    command = [sys.executable, __file__, "--memory-of", side, str(seq_len), str(topk), dtype]
    # Freed memory goes back to the system at once, so that figures do not depend on what a process did before.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
    result = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return [int(line) for line in result.stdout.split()]


def gemm_rate(dtype: torch.dtype) -> float:
    """GFLOP/s of a product of 2048 x 2048 matrices."""
    a, b = (torch.randn(2048, 2048).to(dtype) for _ in range(2))
    best = min(seconds(lambda: a @ b) for _ in range(6))
    return 2 * 2048**3 / best / 1e9


def agree(seq_len: int, topk: int) -> bool:
    """Whether both sides compute the same: float32 outputs and gradients of one case."""
    qkv = inputs(seq_len, torch.float32)
    results = []
    for function in SIDES.values():
        out = function(*qkv, **LEVELS, topk=topk)
        results.append([out, *torch.autograd.grad(out.square().sum(), qkv)])
    return all(torch.dist(a, b) <= 1e-4 * a.norm() for a, b in zip(*results, strict=True))


def measure(seq_len: int, topk: int, dtype: str, repeats: int) -> dict[str, dict[str, float]]:
    """Every figure of one case, by side."""
    rows, element = rows_of(seq_len, topk), DTYPES[dtype]
    sides = {side: lambda q, k, v, f=f: f(q, k, v, **LEVELS, topk=topk) for side, f in SIDES.items()}
    figures = interleaved(sides, seq_len, element, repeats)
    attention = {
        "eager": lambda q, k, v: torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True),
        "ours": lambda q, k, v: lighthouse.attention(q, k, v, num_levels=1),
    }
    flops = 2 * rows * rows * HEAD_DIM * HEADS
    for side, part in interleaved(attention, rows, element, repeats).items():
        figure = figures[side]
        figure["share_forward"] = part["forward"] / figure["forward"]
        figure["share_both"] = part["both"] / figure["both"]
        figure["rate_forward"] = flops / part["forward"] / 1e9
        figure["rate_backward"] = 2.5 * flops / (part["both"] - part["forward"]) / 1e9
        figure["memory_forward"], figure["memory_both"] = memory(side, seq_len, topk, dtype)
    return figures


HEADERS = [
    "N", "K", "S", "dtype", "forward: eager, ours (ms)", "times", "with backward: eager, ours (ms)", "times",
    "attention's share of eager", "memory: eager, ours (MiB)", "attention: ours (GFLOP/s), forward, backward",
]  # fmt: skip


def line(case: tuple[int, int, str], figures: dict[str, dict[str, float]]) -> list[str]:
    seq_len, topk, dtype = case
    e, o = figures["eager"], figures["ours"]
    return [
        f"{seq_len:,}",
        f"{topk:,}",
        f"{rows_of(seq_len, topk):,}",
        dtype,
        f"{e['forward'] * 1e3:.0f}, {o['forward'] * 1e3:.0f}",
        f"{e['forward'] / o['forward']:.2f}",
        f"{e['both'] * 1e3:.0f}, {o['both'] * 1e3:.0f}",
        f"{e['both'] / o['both']:.2f}",
        f"{e['share_forward']:.0%}, {e['share_both']:.0%}",
        f"{e['memory_both'] / 2**20:.0f}, {o['memory_both'] / 2**20:.0f}",
        f"{o['rate_forward']:.0f}, {o['rate_backward']:.0f}",
    ]


def shortfalls(case: tuple[int, int, str], figures: dict[str, dict[str, float]]) -> list[str]:
    """What misses the bar: faster, 1.5 times where attention is under half of eager's time, and no more memory."""
    e, o, missed = figures["eager"], figures["ours"], []
    for kind in ("forward", "both"):
        ratio, least = e[kind] / o[kind], 1.5 if e[f"share_{kind}"] < 0.5 else 1.0
        if ratio < least:
            missed.append(f"{case} {kind}: {ratio:.2f} times eager's speed, expected {least}")
        if o[f"memory_{kind}"] > e[f"memory_{kind}"]:
            missed.append(f"{case} {kind}: {o[f'memory_{kind}']} bytes, eager has {e[f'memory_{kind}']}")
    return missed


def plot(results: dict[tuple, dict], path: pathlib.Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = [f"N={n:,}\nK={k:,}\n{d}" for n, k, d in results]
    figure, axes = pyplot.subplots(1, 2, figsize=(12, 4.5), sharey=True)
    for axis, kind, title in zip(axes, ("forward", "both"), ("forward", "forward and backward"), strict=True):
        axis.bar(names, [r["eager"][kind] / r["ours"][kind] for r in results.values()], color="#2a6f97")
        axis.axhline(1, color="black", linewidth=0.8)
        axis.set_title(f"Times faster than PyTorch eager, {title}")
        axis.tick_params(axis="x", labelsize=7)
    figure.tight_layout()
    figure.savefig(path, dpi=150)


def write_csv(results: dict[tuple, dict], path: pathlib.Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["seq_len", "topk", "dtype", "side", *FIELDS])
        for case, figures in results.items():
            for side, figure in figures.items():
                writer.writerow([*case, side, *(figure[field] for field in FIELDS)])


def report(results: dict[tuple, dict], rates: dict[str, float], markdown: bool, console: Console) -> bool:
    """Prints the table; returns whether no case misses the bar."""
    lines = [line(case, figures) for case, figures in results.items()]
    if markdown:
        for row in (HEADERS, ["---"] * len(HEADERS), *lines):
            print("| " + " | ".join(row) + " |")
    else:
        table = Table(*HEADERS, title=f"[1, {HEADS}, N, {HEAD_DIM}], num_levels=3, pooling_factor=4")
        for row in lines:
            table.add_row(*row)
        console.print(table)
    rates_text = ", ".join(f"{dtype} {rate:.0f} GFLOP/s" for dtype, rate in rates.items())
    console.print(f"GEMM 2048^3 in PyTorch: {rates_text}; {torch.get_num_threads()} threads")
    missed = list(itertools.chain.from_iterable(shortfalls(*item) for item in results.items()))
    console.print("\n".join(missed) if missed else "Every case is faster, 1.5 times where asked, in no more memory.")
    return not missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="N = 8,192 only, fewer repeats")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument(
        "--out", type=pathlib.Path, default=pathlib.Path("out/benchmarks"), help="folder of CSV and plot"
    )
    parser.add_argument("--memory-of", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.memory_of:
        side, seq_len, topk, dtype = options.memory_of
        measure_memory(side, int(seq_len), int(topk), dtype)
        return 0
    console = Console(stderr=options.markdown)
    cases = [(8192, 256, d) for d in DTYPES]
    if not options.quick:
        cases += [(32768, topk, d) for topk in (256, 1024) for d in DTYPES]
    if not agree(8192, 256):
        console.print("The two sides disagree.")
        return 1
    results = {}
    with Progress(console=console) as progress:
        task = progress.add_task("cases", total=len(cases))
        for case in cases:
            progress.update(task, description=f"N={case[0]:,} K={case[1]:,} {case[2]}")
            results[case] = measure(*case, repeats=3 if options.quick else 5)
            progress.advance(task)
    options.out.mkdir(parents=True, exist_ok=True)
    write_csv(results, options.out / "cpu.csv")
    plot(results, options.out / "cpu.png")
    good = report(results, {name: gemm_rate(dtype) for name, dtype in DTYPES.items()}, options.markdown, console)
    console.print(f"Figures and plot in {options.out}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
