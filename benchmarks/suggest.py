# SPDX-License-Identifier: Apache-2.0
"""How far the times that `lighthouse suggest` computes are off those of an NVIDIA GPU.

    python benchmarks/suggest.py [--markdown] [--out FOLDER]

bfloat16, random data, CUDA graphs on cold caches, medians: cases of other levels, factors, head sizes, shared keys and
batches than the tuning database has times of. Leaves suggest.csv in FOLDER (out/benchmarks).
"""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

import lighthouse
import op
import shared
import torch
from lighthouse import _lighthouse, _suggest
from lighthouse._timing import milliseconds, random


class Case(NamedTuple):
    seq_len: int
    num_levels: int
    pooling_factor: int
    topk: int
    num_heads: int = 8
    num_kv_heads: int = 8
    head_dim: int = 128
    batch: int = 1

    def __str__(self) -> str:
        heads = f"{self.batch} x {self.num_heads}/{self.num_kv_heads} x {self.head_dim}"
        return f"N={self.seq_len:,} L={self.num_levels} p={self.pooling_factor} K={self.topk:,}, {heads}"


CASES = [
    Case(8_192, 3, 4, 256),
    Case(32_768, 3, 4, 1_024),
    Case(98_304, 2, 4, 3_584),
    Case(98_304, 3, 4, 1_536),
    Case(98_304, 5, 4, 256),
    Case(98_304, 5, 2, 1_536),
    Case(98_304, 3, 8, 768),
    Case(98_304, 2, 64, 384),
    Case(98_304, 1, 2, 128),
    Case(98_304, 3, 4, 1_536, num_kv_heads=2),
    Case(32_768, 3, 4, 1_024, num_heads=32, num_kv_heads=8),
    Case(32_768, 3, 4, 1_024, batch=4),
    Case(98_304, 3, 4, 1_536, num_heads=16, num_kv_heads=16, head_dim=64),
    Case(262_144, 4, 4, 2_048),
    Case(1_048_576, 4, 4, 4_096),
]


def measured(case: Case) -> list[float]:
    """Milliseconds of forward, and of forward and backward."""
    rows = (case.seq_len, case.head_dim)
    q, k, v, dout = (
        random(case.batch, heads, *rows)
        for heads in (case.num_heads, case.num_kv_heads, case.num_kv_heads, case.num_heads)
    )
    leaves = [x.requires_grad_() for x in (q, k, v)]
    settings = {"num_levels": case.num_levels, "pooling_factor": case.pooling_factor, "topk": case.topk}

    def forward() -> torch.Tensor:
        return lighthouse.attention(*leaves, **settings)

    calls = [op.graph_of(forward), op.graph_of(lambda: torch.autograd.grad(forward(), leaves, dout))]
    return milliseconds(calls, dout.device, op.ROUNDS)


def compare(case: Case, rates: _suggest.Rates) -> list[shared.Row]:
    found = _suggest._suggestion(_lighthouse.Spec(**case._asdict(), dtype="bfloat16"), 4, rates)
    computed = (found.forward_ms, found.ms)
    times = zip(op.WAYS, measured(case), computed, strict=True)
    return [{**case._asdict(), "way": way, "ms": ms, "computed_ms": least} for way, ms, least in times]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--out", type=Path, default=Path("out/benchmarks"), help="folder of the CSV file")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        sys.exit("expects an NVIDIA GPU, but torch sees none")
    rows, lines = [], []
    for case in CASES:
        rates = _suggest.Rates(torch.cuda.get_device_name(), "bfloat16", case.head_dim)
        both = compare(case, rates)
        torch.cuda.empty_cache()
        rows += both
        for row in both:
            off = f"{row['computed_ms'] / row['ms'] - 1:+.0%}"
            lines.append([str(case), row["way"], f"{row['ms']:.3f}", f"{row['computed_ms']:.3f}", off])
    header = ["", "", "measured ms", "computed ms", "off"]
    shared.print_table(header, lines, options.markdown, torch.cuda.get_device_name())
    shared.write_csv(options.out / "suggest.csv", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
