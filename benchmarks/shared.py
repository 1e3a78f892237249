# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks on GPUs share: PyTorch's attention beside ours, clocks, and the way from rows to a report."""

import argparse
import csv
import importlib.util
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import lighthouse
import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.nn.functional import scaled_dot_product_attention

PEERS = {"FLASH": SDPBackend.FLASH_ATTENTION, "cuDNN": SDPBackend.CUDNN_ATTENTION}
Row = dict[str, Any]  # a line of a CSV file


def causal_attention(side: str, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Plain causal attention by ours or one of PEERS."""
    if side == "ours":
        return lighthouse.attention(q, k, v, num_levels=1)
    with sdpa_kernel([PEERS[side]]):
        return scaled_dot_product_attention(q, k, v, is_causal=True)


def causal_flops(q: Tensor, products: int) -> float:
    """Of so many products of rows with rows, half of each masked out. Forward has 2, backward 5."""
    return products * q.shape[2] ** 2 * (q.numel() / q.shape[2])


class Clocks:
    """The multiprocessors' clock rate while a block runs, by nvidia-smi ten times a second; 0 where it is missing."""

    def __enter__(self) -> "Clocks":
        self.samples: list[int] = []
        gpu = f"GPU-{torch.cuda.get_device_properties(torch.cuda.current_device()).uuid}"
        command = ["nvidia-smi", "-i", gpu, "--query-gpu=clocks.sm", "--format=csv,noheader,nounits", "-lms", "100"]
        try:
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        except FileNotFoundError:
            self.process = None
            return self
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        return self

    def _read(self) -> None:
        for line in self.process.stdout:
            if line.strip().isdigit():
                self.samples.append(int(line))

    def __exit__(self, *_: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.reader.join()

    @property
    def mhz(self) -> int:
        """The median."""
        return sorted(self.samples)[len(self.samples) // 2] if self.samples else 0


class Report(NamedTuple):
    """What is made of a benchmark's rows."""

    headers: Sequence[str]
    lines: Sequence[Sequence[str]]
    missed: Sequence[str]  # bars that are not reached
    draw: Callable[[Any], None]  # into a matplotlib figure


def print_table(headers: Sequence[str], lines: Sequence[Sequence[str]], markdown: bool, title: str | None) -> None:
    if markdown:
        for row in (headers, ["---"] * len(headers), *lines):
            print("| " + " | ".join(row) + " |")
        return
    table = Table(*headers, title=title)
    for row in lines:
        table.add_row(*row)
    Console(width=None if sys.stdout.isatty() else 160).print(table)


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def read_csv(path: Path) -> list[Row]:
    """Numbers come back as numbers."""
    if not path.is_file():
        sys.exit(f"--from: expects the CSV file of an earlier run, but there is no {path}")

    def value(text: str) -> Any:
        try:
            return int(text)
        except ValueError:
            pass
        try:
            return float(text)
        except ValueError:
            return text

    with path.open(newline="") as file:
        return [{key: value(text) for key, text in row.items()} for row in csv.DictReader(file)]


def plot(path: Path, draw: Callable[[Any], None], console: Console) -> None:
    """Where matplotlib is missing, says how to draw it elsewhere."""
    if not importlib.util.find_spec("matplotlib"):
        console.print(f"No plot: matplotlib is not installed. Elsewhere, --from {path.with_suffix('.csv')} draws it.")
        return
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4.5), layout="constrained")
    draw(figure)
    figure.savefig(path, dpi=150)


def main(
    name: str,
    doc: str,
    cases: Sequence[Any],
    measure: Callable[[Any], list[Row]],
    report: Callable[[list[Row]], Report],
    arguments: Sequence[str] | None = None,
    parents: Sequence[argparse.ArgumentParser] = (),
) -> int:
    """Measures the cases, or reads them; prints the table; leaves NAME.csv and NAME.png. 1 where a bar is missed.

    ``parents``: parsers of further options, for the help.
    """
    parser = argparse.ArgumentParser(description=doc.splitlines()[0], parents=parents)
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="folder of the CSV file and the plot")
    parser.add_argument("--from", type=Path, dest="source", metavar="CSV", help="report on an earlier run's figures")
    options = parser.parse_args(arguments)
    console = Console(stderr=True)
    if options.source:
        rows = read_csv(options.source)
    elif torch.cuda.is_available():
        rows = _measure_all(cases, measure, console)
    else:
        sys.exit("expects an NVIDIA GPU, but torch sees none; --from reads an earlier run's figures")
    write_csv(options.out / f"{name}.csv", rows)
    made = report(rows)
    print_table(made.headers, made.lines, options.markdown, rows[0]["gpu"])
    plot(options.out / f"{name}.png", made.draw, console)
    console.print("\n".join(made.missed) if made.missed else "Every bar is reached.", highlight=False, soft_wrap=True)
    return 1 if made.missed else 0


def _measure_all(cases: Sequence[Any], measure: Callable[[Any], list[Row]], console: Console) -> list[Row]:
    rows: list[Row] = []
    gpu = torch.cuda.get_device_name()
    with Progress(console=console) as progress:
        task = progress.add_task("", total=len(cases))
        for case in cases:
            progress.update(task, description=str(case))
            with Clocks() as clocks:
                measured = measure(case)
            rows += [{"gpu": gpu, **row, "clock_mhz": clocks.mhz} for row in measured]
            progress.advance(task)
            torch.cuda.empty_cache()
    return rows
