# SPDX-License-Identifier: Apache-2.0
"""Attention alone on an NVIDIA GPU: ours, PyTorch's cuDNN and FlashAttention, and the rate of a matrix product.

    python benchmarks/attention.py [--markdown] [--out FOLDER] [--from CSV]

bfloat16, causal, random data, forward and backward, all sides of a case taking turns on cold caches; medians. The rate
is over the FLOPs that the mask leaves, the share of the rate of 8192 x 8192 matrices in the same turns. Errors are of
one head against float64, by norm: of the output, and the largest of the three gradients. Leaves attention.csv and
attention.png in FOLDER (out/benchmarks). Exits with 1 where ours is slower than its bar times cuDNN's speed, or less
accurate than cuDNN.
"""

import sys
from typing import NamedTuple

import shared
import torch
from lighthouse._timing import limit_calls, milliseconds, random
from torch import Tensor

SIDES = ["ours", *shared.PEERS]
BARS = {(128, "forward"): 1.10, (128, "backward"): 1.05, (64, "forward"): 1.05, (64, "backward"): 1.0}
# Both round the same sums in other orders: what is less than this apart is equal.
EQUAL_ERRORS = 1.02
ROUNDS = 15
CHUNK = 1024


class Case(NamedTuple):
    heads: int
    rows: int
    head_dim: int

    def __str__(self) -> str:
        return f"H={self.heads} S={self.rows:,} D={self.head_dim}"


SHAPES = [(8, 16_384), (8, 18_432), (8, 32_768), (32, 16_384)]  # heads, rows
CASES = [Case(*shape, head_dim) for head_dim in (128, 64) for shape in SHAPES]


def reference(q: Tensor, k: Tensor, v: Tensor, dout: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """out, dq, dk, dv of one head [S, D], in the dtype of the arguments, CHUNK queries at a time."""
    scale = q.shape[1] ** -0.5
    out, dq, dk, dv = (torch.zeros_like(x) for x in (q, q, k, v))
    numbers = torch.arange(len(q), device=q.device)
    for begin in range(0, len(q), CHUNK):
        rows, keys = slice(begin, begin + CHUNK), slice(0, begin + CHUNK)
        scores = (q[rows] @ k[keys].T).mul_(scale)
        p = scores.masked_fill_(numbers[keys] > numbers[rows, None], -torch.inf).softmax(-1)
        out[rows] = p @ v[keys]
        dv[keys] += p.T @ dout[rows]
        dp = dout[rows] @ v[keys].T
        ds = dp.sub_((p * dp).sum(-1, keepdim=True)).mul_(p).mul_(scale)
        dq[rows] = ds @ k[keys]
        dk[keys] += ds.T @ q[rows]
    return out, dq, dk, dv


def errors(results: tuple[Tensor, ...], expected: tuple[Tensor, ...]) -> list[float]:
    """By norm, of the first head."""
    return [
        (torch.dist(result[0, 0].double(), want) / want.norm()).item()
        for result, want in zip(results, expected, strict=True)
    ]


def measure(case: Case) -> list[shared.Row]:
    q, k, v, dout = (random(1, *case).requires_grad_() for _ in range(4))
    limit = limit_calls(q.device, q.dtype)
    with torch.no_grad():
        expected = reference(*(x[0, 0].double() for x in (q, k, v, dout)))
    calls, accuracy = [limit.copy, limit.matmul], {}
    for side in SIDES:
        out = shared.causal_attention(side, q, k, v)
        grads = torch.autograd.grad(out, (q, k, v), dout, retain_graph=True)
        forward, *backward = errors((out.detach(), *grads), expected)
        accuracy[side] = {"forward": forward, "backward": max(backward)}
        calls.append(lambda side=side: shared.causal_attention(side, q, k, v))
        calls.append(lambda out=out: torch.autograd.grad(out, (q, k, v), dout, retain_graph=True))
    copy_ms, matmul_ms, *times = milliseconds(calls, q.device, ROUNDS)
    limits, rows, taken = limit.limits(copy_ms, matmul_ms), [], iter(times)
    for side in SIDES:
        for way, products in (("forward", 2), ("backward", 5)):
            ms = next(taken)
            rate = shared.causal_flops(q, products) / ms * 1e3
            figures = {"ms": ms, "tflops": rate / 1e12, "share": rate / limits.matmul, "error": accuracy[side][way]}
            rows.append({**case._asdict(), "side": side, "way": way, **figures})
    return rows


def report(rows: list[shared.Row]) -> shared.Report:
    by_key = {(Case(r["heads"], r["rows"], r["head_dim"]), r["way"], r["side"]): r for r in rows}
    cases = list(dict.fromkeys((case, way) for case, way, _ in by_key))
    headers = ["", *(f"{side}: ms, TFLOP/s, share, error" for side in SIDES), "times cuDNN's speed", "MHz"]
    lines, missed, speeds = [], [], {}
    for case, way in cases:
        of = {side: by_key[case, way, side] for side in SIDES}
        ours, cudnn = of["ours"], of["cuDNN"]
        speed, bar = cudnn["ms"] / ours["ms"], BARS[case.head_dim, way]
        speeds[case, way] = speed
        cells = [f"{r['ms']:.2f}, {r['tflops']:.0f}, {r['share']:.0%}, {r['error']:.2g}" for r in of.values()]
        lines.append([f"{case} {way}", *cells, f"{speed:.2f} (bar {bar:.2f})", str(ours["clock_mhz"])])
        if not speed >= bar:
            missed.append(f"{case} {way}: {speed:.2f} times cuDNN's speed, expected {bar:.2f}")
        if not ours["error"] <= EQUAL_ERRORS * cudnn["error"]:
            missed.append(f"{case} {way}: an error of {ours['error']:.2g}, cuDNN has {cudnn['error']:.2g}")

    def draw(figure) -> None:
        panels = figure.subplots(1, 2, sharey=True)
        for axes, way in zip(panels, ("forward", "backward"), strict=True):
            names = [case for case, each in cases if each == way]
            for offset, side in enumerate(SIDES):
                places = [place + (offset - 1) * 0.27 for place in range(len(names))]
                axes.bar(places, [by_key[case, way, side]["tflops"] for case in names], width=0.25, label=side)
            axes.set_xticks(range(len(names)), [str(case).replace(" ", "\n") for case in names], fontsize=7)
            axes.set_title(f"Causal attention, {way}, TFLOP/s")
        panels[0].legend(loc="lower left")

    return shared.Report(headers, lines, missed, draw)


if __name__ == "__main__":
    sys.exit(shared.main("attention", __doc__, CASES, measure, report))
