# SPDX-License-Identifier: Apache-2.0
"""``lighthouse suggest``: the table and the plot of ``lighthouse.suggest``."""

import argparse
import csv
import importlib.util
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lighthouse import _plots
from lighthouse._arguments import DTYPES
from lighthouse._suggest import Suggestion, Suggestions, suggest


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="lighthouse suggest",
        description="Settings worth trying for a length: levels, factor and topk that no others beat in both time and "
        "coverage, the share of the tokens before it that a query attends one by one and to some purpose. Needs no "
        "GPU: times are computed, from kernels measured on the model of GPU.",
    )
    parser.add_argument("--seq-len", type=int, required=True, metavar="N", help="tokens")
    parser.add_argument("--head-dim", type=int, required=True, metavar="D", help="64 and 128 were measured")
    parser.add_argument("--batch", type=int, default=1, metavar="B", help="batch entries (1)")
    parser.add_argument("--num-heads", "--heads", type=int, required=True, metavar="Hq", help="query heads")
    parser.add_argument("--num-kv-heads", "--kv-heads", type=int, metavar="Hkv", help="key heads (as many)")
    parser.add_argument("--dtype", choices=DTYPES, default="bfloat16", help="element type of q, k and v (bfloat16)")
    parser.add_argument("--budget", type=float, metavar="MS", help="ms that forward and backward may take")
    parser.add_argument("--gpu", metavar="NAME", help="model of GPU, or a part of its name: H100 (this machine's)")
    parser.add_argument("--run", type=int, default=4, metavar="n", help="neighbouring tokens that matter together (4)")
    parser.add_argument("--format", choices=["table", "csv", "json"], default="table", help="of the output (table)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw it into a .png, .svg or .pdf file")
    return parser


def _print(form: str, found: Suggestions) -> None:
    if form == "table":
        print(found)
    elif form == "json":
        best = found.best and found.best._asdict()
        front = [each._asdict() for each in found.front]
        print(json.dumps({"what": found.title, "basis": found.basis, "best": best, "front": front}, indent=2))
    else:
        writer = csv.writer(sys.stdout)
        writer.writerow(Suggestion._fields)
        writer.writerows(found.front)


def _run(options: argparse.Namespace) -> None:
    if options.plot:
        _plots.check_file("plot", options.plot)
        if not importlib.util.find_spec("matplotlib"):
            raise ValueError("plot: expects the package matplotlib, but it is not installed; pip install matplotlib")
    found = suggest(
        options.seq_len,
        options.head_dim,
        options.num_heads,
        budget=options.budget,
        gpu=options.gpu,
        run=options.run,
        num_kv_heads=options.num_kv_heads,
        batch=options.batch,
        dtype=options.dtype,
    )
    _print(options.format, found)
    if options.plot:
        found.plot(options.plot)


def main(arguments: Sequence[str]) -> int:
    """Runs the command; returns its exit status."""
    options = _parser().parse_args(arguments)
    try:
        _run(options)
    except ValueError as error:
        print(f"lighthouse: error: {error}", file=sys.stderr)
        return 2
    except (RuntimeError, OSError) as error:
        print(f"lighthouse: error: {error}", file=sys.stderr)
        return 1
    return 0
