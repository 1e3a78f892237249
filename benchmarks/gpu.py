# SPDX-License-Identifier: Apache-2.0
"""The op on an NVIDIA GPU: each kernel against the machine's limits.

    python benchmarks/gpu.py [--markdown] [--out FOLDER]

bfloat16, 8 heads of 128, random data; each case as `lighthouse bench` times it, after the op as PyTorch calls it with
the memory that takes. Leaves gpu.csv in FOLDER (out/benchmarks). Attention alone is in attention.py, the whole op by
CUDA graphs in op.py.
"""

import argparse
import sys
from pathlib import Path

import op
import shared
import torch
from lighthouse import _bench
from lighthouse._program import program
from lighthouse._timing import milliseconds
from rich.console import Console

ROUNDS = 15


def bench_op(case: op.Case) -> list[shared.Row]:
    """The whole op, then each of its kernels."""
    calls = op.calls_of(case)
    calls.both()
    extra = op.extra_memory(calls.both)
    times = milliseconds([calls.forward, calls.both], calls.dout.device, ROUNDS)
    del calls
    device = torch.device("cuda", torch.cuda.current_device())
    heads = (1, op.HEADS, op.HEADS)
    sizes = (*heads, case.tokens, op.HEAD_DIM, case.levels, op.FACTOR, case.topk)
    limits, results = _bench.bench(program("attention", str(device), "bfloat16", *sizes), device, ROUNDS)
    rows = []
    for way, ms in zip(op.WAYS, times, strict=True):
        bound = op.least(case.rows, case.tokens, way, limits)
        note = f"{ms / bound:.2f} x the limit" + (f", {extra:.3f} GiB beyond the inputs" if way == "both" else "")
        name = "forward" if way == "forward" else "forward and backward"
        rows.append({"what": f"{case} {name}", "ms": ms, "share": bound / ms, "of": "limit", "note": note})
    for each in results:
        if each.name in ("forward", "backward"):
            continue
        note = f"{each.moved_bytes / 1e6:,.0f} MB, {each.flops / 1e9:,.0f} GFLOP"
        rows.append({"what": f"  {each.name}", "ms": each.ms, "share": each.share, "of": each.of, "note": note})
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="folder of the CSV file")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("expects an NVIDIA GPU, but torch sees none")
    console, rows = Console(stderr=True), []
    for case in op.BARRED:
        console.print(case)
        rows += bench_op(case)
        torch.cuda.empty_cache()
    lines = [[r["what"], f"{r['ms']:.3f}", f"{r['share']:.0%} of {r['of']}", r["note"]] for r in rows]
    shared.print_table(["", "ms", "share", ""], lines, options.markdown, torch.cuda.get_device_name())
    shared.write_csv(options.out / "gpu.csv", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
