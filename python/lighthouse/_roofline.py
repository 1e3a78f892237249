# SPDX-License-Identifier: Apache-2.0
"""The roofline plot of ``lighthouse bench``: what kernels reach, under what the machine can."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib import colormaps
from matplotlib.figure import Figure

from lighthouse._bench import Measured
from lighthouse._timing import Limits


def roofline(kernels: Sequence[Measured], limits: Limits, title: str, file: Path) -> None:
    """Draws kernels by FLOP a byte (across) and FLOP/s (up), logarithmic, into a PNG, SVG or PDF file.

    A kernel that only moves data stands at the left edge, as high above or below the roof as its bytes a second are.
    """
    counted = [kernel.flops / kernel.moved_bytes for kernel in kernels if kernel.flops]
    ridge = limits.matmul / limits.copy
    left, right = min([0.1, *counted]) / 4, max([ridge, *counted]) * 4
    figure = Figure(figsize=(10, 6), layout="constrained")
    axes = figure.subplots()
    roof = f"copy {limits.copy / 1e9:,.0f} GB/s, matmul {limits.matmul / 1e12:.3g} TFLOP/s"
    axes.plot([left, ridge, right], [left * limits.copy, limits.matmul, limits.matmul], color="black", label=roof)
    for number, kernel in enumerate(kernels):
        intensity = kernel.flops / kernel.moved_bytes if kernel.flops else left
        reached = intensity * kernel.moved_bytes / kernel.ms * 1e3
        axes.plot(
            intensity,
            reached,
            "o" if kernel.flops else "<",
            color=colormaps["tab20"](number % 20),
            clip_on=False,
            label=f"{kernel.name}: {kernel.share:.0%}",
        )
    axes.set(xscale="log", yscale="log", xlim=(left, right), xlabel="FLOP a byte", ylabel="FLOP/s", title=title)
    axes.grid(alpha=0.3)
    figure.legend(loc="outside right upper", fontsize="small")
    figure.savefig(file)
