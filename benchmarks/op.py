# SPDX-License-Identifier: Apache-2.0
"""The whole op on an NVIDIA GPU over the machine's limit, and against dense attention by cuDNN.

    python benchmarks/op.py [--markdown] [--out FOLDER] [--from CSV]

bfloat16, 8 heads of 128, factor 4, random data, CUDA graphs of forward and of both directions, on cold caches; medians.
The limit is the time of causal attention's FLOPs over the sub-sequence at the rate of 8192 x 8192 matrices, and that of
the bytes of q, k, v, out (and their gradients) at the rate of a copy, both measured in the same turns. Dense attention
is timed where it takes less than 5 s, fewer times the longer it takes. Leaves op.csv and op.png in FOLDER
(out/benchmarks). Exits with 1 where a bar is missed.
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

import lighthouse
import shared
import torch
from lighthouse import _lighthouse
from lighthouse._timing import Limits, limit_calls, milliseconds, random
from torch import Tensor

HEADS, HEAD_DIM, FACTOR = 8, 128, 4
ROUNDS = 15
MOST_DENSE = 5_000.0  # ms of dense attention that are waited for
DENSE_SHARE = 0.75  # of the matmul rate, about; to know before how long it takes
BAR = 1.35  # times the limit
SPEEDUP_BAR, SPEEDUP_AT = 80, 524_288  # times dense's speed, at so many tokens
MEMORY_BAR, MEMORY_AT = 1.0, 98_304  # GiB beyond the inputs, at so many tokens
WAYS = ("forward", "both")


class Case(NamedTuple):
    tokens: int
    levels: int
    topk: int

    def __str__(self) -> str:
        return f"N={self.tokens:,} L={self.levels} K={self.topk:,}"

    @property
    def rows(self) -> int:
        """Of the sub-sequence."""
        return _lighthouse.Spec(
            seq_len=self.tokens, head_dim=HEAD_DIM, num_levels=self.levels, pooling_factor=FACTOR, topk=self.topk
        ).subsequence_length()


BARRED = [Case(98_304, 3, 1_536), Case(131_072, 3, 2_048), Case(262_144, 3, 2_048), Case(524_288, 4, 4_096)]
MILLION = Case(1_048_576, 4, 4_096)  # has to run
CASES = [*BARRED, MILLION]


def least(rows: int, tokens: int, way: str, limits: Limits) -> float:
    """Milliseconds that nothing can do without."""
    forward = way == "forward"
    product = 2 * rows**2 * HEADS * HEAD_DIM  # two products of rows with rows, half of each masked out
    moved = (4 if forward else 8) * 2 * tokens * HEADS * HEAD_DIM
    return ((1 if forward else 3.5) * product / limits.matmul + moved / limits.copy) * 1e3


class Calls(NamedTuple):
    """The op on random tensors, as PyTorch calls it."""

    leaves: tuple[Tensor, ...]  # q, k, v
    dout: Tensor
    forward: Callable[[], Tensor]
    both: Callable[[], object]


def calls_of(case: Case) -> Calls:
    *leaves, dout = (random(1, HEADS, case.tokens, HEAD_DIM) for _ in range(4))
    leaves = tuple(x.requires_grad_() for x in leaves)
    settings = {"num_levels": case.levels, "pooling_factor": FACTOR, "topk": case.topk}

    def forward() -> Tensor:
        return lighthouse.attention(*leaves, **settings)

    return Calls(leaves, dout, forward, lambda: torch.autograd.grad(forward(), leaves, dout))


def extra_memory(call: Callable[[], object]) -> float:
    """GiB that a call needs beyond what is allocated; it has been called before."""
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    call()
    return (torch.cuda.max_memory_allocated() - before) / 2**30


def graph_of(call: Callable[[], object]) -> Callable[[], None]:
    """The call as a CUDA graph."""
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(2):
            call()
    torch.cuda.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        call()
    return graph.replay


def time_dense(leaves: tuple[Tensor, ...], dout: Tensor, expected: float) -> list[float]:
    """Forward, and both directions; once each where both are expected to take a second."""

    def forward() -> Tensor:
        return shared.causal_attention("cuDNN", *leaves)

    def both() -> None:
        torch.autograd.grad(forward(), leaves, dout)

    return milliseconds([forward, both], dout.device, rounds=1 if expected > 1_000 else 5, warm_ups=1)


def measure(case: Case) -> list[shared.Row]:
    leaves, dout, forward, both = calls_of(case)
    both()
    extra = extra_memory(both)
    limit = limit_calls(dout.device, dout.dtype)
    calls = [limit.copy, limit.matmul, graph_of(forward), graph_of(both)]
    copy_ms, matmul_ms, *times = milliseconds(calls, dout.device, ROUNDS)
    limits = limit.limits(copy_ms, matmul_ms)
    del calls
    torch.cuda.empty_cache()
    dense = [float("nan")] * 2
    expected = least(case.tokens, case.tokens, "both", limits) / DENSE_SHARE
    if expected < MOST_DENSE:
        dense = time_dense(leaves, dout, expected)
    return [
        {
            **case._asdict(),
            "way": way,
            "ms": ms,
            "limit_ms": least(case.rows, case.tokens, way, limits),
            "dense_ms": dense_ms,
            "extra_gib": extra,
        }
        for way, ms, dense_ms in zip(WAYS, times, dense, strict=True)
    ]


def shortfalls(case: Case, way: str, row: shared.Row) -> list[str]:
    missed = []
    ratio, speedup = row["ms"] / row["limit_ms"], row["dense_ms"] / row["ms"]
    if case in BARRED and not ratio <= BAR:
        missed.append(f"{case} {way}: {ratio:.2f} times the limit, expected at most {BAR}")
    if case.tokens == SPEEDUP_AT and not speedup >= SPEEDUP_BAR:
        missed.append(f"{case} {way}: {speedup:.0f} times as fast as dense attention, expected {SPEEDUP_BAR}")
    if case.tokens == MEMORY_AT and way == "both" and not row["extra_gib"] < MEMORY_BAR:
        missed.append(f"{case}: {row['extra_gib']:.3f} GiB beyond the inputs, expected less than {MEMORY_BAR}")
    return missed


def report(rows: list[shared.Row]) -> shared.Report:
    by_key = {(Case(r["tokens"], r["levels"], r["topk"]), r["way"]): r for r in rows}
    headers = ["", "ms", "limit (ms)", "times the limit", "dense, cuDNN (ms)", "times as fast", "extra GiB", "MHz"]
    lines, missed = [], []
    for (case, way), row in by_key.items():
        has_dense = row["dense_ms"] == row["dense_ms"]
        lines.append(
            [
                f"{case} {'forward' if way == 'forward' else 'forward and backward'}",
                f"{row['ms']:.2f}",
                f"{row['limit_ms']:.2f}",
                f"{row['ms'] / row['limit_ms']:.2f}",
                f"{row['dense_ms']:.0f}" if has_dense else "",
                f"{row['dense_ms'] / row['ms']:.1f}" if has_dense else "",
                f"{row['extra_gib']:.3f}" if way == "both" else "",
                str(row["clock_mhz"]),
            ]
        )
        missed += shortfalls(case, way, row)
    missed += [f"{case}: has to run, but has no figures" for case in CASES if (case, "both") not in by_key]

    def draw(figure) -> None:
        panels = figure.subplots(1, 2)
        titles = ("Over the machine's limit", "Times as fast as dense attention (cuDNN)")
        names = list(dict.fromkeys(case for case, _ in by_key))
        for axes, title in zip(panels, titles, strict=True):
            for offset, way in enumerate(WAYS):
                places = [place + (offset - 0.5) * 0.4 for place in range(len(names))]
                chosen = [by_key[case, way] for case in names]
                over = [row["ms"] / row["limit_ms"] for row in chosen]
                faster = [row["dense_ms"] / row["ms"] for row in chosen]
                axes.bar(places, over if axes is panels[0] else faster, width=0.38, label=way)
            axes.set_xticks(range(len(names)), [str(case).replace(" ", "\n") for case in names], fontsize=7)
            axes.set_xlim(-0.6, len(names) - 0.4)
            axes.set_title(title)
        panels[0].axhline(BAR, color="black", linewidth=0.8)
        panels[0].legend(loc="lower left")

    return shared.Report(headers, lines, missed, draw)


if __name__ == "__main__":
    sys.exit(shared.main("op", __doc__, CASES, measure, report))
