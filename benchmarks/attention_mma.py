# SPDX-License-Identifier: Apache-2.0
"""Attention by mma.sync, as GPUs other than Hopper have it, against PyTorch's FlashAttention and cuDNN.

    python benchmarks/attention_mma.py [--markdown] [--out FOLDER] [--from CSV]

As attention.py, with ours compiled for sm_80 (LIGHTHOUSE_CUDA_ARCH). Leaves attention_mma.csv and attention_mma.png in
FOLDER (out/benchmarks). Exits with 1 where ours in heads of 128 is slower than its bar times FlashAttention's speed.
"""

import os
import sys

import attention
import shared
from attention import Case

ARCH = "sm_80"
BARS = {"forward": 0.95, "backward": 0.80}  # of heads of 128
CASES = [Case(8, 18_432, 128), Case(8, 32_768, 128), Case(8, 16_384, 64)]


def measure(case: Case) -> list[shared.Row]:
    os.environ["LIGHTHOUSE_CUDA_ARCH"] = ARCH
    return attention.measure(case)


def report(rows: list[shared.Row]) -> shared.Report:
    by_key = {(Case(r["heads"], r["rows"], r["head_dim"]), r["way"], r["side"]): r for r in rows}
    lines, missed, names, speeds = [], [], [], []
    for case, way in dict.fromkeys((case, way) for case, way, _ in by_key):
        of = {side: by_key[case, way, side] for side in attention.SIDES}
        speed, bar = of["FLASH"]["ms"] / of["ours"]["ms"], BARS[way] if case.head_dim == 128 else None
        cells = [f"{r['ms']:.2f}, {r['tflops']:.0f}, {r['error']:.2g}" for r in of.values()]
        lines.append([f"{case} {way}", *cells, f"{speed:.2f}" + (f" (bar {bar:.2f})" if bar else "")])
        names.append(f"{case} {way}")
        speeds.append(speed)
        if bar and not speed >= bar:
            missed.append(f"{case} {way}: {speed:.2f} times FlashAttention's speed, expected {bar:.2f}")

    def draw(figure) -> None:
        axes = figure.subplots()
        axes.barh(names, speeds)
        axes.axvline(1.0, color="black", linewidth=0.8)
        axes.invert_yaxis()
        axes.set_xlabel("times FlashAttention's speed")

    headers = ["", *(f"{side}: ms, TFLOP/s, error" for side in attention.SIDES), "times FLASH's speed"]
    return shared.Report(headers, lines, missed, draw)


if __name__ == "__main__":
    sys.exit(shared.main("attention_mma", __doc__, CASES, measure, report))
