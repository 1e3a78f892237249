# SPDX-License-Identifier: Apache-2.0
"""The plot of ``lighthouse.suggest``: coverage over time."""

import os

from matplotlib import colormaps
from matplotlib.figure import Figure

from lighthouse import _plots
from lighthouse._suggest import Suggestions


def front_plot(found: Suggestions, file: str | os.PathLike[str] | None) -> Figure:
    """Coverage (up) over milliseconds of forward and backward (across), both logarithmic."""
    if file is not None:
        _plots.check_file("file", file)
    figure = Figure(figsize=(9, 5.5), layout="constrained")
    axes = figure.subplots()
    axes.plot([each.ms for each in found.front], [each.coverage for each in found.front], color="lightgray", zorder=1)
    kinds = sorted({each[:2] for each in found.front if each.num_levels > 1})
    for number, (levels, factor) in enumerate(kinds):
        of_kind = [each for each in found.front if each[:2] == (levels, factor)]
        axes.plot(
            [each.ms for each in of_kind],
            [each.coverage for each in of_kind],
            "o",
            color=colormaps["tab20"](number % 20),
            label=f"{levels} levels of {factor}, K = {of_kind[0].topk:,} to {of_kind[-1].topk:,}",
        )
    axes.plot(found.front[-1].ms, 1.0, "s", color="black", label="plain causal attention")
    if found.best is not None:
        label = "the most within the budget"
        axes.plot(found.best.ms, found.best.coverage, "o", ms=14, mfc="none", color="black", label=label)
    axes.set(xscale="log", yscale="log", xlabel="ms of forward and backward, computed", ylabel="coverage")
    axes.set_title(found.title, fontsize="medium")
    axes.grid(alpha=0.3, which="both")
    axes.legend(fontsize="small")
    if file is not None:
        figure.savefig(file)
    return figure
