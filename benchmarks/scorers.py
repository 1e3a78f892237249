# SPDX-License-Identifier: Apache-2.0
"""What scoring costs on an NVIDIA GPU, against the least that its own products could take.

    python benchmarks/scorers.py [--markdown] [--out FOLDER] [--from CSV]

bfloat16, 8 heads of 128, factor 4, random data, CUDA graphs on cold caches; medians. Scoring is the op's forward pass
with a scorer less that with norms, whose scores come along with pooling. Beside it is what the scorer computes at
another library's speed: for "dilated" the two attentions in the residue classes by cuDNN, on tokens that lie in their
classes already; for "gla" a copy that moves as many bytes as q, k, v and the log gates have. Leaves scorers.csv and
scorers.png in FOLDER (out/benchmarks). Exits with 1 where a bar is missed.
"""

import sys
from collections.abc import Callable
from typing import NamedTuple

import lighthouse
import shared
import torch
from lighthouse._timing import milliseconds, random
from op import FACTOR, HEAD_DIM, HEADS, extra_memory, graph_of
from torch import Tensor

DILATION = 4
ROUNDS = 15


def dilated_peer(q: Tensor, k: Tensor, v: Tensor) -> Callable[[], object]:
    """Causal attention of (q, k, v) and of (k, q, v) in each residue class."""
    qd, kd, vd = (x.unflatten(2, (-1, DILATION)).permute(0, 3, 1, 2, 4).flatten(0, 1).contiguous() for x in (q, k, v))

    def both() -> None:
        shared.causal_attention("cuDNN", qd, kd, vd)
        shared.causal_attention("cuDNN", kd, qd, vd)

    return both


def gla_peer(q: Tensor, k: Tensor, v: Tensor) -> Callable[[], object]:
    """A copy that reads and writes together as many bytes as q, k, v and log gates of float32 have."""
    moved = sum(x.nbytes for x in (q, k, v)) + 4 * q.shape[:3].numel()
    source = torch.zeros(moved // 2, dtype=torch.uint8, device=q.device)
    target = torch.empty_like(source)
    return lambda: target.copy_(source)


class Scorer(NamedTuple):
    """``peer`` makes the call to compare with, ``bar`` is how many times its time scoring may take."""

    peer: Callable[[Tensor, Tensor, Tensor], Callable[[], object]]
    peer_name: str
    bar: float
    options: dict[str, object]  # of lighthouse.attention
    gates: float = 0.0  # size of the log gates; 0: there are none


SCORERS = {
    "dilated": Scorer(dilated_peer, "attention by cuDNN", 1.6, {"dilation": DILATION}),
    "gla": Scorer(gla_peer, "a copy", 3.0, {"dilation": DILATION}, gates=0.05),
}


class Case(NamedTuple):
    scorer: str
    tokens: int
    levels: int
    topk: int

    def __str__(self) -> str:
        return f"{self.scorer} N={self.tokens:,}"


CASES = [Case(scorer, 98_304, 3, 1_536) for scorer in SCORERS]


def measure(case: Case) -> list[shared.Row]:
    scorer = SCORERS[case.scorer]
    q, k, v = (random(1, HEADS, case.tokens, HEAD_DIM) for _ in range(3))
    levels = {"num_levels": case.levels, "pooling_factor": FACTOR, "topk": case.topk}
    options = dict(scorer.options)
    if scorer.gates:
        options["g"] = -scorer.gates * random(*q.shape[:3], dtype=torch.float32).abs()

    def by_norms() -> Tensor:
        return lighthouse.attention(q, k, v, **levels)

    def scored() -> Tensor:
        return lighthouse.attention(q, k, v, **levels, scorer=case.scorer, **options)

    scored()
    extra = extra_memory(scored)
    calls = [graph_of(by_norms), graph_of(scored), scorer.peer(q, k, v)]
    norm_ms, op_ms, peer_ms = milliseconds(calls, q.device, ROUNDS)
    return [{**case._asdict(), "norm_ms": norm_ms, "op_ms": op_ms, "peer_ms": peer_ms, "extra_gib": extra}]


def report(rows: list[shared.Row]) -> shared.Report:
    headers = [
        "",
        "op, norms (ms)",
        "op (ms)",
        "scoring (ms)",
        "its products elsewhere (ms)",
        "ratio",
        "extra GiB",
        "MHz",
    ]
    lines, missed, ratios = [], [], {}
    for row in rows:
        case = Case(*(row[field] for field in Case._fields))
        scorer, scoring = SCORERS[case.scorer], row["op_ms"] - row["norm_ms"]
        ratio = ratios[str(case)] = scoring / row["peer_ms"]
        times = [f"{ms:.2f}" for ms in (row["norm_ms"], row["op_ms"], scoring)]
        peer = f"{row['peer_ms']:.2f} ({scorer.peer_name})"
        verdict = f"{ratio:.2f} (bar {scorer.bar:.2f})"
        lines.append([str(case), *times, peer, verdict, f"{row['extra_gib']:.3f}", str(row["clock_mhz"])])
        if not ratio <= scorer.bar:
            missed.append(f"{case}: {ratio:.2f} times the time of {scorer.peer_name}, expected at most {scorer.bar}")

    def draw(figure) -> None:
        axes = figure.subplots()
        axes.bar(list(ratios), list(ratios.values()), width=0.4)
        for place, row in enumerate(rows):
            axes.hlines(SCORERS[row["scorer"]].bar, place - 0.3, place + 0.3, color="black", linewidth=0.8)
        axes.set_title("Scoring over its products at another library's speed")

    return shared.Report(headers, lines, missed, draw)


if __name__ == "__main__":
    sys.exit(shared.main("scorers", __doc__, CASES, measure, report))
