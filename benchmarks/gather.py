# SPDX-License-Identifier: Apache-2.0
"""Two ways to the selected rows for attention on sm_90a: copied by a kernel before it, or fetched by attention itself.

    python benchmarks/gather.py [--markdown] [--out FOLDER]

The specs of op.py and forward alone, as CUDA graphs that take turns on cold caches; medians. Both ways have the same
results, those that backward reads among them, and attention's parameters of the tuning database; `blocks of 128` is
without these. `attend`: the kernels that differ, by themselves. Leaves gather.csv in FOLDER (out/benchmarks).
"""

import argparse
import sys
from functools import partial
from pathlib import Path

import op
import shared
import torch
from lighthouse import _bench, _lighthouse
from lighthouse._program import Program
from lighthouse._timing import milliseconds, random
from lighthouse._torch_run import run
from rich.console import Console

ROUNDS = 25
COPIED, FETCHED = {"gather": 1}, {"gather": 2}
PLAIN = {"block_columns": 128}
WAYS = {
    "copied": COPIED,
    "fetched": FETCHED,
    "copied, blocks of 128": COPIED | PLAIN,
    "fetched, blocks of 128": FETCHED | PLAIN,
}


def programs_of(case: op.Case, device: torch.device) -> list[Program]:
    spec = _lighthouse.Spec(
        dtype="bfloat16",
        num_heads=op.HEADS,
        num_kv_heads=op.HEADS,
        seq_len=case.tokens,
        head_dim=op.HEAD_DIM,
        num_levels=case.levels,
        pooling_factor=op.FACTOR,
        topk=case.topk,
    )
    return [Program(spec, str(device), schedules={"forward_attend": way}) for way in WAYS.values()]


def kernels_ms(program: Program, device: torch.device) -> float:
    """Milliseconds of gather and attention."""
    _, results = _bench.bench(program, device, ROUNDS)
    return sum(each.ms for each in results if each.name in ("forward_gather", "forward_attend"))


def measure(case: op.Case) -> list[shared.Row]:
    device = torch.device("cuda", torch.cuda.current_device())
    programs = programs_of(case, device)
    inputs = [random(1, op.HEADS, case.tokens, op.HEAD_DIM) for _ in range(3)]
    layouts = {"out": inputs[0].stride()}
    results = [run(program.forward, inputs, layouts) for program in programs]
    for first, second in ((0, 1), (2, 3)):
        different = [name for name, x in results[first].items() if not torch.equal(x, results[second][name])]
        assert not different, f"expects equal results of both ways, but these differ: {different}"
    del results
    calls = [partial(run, program.forward, inputs, layouts) for program in programs]
    times = milliseconds([op.graph_of(call) for call in calls], device, ROUNDS)
    torch.cuda.empty_cache()
    rows = []
    for way, program, ms in zip(WAYS, programs, times, strict=True):
        rows.append({**case._asdict(), "way": way, "forward_ms": ms, "attend_ms": kernels_ms(program, device)})
        torch.cuda.empty_cache()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="folder of the CSV file")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("expects an NVIDIA GPU, but torch sees none")
    if (capability := torch.cuda.get_device_capability()) != (9, 0):
        sys.exit(f"expects a GPU of compute capability 9.0, but got {'.'.join(map(str, capability))}")
    console, rows = Console(stderr=True), []
    for case in op.BARRED:
        console.print(case)
        rows += measure(case)
    lines = [
        [
            str(op.Case(row["tokens"], row["levels"], row["topk"])),
            row["way"],
            f"{row['forward_ms']:.3f}",
            f"{row['forward_ms'] / rows[index - index % len(WAYS)]['forward_ms']:.3f}",
            f"{row['attend_ms']:.3f}",
        ]
        for index, row in enumerate(rows)
    ]
    headers = ["", "rows", "forward (ms)", "of the first", "gather and attention (ms)"]
    shared.print_table(headers, lines, options.markdown, torch.cuda.get_device_name())
    shared.write_csv(options.out / "gather.csv", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
