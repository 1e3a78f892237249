# SPDX-License-Identifier: Apache-2.0
"""``lighthouse bench``: each kernel of a spec against the machine's limits, measured in the same run."""

import argparse
import csv
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from lighthouse import _arguments, _plots, _torch_run
from lighthouse._program import Function, Program, program
from lighthouse._timing import WARM_UPS, Limits, limit_calls, milliseconds

ROUNDS = {"cuda": 15, "cpu": 5}


class Measured(NamedTuple):
    """A kernel, or a whole direction, and what it took."""

    name: str
    ms: float  # median
    moved_bytes: int  # each tensor that it reads or writes once
    flops: float
    share: float  # of the machine's limit
    of: str  # which limit: "copy" or "matmul", or "limits" where kernels differ in that


def measured(name: str, ms: float, costs: Sequence[tuple[int, float]], limits: Limits) -> Measured:
    """What kernels took together; ``costs`` are bytes and FLOPs of each."""
    least = sum(limits.milliseconds(*cost) for cost in costs)
    moved_bytes, flops = (sum(column) for column in zip(*costs, strict=True))
    bounds = {"copy" if cost[0] / limits.copy >= cost[1] / limits.matmul else "matmul" for cost in costs}
    of = bounds.pop() if len(bounds) == 1 else "limits"
    return Measured(name, ms, moved_bytes, flops, least / ms, of)


def bench(
    compiled: Program, device: torch.device, rounds: int, advance: Callable[[], object] | None = None
) -> tuple[Limits, list[Measured]]:
    """Times every kernel of both directions on fresh random data, and copy and matmul beside them.

    Returns the limits, and the measurements: each kernel in the order of its launch, after the direction as a whole.
    """
    forward, backward = compiled.forward, compiled.backward
    tensors: dict[str, Tensor] = {}
    for argument in (*forward.inputs, backward.inputs[0]):  # q, k, v, dout
        tensors[argument.name] = torch.empty(argument.shape, dtype=_torch_run.DTYPES[argument.dtype], device=device)
    random = list(tensors.values())
    limit = limit_calls(device, random[0].dtype)
    calls = [limit.copy, limit.matmul]
    for function in (forward, backward):
        tensors |= _torch_run.allocate(function, {}, device)
        calls += _calls(function, tensors, device)

    def refresh() -> None:
        for tensor in random:
            tensor.normal_()

    copy_ms, matmul_ms, *times = milliseconds(calls, device, rounds, refresh, advance)
    limits = limit.limits(copy_ms, matmul_ms)
    results = []
    for function in (forward, backward):
        costs = [(launch.moved_bytes, launch.flops) for launch in function.launches]
        whole, *each = times[: len(costs) + 1]
        del times[: len(costs) + 1]
        results.append(measured(function.direction, whole, costs, limits))
        for launch, ms, cost in zip(function.launches, each, costs, strict=True):
            results.append(measured(launch.kernel, ms, [cost], limits))
    return limits, results


def _calls(function: Function, tensors: dict[str, Tensor], device: torch.device) -> list[Callable[[], None]]:
    """The function as a whole, then each of its launches, which read what those before have left in memory."""
    ordered = [tensors[argument.name] for argument in (*function.inputs, *function.outputs)]
    pointers, strides = [x.data_ptr() for x in ordered], [x.stride() for x in ordered]
    workspace = torch.empty(function.workspace_bytes, dtype=torch.uint8, device=device)

    def call(first: int, end: int) -> Callable[[], None]:
        def run() -> None:
            on_gpu = device.type == "cuda"
            threads = 0 if on_gpu else torch.get_num_threads()
            stream = torch.cuda.current_stream(device).cuda_stream if on_gpu else 0
            function.op.run(function.direction, pointers, strides, workspace.data_ptr(), threads, stream, first, end)

        return run

    return [call(0, -1), *(call(launch, launch + 1) for launch in range(len(function.launches)))]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lighthouse bench",
        description="Times each kernel of a spec, and a copy and a matrix product beside them, on cold caches and "
        "fresh random data. Share: the time that its bytes or FLOPs need at the machine's limit, over the kernel's.",
    )
    parser.add_argument("--seq-len", type=int, required=True, metavar="N", help="tokens")
    parser.add_argument("--head-dim", type=int, required=True, metavar="D", help="a multiple of 8, at most 256")
    parser.add_argument("--batch", type=int, default=1, metavar="B", help="batch entries (1)")
    parser.add_argument("--num-heads", "--heads", type=int, default=1, metavar="Hq", help="query heads (1)")
    parser.add_argument("--num-kv-heads", "--kv-heads", type=int, metavar="Hkv", help="key heads (as many)")
    parser.add_argument("--num-levels", "--levels", type=int, default=1, metavar="L", help="levels of the pyramid (1)")
    parser.add_argument("--pooling-factor", type=int, default=2, metavar="p", help="windows in one of the next (2)")
    parser.add_argument("--topk", type=int, default=128, metavar="K", help="entries kept a level (128)")
    parser.add_argument("--scorer", default="norm", help="norm (default), dilated, gla, or scores: sum(q*q), sum(k*k)")
    parser.add_argument("--dilation", type=int, default=4, metavar="r", help="residue classes of dilated and gla (4)")
    parser.add_argument("--scale", type=float, default=0.0, metavar="x", help="softmax scale (1/sqrt(D))")
    dtypes = [name for name in _torch_run.DTYPES if name != "int32"]
    parser.add_argument("--dtype", choices=dtypes, default="float32", help="element type of q, k and v (float32)")
    parser.add_argument("--device", help="cpu, cuda:0, ... (the first GPU, or the CPU without)")
    parser.add_argument("--rounds", type=int, help="timed rounds, of which the median is taken (15, on the CPU 5)")
    parser.add_argument("--format", choices=["table", "csv", "json"], default="table", help="of the output (table)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw a roofline into a .png, .svg or .pdf file")
    return parser


def _check(options: argparse.Namespace) -> None:
    """Refuses, before anything is measured, what would fail afterwards."""
    if options.rounds < 1:
        raise ValueError(f"rounds: expects at least 1, but got {options.rounds}")
    needed = ["rich", "matplotlib"] if options.plot else ["rich"]
    missing = [package for package in needed if not importlib.util.find_spec(package)]
    if missing:
        raise ValueError(f"expects the package {missing[0]}, but it is not installed; pip install {' '.join(missing)}")
    if options.plot:
        _plots.check_file("plot", options.plot)


def _device(name: str | None) -> torch.device:
    name = name or ("cuda:0" if torch.cuda.is_available() else "cpu")
    if not re.fullmatch(r"cpu|cuda(:\d+)?", name):
        raise ValueError(f"device: expects cpu, or cuda:0, cuda:1, ..., but got '{name}'")
    device = torch.device(name)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ValueError(f"device: expects cpu, as torch sees no GPU, but got '{name}'")
    if device.type == "cuda":
        device = torch.device("cuda", device.index or 0)
        torch.cuda.set_device(device)
    return device


def _compile(options: argparse.Namespace, device: torch.device) -> Program:
    kv_heads = options.num_heads if options.num_kv_heads is None else options.num_kv_heads
    heads = (options.batch, options.num_heads, kv_heads)
    levels = (options.num_levels, options.pooling_factor, options.topk)
    sizes = (*heads, options.seq_len, options.head_dim, *levels)
    names = ("batch", "num_heads", "num_kv_heads", "seq_len", "head_dim", "num_levels", "pooling_factor", "topk")
    for name, size in zip((*names, "dilation"), (*sizes, options.dilation), strict=True):
        _arguments.integer(name, size)
    _arguments.plain_text("scorer", options.scorer)
    scoring = (options.scorer, options.scale, options.dilation)
    return program("attention", str(device), options.dtype, *sizes, *scoring)


def _print_table(title: str, limits: Limits, results: Sequence[Measured]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=f"{title}: copy {limits.copy / 1e9:,.0f} GB/s, matmul {limits.matmul / 1e12:.3g} TFLOP/s",
        title_justify="left",
    )
    table.add_column("")
    for header in ("ms", "MB", "GFLOP", "GB/s", "TFLOP/s", "share"):
        table.add_column(header, justify="right")
    for each in results:
        name = each.name if each.name in ("forward", "backward") else "  " + each.name
        rates = each.moved_bytes / each.ms / 1e6, each.flops / each.ms / 1e9
        table.add_row(
            name,
            f"{each.ms:.3f}",
            f"{each.moved_bytes / 1e6:,.1f}",
            f"{each.flops / 1e9:,.1f}",
            f"{rates[0]:,.0f}",
            f"{rates[1]:.3g}",
            f"{each.share:.0%} of {each.of}",
        )
    Console(width=None if sys.stdout.isatty() else 140).print(table)


def _print(form: str, title: str, limits: Limits, results: Sequence[Measured]) -> None:
    if form == "table":
        _print_table(title, limits, results)
    elif form == "json":
        kernels = [each._asdict() for each in results]
        print(json.dumps({"what": title, "limits": limits._asdict(), "results": kernels}, indent=2))
    else:
        writer = csv.writer(sys.stdout)
        writer.writerow(Measured._fields)
        writer.writerows(results)


def _run(options: argparse.Namespace) -> None:
    device = _device(options.device)
    if options.rounds is None:
        options.rounds = ROUNDS[device.type]
    _check(options)
    from rich.console import Console
    from rich.progress import Progress

    machine = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("compiling", total=options.rounds + WARM_UPS)
        compiled = _compile(options, device)
        progress.update(task, description="measuring")
        limits, results = bench(compiled, device, options.rounds, lambda: progress.advance(task))
    spec = compiled.forward.op.spec
    title = f"{machine}, {spec.dtype}, N={spec.seq_len:,}, D={spec.head_dim}, heads={spec.num_heads}"
    if spec.num_levels > 1:
        title += f", L={spec.num_levels}, p={spec.pooling_factor}, K={spec.topk:,}"
    _print(options.format, title, limits, results)
    if options.plot:
        from lighthouse._roofline import roofline

        kernels = [each for each in results if each.name not in ("forward", "backward")]
        roofline(kernels, limits, title, options.plot)


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except ValueError as error:
        print(f"lighthouse: error: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, OSError, ModuleNotFoundError) as error:
        print(f"lighthouse: error: {error}", file=sys.stderr)
        return 1
    return 0
