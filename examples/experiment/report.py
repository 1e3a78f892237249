#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tables and plots of the experiment's runs.

    python examples/experiment/report.py [--runs FILE] [--out FOLDER]

Reads the lines that run.py left in FILE (out/experiment/runs.jsonl); leaves README.md, losses.png, probe.png and the
figures themselves, experiment.jsonl, in FOLDER (docs/results).
"""

import argparse
import json
import math
import shutil
import statistics
import sys
import textwrap
from pathlib import Path
from typing import Any

from matplotlib import colormaps
from matplotlib.figure import Figure
from needles import LENGTH, NAME, NEAREST, VALUE
from training import QUICK_TRIALS

SMOOTH = 20  # steps that a plotted training loss is averaged over
Run = dict[str, Any]

TITLE = "# The experiment: dense training, and Lighthouse Attention then dense\n"

HEAD = """
A byte-level Llama of {parameters:.1f} million parameters: {layers} layers of width {width}, {heads} heads of
{head_dim}. What eases copying and local attention is the same in all runs: q, k and v go through a causal convolution
of {taps} bytes, each channel by itself; rotary positions turn half of q and k, in the other half a key is that of the
byte before; q and k begin with the same weights, {qk_gain:g} times the usual. Text: Python sources of eleven packages
([packages.txt](../../examples/experiment/packages.txt)), {tokens:,} of their bytes a run, each read at most once. A
sequence is {seq_len:,} consecutive bytes of joined documents; a document is a folder of a package. In each are
{needles} needles: lines `#name=value` of random letters that stand twice in place of text, {needle_bytes:.0%} of the
bytes in all. Runs of one seed start from the same weights and read the same sequences with the same needles in the
same order, at the same learning rates (linear warm-up, constant, linear to zero from {decay_from:.0%} of the steps
on). A run in two stages has Lighthouse Attention for {dense_from:.0%} of the {steps} steps, but in layers
{dense_layers}, then dense attention in all layers. Unless a run's name says otherwise: {num_levels} levels, pooling
factor {pooling_factor}, topk {topk:,}, scorer `{scorer}`. {device}, PyTorch {torch}, {precision}, batch {batch}.
"""

MADE_BY = """Made by

    python examples/experiment/text.py
    python examples/experiment/run.py{options}
    python examples/experiment/report.py

This page and its plots are made from [experiment.jsonl](experiment.jsonl), which has every step's loss.
"""

NOTES = """
The loss is in nats a byte, under dense attention, over {val_windows} sequences of documents that are not trained on,
without needles; ± is the standard error of the difference over these sequences. Times are those of training steps
alone. Compiling (torch.compile and Lighthouse, forward and backward of both stages, validation) comes before the
first step; a process compiles each program once, so later runs have less of it. Most variants have one seed; how far
seeds are apart shows where a setting has two.
"""

CRITERION = """
Criterion: after the dense stage a mean final loss no higher than that of dense training on the same tokens, in less
time. Seeds: {seeds}. The mean is {mean:.4f} ({least:.4f} to {most:.4f}) against {dense_mean:.4f} ({dense_least:.4f} to
{dense_most:.4f}) dense, a difference of {difference:+.4f}, in {fastest:.2f} to {slowest:.2f} of the time. The criterion
is {held}.
"""

PROBE = """
After training, under dense attention. A sequence of validation text has {needles} needles as those of training, and
one more that ends it: the model reads a name of {name} letters and has to tell the {value} letters that stood after
it before. The figures are the share of the value's bytes that it has right, and their loss in nats ({first:.2f} where
they stand first; ln 26 is 3.26), by distance in bytes; {trials} trials each, the same for every run. Names, values
and distances are random: none of the probe's needles was trained on. Training had {trained:,} needles, at log-uniform
distances from {nearest} bytes on. The plot's right half is of {quick_trials} trials a distance, by the attention in
force.
"""


def paragraph(text: str, **values: Any) -> str:
    return textwrap.fill(" ".join(text.format(**values).split()), 120, break_on_hyphens=False) + "\n"


def read(path: Path) -> list[Run]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def final(run: Run) -> float:
    """Validation loss at the end."""
    return run["evaluations"][-1]["loss"]


def seconds(run: Run) -> float:
    """Of training steps, without compiling and validation."""
    return sum(run["seconds"].values())


def is_dense(run: Run) -> bool:
    return run["settings"]["dense_from"] == 0


def dense_of(run: Run, runs: list[Run]) -> Run | None:
    """The dense run of the same seed."""
    seed = run["settings"]["seed"]
    return next((other for other in runs if is_dense(other) and other["settings"]["seed"] == seed), None)


def difference(run: Run, dense: Run) -> tuple[float, float]:
    """Of the losses at the end, and its standard error over the sequences of the validation text."""
    pairs = zip(run["evaluations"][-1]["losses"], dense["evaluations"][-1]["losses"], strict=True)
    gaps = [ours - theirs for ours, theirs in pairs]
    return statistics.mean(gaps), statistics.stdev(gaps) / math.sqrt(len(gaps)) if len(gaps) > 1 else math.nan


def speed(run: Run, stage: str) -> str:
    """Tokens a second of a stage."""
    if not run["steps"][stage]:
        return ""
    tokens = run["steps"][stage] * run["settings"]["batch"] * run["settings"]["seq_len"]
    return f"{tokens / run['seconds'][stage]:,.0f}"


def table(headers: list[str], lines: list[list[str]]) -> str:
    rows = [headers, ["---"] * len(headers), *lines]
    return "".join("| " + " | ".join(row) + " |\n" for row in rows)


def losses_table(runs: list[Run]) -> str:
    headers = ["run", "validation loss", "more than dense, same seed", "training (s)", "of dense's time"]
    headers += ["tokens/s, Lighthouse", "tokens/s, dense", "compiling (s)"]
    lines = []
    for run in runs:
        dense = dense_of(run, runs)
        compared = ["", ""]
        if dense and dense is not run:
            mean, error = difference(run, dense)
            compared = [f"{mean:+.4f} ± {error:.4f}", f"{seconds(run) / seconds(dense):.2f}"]
        speeds = [speed(run, "lighthouse"), speed(run, "dense")]
        lines.append(
            [
                run["name"],
                f"{final(run):.4f}",
                compared[0],
                f"{seconds(run):.1f}",
                compared[1],
                *speeds,
                f"{run['compile_seconds']:.1f}",
            ]
        )
    return table(headers, lines)


def verdict(runs: list[Run]) -> str:
    """The criterion on runs that differ in the seed only."""
    pairs = [(run, dense_of(run, runs)) for run in runs if is_main(run)]
    pairs = [(run, dense) for run, dense in pairs if dense]
    if not pairs:
        return "No seed has both a dense run and one in two stages yet.\n"
    ours, dense = ([final(pair[side]) for pair in pairs] for side in (0, 1))
    times = [seconds(run) / seconds(dense) for run, dense in pairs]
    mean, dense_mean = statistics.mean(ours), statistics.mean(dense)
    return paragraph(
        CRITERION,
        seeds=", ".join(str(run["settings"]["seed"]) for run, _ in pairs),
        mean=mean,
        least=min(ours),
        most=max(ours),
        dense_mean=dense_mean,
        dense_least=min(dense),
        dense_most=max(dense),
        difference=mean - dense_mean,
        fastest=min(times),
        slowest=max(times),
        held="met" if mean <= dense_mean and max(times) < 1 else "not met",
    )


def is_main(run: Run) -> bool:
    """Whether it is in two stages and has no setting of its own but the seed."""
    return all(word == "lighthouse" or word.startswith("seed=") for word in run["name"].split())


def probe_table(runs: list[Run]) -> str:
    distances = [f"{row['distance']:,}" for row in runs[0]["probe"]]
    lines = [[run["name"], *(f"{row['bytes']:.0%}, {row['second']:.2f}" for row in run["probe"])] for run in runs]
    return table(["run", *distances], lines)


def quick_trials(batch: int) -> int:
    """In whole batches."""
    return -(-QUICK_TRIALS // batch) * batch


def page(runs: list[Run], options: str) -> str:
    base = next((run for run in runs if is_main(run)), runs[0])
    settings = base["settings"]
    facts = {
        **settings,
        "parameters": base["parameters"] / 1e6,
        "head_dim": settings["width"] // settings["heads"],
        "tokens": settings["steps"] * settings["batch"] * settings["seq_len"],
        "dense_layers": " and ".join(map(str, settings["dense_layers"])),
        **{name: base[name] for name in ("device", "torch", "precision")},
        "needle_bytes": 2 * LENGTH * settings["needles"] / settings["seq_len"],
        "trained": settings["steps"] * settings["batch"] * settings["needles"],
        "name": NAME,
        "value": VALUE,
        "nearest": NEAREST,
        "quick_trials": quick_trials(settings["batch"]),
        "trials": runs[0]["probe"][0]["trials"],
        "first": statistics.mean(row["first"] for run in runs for row in run["probe"]),
    }
    parts = [
        TITLE,
        paragraph(HEAD, **facts),
        MADE_BY.format(options=options),
        "## Losses and times\n",
        verdict(runs),
        losses_table(runs),
        paragraph(NOTES, **settings),
        "![Losses](losses.png)\n",
        "## Needle probe\n",
        paragraph(PROBE, **facts),
        probe_table(runs),
        "![Probe](probe.png)\n",
    ]
    return "\n".join(parts)


def smoothed(losses: list[float]) -> list[float]:
    return [statistics.fmean(losses[max(0, end - SMOOTH) : end]) for end in range(1, len(losses) + 1)]


def draw_losses(runs: list[Run], path: Path) -> None:
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        axes.set_prop_cycle(color=colormaps["tab20"].colors)
    for run in runs:
        style = {"linewidth": 1, "linestyle": "--" if is_dense(run) else "-", "label": run["name"]}
        curve = smoothed(run["losses"])
        skip = min(SMOOTH, len(curve) // 4)
        left.plot(range(skip + 1, len(curve) + 1), curve[skip:], **style)
        points = run["evaluations"]
        right.plot([p["seconds"] for p in points], [p["loss"] for p in points], marker=".", **style)
    left.set(xlabel="step", ylabel=f"training loss (nats a byte), mean of {SMOOTH} steps")
    right.set(xlabel="seconds of training", ylabel="validation loss, attention in force")
    for axes in (left, right):
        low, high = axes.get_ylim()
        axes.set_ylim(low, min(high, 2 * max(map(final, runs))))
    left.legend(fontsize=7)
    figure.savefig(path, dpi=120)


def draw_probe(runs: list[Run], path: Path) -> None:
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    left, right = figure.subplots(1, 2)
    for axes in (left, right):
        axes.set_prop_cycle(color=colormaps["tab20"].colors)
    for run in runs:
        style = {"marker": ".", "linestyle": "--" if is_dense(run) else "-", "label": run["name"]}
        distances, shares = zip(*((row["distance"], row["bytes"]) for row in run["probe"]), strict=True)
        left.plot(distances, shares, **style)
        points = run["evaluations"]
        right.plot([p["step"] for p in points], [statistics.fmean(p["needles"]) for p in points], **style)
    left.set(xlabel="distance (bytes)", ylabel="right bytes of the value", xscale="log")
    right.set(xlabel="step", ylabel="right bytes of the value, mean of the distances")
    for axes in (left, right):
        axes.axhline(1 / 26, color="grey", linestyle=":", label="chance")
        axes.set_ylim(0, 1.02)
    left.legend(fontsize=7)
    figure.savefig(path, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=Path, default=Path("out/experiment/runs.jsonl"), help="what run.py left")
    parser.add_argument("--out", type=Path, default=Path("docs/results"), help="folder of page, plots and figures")
    parser.add_argument("--options", default="", help="options that run.py was given, for the page")
    options = parser.parse_args()
    if not options.runs.is_file():
        raise SystemExit(f"error: expects {options.runs}, but there is none; run.py makes it")
    runs = read(options.runs)
    options.out.mkdir(parents=True, exist_ok=True)
    kept = options.out / "experiment.jsonl"
    if options.runs.resolve() != kept.resolve():
        shutil.copyfile(options.runs, kept)
    draw_losses(runs, options.out / "losses.png")
    draw_probe(runs, options.out / "probe.png")
    (options.out / "README.md").write_text(page(runs, f" {options.options}" if options.options else ""))
    print(verdict(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
