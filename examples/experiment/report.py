#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes tables and plots of the experiment's runs.

    python examples/experiment/report.py [--model MODEL] [--runs FILE] [--out FOLDER]

Reads the lines that run.py left in FILE (out/experiment/MODEL/runs.jsonl); leaves README.md, losses.png, probe.png and
the figures themselves, experiment.jsonl, in FOLDER (docs/results, or docs/results/copying).
"""

import argparse
import json
import math
import os
import shutil
import statistics
import sys
import textwrap
from pathlib import Path
from typing import Any

from matplotlib import colormaps
from matplotlib.figure import Figure
from model import CopyingBlock
from needles import LENGTH, NAME, NEAREST, VALUE
from training import MODELS, QUICK_TRIALS

SMOOTH = 20  # steps that a plotted training loss is averaged over
Run = dict[str, Any]

OUT = {"llama": Path("docs/results"), "copying": Path("docs/results/copying")}
CHANCE = 1 / 26  # of a right letter
AT_CHANCE = 3 * CHANCE  # fewer right bytes are luck
LEARNED = 0.9  # right bytes of a run that copies

TITLES = {
    "llama": "# The experiment: dense training, and Lighthouse Attention then dense\n",
    "copying": "# The experiment with a model that copies\n",
}

SIZES = """{parameters:.1f} million parameters: {layers} layers of width {width}, {heads} heads of {head_dim}."""

WHAT = {
    "llama": f"A byte-level Llama of {SIZES}",
    "copying": f"""
A byte-level decoder of {SIZES} It is the Llama of [the experiment](../README.md) but for its attention layers, where
copying is built in: q, k and v go through a causal convolution of {{taps}} bytes, each channel by itself; rotary
positions turn only half of the channels of q and k; in the other half, which has no positions, a key is that of the
byte before; q and k begin with the same weights, those of their projections {{gain:g}} times the usual. So a head
begins by attending to what followed where the same bytes stood. All runs have it, dense or not. The reason: on this
budget a Llama stays at chance in the needle probe{{control}}, and then the probe tells nothing of the attention. Model
and needles were chosen in short trials by looking at that probe. It shows whether two stages keep the skill that dense
training has, not whether they learn it unaided.
""",
}

TEXT = """
Text: Python sources of eleven packages ([packages.txt]({packages})), {tokens:,} of their bytes a run, each read at most
once. A sequence is {seq_len:,} consecutive bytes of joined documents; a document is a folder of a package. Runs of one
seed start from the same weights and read the same sequences in the same order, at the same learning rates (linear
warm-up, constant, linear to zero from {decay_from:.0%} of the steps on). A run in two stages has Lighthouse Attention
for {dense_from:.0%} of the {steps} steps, but in layers {dense_layers}, then dense attention in all layers. Unless a
run's name says otherwise: {num_levels} levels, pooling factor {pooling_factor}, topk {topk:,}, scorer `{scorer}`.
{device}, PyTorch {torch}, {precision}, batch {batch}.
"""

NEEDLES = """
In each training sequence are {needles} needles: lines `#name=value` of random letters, {name} and {value}, that stand
twice in place of text, {needle_bytes:.0%} of the bytes in all. Their distances are log-uniform, from {nearest} bytes
on. They are the same for all runs of a seed. The text of the validation loss has none.
"""

MADE_BY = """Made by

    python examples/experiment/text.py
    python examples/experiment/run.py{model}{options}
    python examples/experiment/report.py{model}

This page and its plots are made from [experiment.jsonl](experiment.jsonl), which has every step's loss.
"""

NOTES = """
The loss is in nats a byte, under dense attention, over {val_windows} sequences of documents that are not trained on; ±
is the standard error of the difference over these sequences. Times are those of training steps alone. Compiling
(torch.compile and Lighthouse, forward and backward of both stages, validation) comes before the first step; a process
compiles each program once, so later runs have less of it. Most variants have one seed; how far seeds are apart shows
where a setting has two.
"""

CRITERION = """
Criterion: after the dense stage a mean final loss no higher than that of dense training on the same tokens, in less
time. Seeds: {seeds}. The mean is {mean:.4f} ({least:.4f} to {most:.4f}) against {dense_mean:.4f} ({dense_least:.4f} to
{dense_most:.4f}) dense, a difference of {difference:+.4f}, in {fastest:.2f} to {slowest:.2f} of the time. The criterion
is {held}.
"""

PROBE = """
After training, under dense attention: a random name and a random value of {letters} letters stand in the validation
text, and the sequence ends with both again. The figures are the share of the value's bytes that the model has right
where they come again, and their loss in nats ({first:.2f} where they stand first; ln 26 is 3.26), by distance in bytes;
{trials} trials each, the same for every run.
"""

ON_THE_WAY = """
While training, by the attention in force: the same share, the mean of the distances, after so many steps; {trials}
trials a distance.
"""

COPIED = """
At least {learned:.0%} of the bytes are right at every distance in {count} of the {runs} runs of this model; chance is
{chance:.0%}.
"""

NOT_COPIED = """
No run has learned to copy on this budget: {most:.0%} of the bytes are right at most, and chance is {chance:.0%}.
"""

CONTROL = ", with needles in its training text too (`{name}` below)"

WITH_NEEDLES = """
Needles in the training text, {needles} a sequence, do not change that: `{name}` of
[the experiment with a model that copies](copying/README.md) has {most:.0%} at most.
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


def is_plain(run: Run, kind: str) -> bool:
    """Whether it is "dense" or "lighthouse" with no setting of its own but the seed."""
    return all(word == kind or word.startswith("seed=") for word in run["name"].split())


def dense_of(run: Run, runs: list[Run]) -> Run | None:
    """The dense run of the same seed, with no setting of its own but that."""
    seed = run["settings"]["seed"]
    return next((other for other in runs if is_plain(other, "dense") and other["settings"]["seed"] == seed), None)


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
    pairs = [(run, dense_of(run, runs)) for run in runs if is_plain(run, "lighthouse")]
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


def probe_table(runs: list[Run]) -> str:
    distances = [f"{row['distance']:,}" for row in runs[0]["probe"]]
    lines = [[run["name"], *(f"{row['bytes']:.0%}, {row['second']:.2f}" for row in run["probe"])] for run in runs]
    return table(["run", *distances], lines)


def way_table(runs: list[Run]) -> str:
    """The probe while training."""
    steps = sorted({point["step"] for run in runs for point in run["evaluations"]})
    lines = []
    for run in runs:
        shares = {point["step"]: statistics.fmean(point["needles"]) for point in run["evaluations"]}
        lines.append([run["name"], *(f"{shares[step]:.0%}" if step in shares else "" for step in steps)])
    return table(["run", *(f"{step:,}" for step in steps)], lines)


def has_way(runs: list[Run]) -> bool:
    """Whether they were probed while training."""
    return all("needles" in point for run in runs for point in run["evaluations"])


def most_right(runs: list[Run]) -> float:
    return max(row["bytes"] for run in runs for row in run["probe"])


def llamas_with_needles(runs: list[Run]) -> list[Run]:
    """Those of them that stay at chance."""
    chosen = [run for run in runs if run["settings"]["model"] == "llama" and run["settings"]["needles"]]
    return [run for run in chosen if most_right([run]) < AT_CHANCE]


def copied(runs: list[Run], controls: list[Run]) -> str:
    """What the probe says of runs of one model. Controls had needles in the training text, and stayed at chance."""
    if most_right(runs) >= AT_CHANCE:
        count = sum(all(row["bytes"] >= LEARNED for row in run["probe"]) for run in runs)
        return paragraph(COPIED, count=count, runs=len(runs), learned=LEARNED, chance=CHANCE)
    made = NOT_COPIED.format(most=most_right(runs), chance=CHANCE)
    if controls:
        needles = controls[0]["settings"]["needles"]
        made += WITH_NEEDLES.format(name=controls[0]["name"], needles=needles, most=most_right(controls))
    return paragraph(made)


def facts_of(run: Run, out: Path) -> dict[str, Any]:
    """What the page's texts name."""
    settings = run["settings"]
    packages = Path(__file__).with_name("packages.txt")
    return {
        **settings,
        "parameters": run["parameters"] / 1e6,
        "head_dim": settings["width"] // settings["heads"],
        "taps": CopyingBlock.TAPS,
        "gain": CopyingBlock.GAIN,
        "packages": Path(os.path.relpath(packages, out)).as_posix(),
        "tokens": settings["steps"] * settings["batch"] * settings["seq_len"],
        "dense_layers": " and ".join(map(str, settings["dense_layers"])),
        **{name: run[name] for name in ("device", "torch", "precision")},
        "name": NAME,
        "value": VALUE,
        "nearest": NEAREST,
        "needle_bytes": 2 * LENGTH * settings["needles"] / settings["seq_len"],
    }


def page(model: str, runs: list[Run], controls: list[Run], out: Path, options: str) -> str:
    base = main_run(runs)
    facts = facts_of(base, out)
    control = CONTROL.format(name=controls[0]["name"]) if controls else ""
    parts = [
        TITLES[model],
        paragraph(WHAT[model], **facts, control=control),
        paragraph(TEXT, **facts),
        *([paragraph(NEEDLES, **facts)] if facts["needles"] else []),
        MADE_BY.format(model="" if model == "llama" else f" --model {model}", options=options),
        "## Losses and times\n",
        verdict(runs),
        losses_table(runs),
        paragraph(NOTES, **base["settings"]),
        "![Losses](losses.png)\n",
        "## Needle probe\n",
        copied([run for run in runs if run["settings"]["model"] == model], controls if model == "llama" else []),
        *probe_parts(runs),
        "![Probe](probe.png)\n",
    ]
    return "\n".join(parts)


def main_run(runs: list[Run]) -> Run:
    """Whose settings are the page's."""
    return next((run for run in runs if is_plain(run, "lighthouse")), runs[0])


def probe_parts(runs: list[Run]) -> list[str]:
    row = runs[0]["probe"][0]
    first = statistics.mean(row["first"] for run in runs for row in run["probe"])
    parts = [
        paragraph(PROBE, letters=row["letters"], trials=row["trials"], first=first),
        probe_table(runs),
    ]
    if has_way(runs):
        batch = runs[0]["settings"]["batch"]
        parts += [paragraph(ON_THE_WAY, trials=-(-QUICK_TRIALS // batch) * batch), way_table(runs)]
    return parts


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
    """The probe at the end, and while training if there was one."""
    figure = Figure(figsize=(12, 4.5), layout="constrained")
    panels = figure.subplots(1, 2 if has_way(runs) else 1, squeeze=False)[0]
    for axes in panels:
        axes.set_prop_cycle(color=colormaps["tab20"].colors)
    for run in runs:
        style = {"marker": ".", "linestyle": "--" if is_dense(run) else "-", "label": run["name"]}
        distances, shares = zip(*((row["distance"], row["bytes"]) for row in run["probe"]), strict=True)
        panels[0].plot(distances, shares, **style)
        if has_way(runs):
            points = run["evaluations"]
            panels[1].plot([p["step"] for p in points], [statistics.fmean(p["needles"]) for p in points], **style)
            panels[1].set(xlabel="step", ylabel="right bytes of the value, mean of the distances")
    panels[0].set(xlabel="distance (bytes)", ylabel="right bytes of the value", xscale="log")
    for axes in panels:
        axes.axhline(CHANCE, color="grey", linestyle=":", label="chance")
        axes.set_ylim(0, 1.02)
    panels[0].legend(fontsize=7)
    figure.savefig(path, dpi=120)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="llama", choices=MODELS, help="of the runs")
    parser.add_argument("--runs", type=Path, help="what run.py left; out/experiment/MODEL/runs.jsonl")
    parser.add_argument("--out", type=Path, help="folder of page, plots and figures; docs/results or a folder in it")
    parser.add_argument("--options", default="", help="options that run.py was given, for the page")
    options = parser.parse_args()
    source = options.runs or Path("out/experiment") / options.model / "runs.jsonl"
    out = options.out or OUT[options.model]
    if not source.is_file():
        raise SystemExit(f"error: expects {source}, but there is none; run.py makes it")
    runs = read(source)
    if (model := main_run(runs)["settings"]["model"]) != options.model:
        raise SystemExit(f"error: {source}: expects runs of {options.model}, but got {model}; see --model")
    out.mkdir(parents=True, exist_ok=True)
    kept = out / "experiment.jsonl"
    if source.resolve() != kept.resolve():
        shutil.copyfile(source, kept)
    draw_losses(runs, out / "losses.png")
    draw_probe(runs, out / "probe.png")
    copying = out / "copying/experiment.jsonl" if model == "llama" else kept
    controls = llamas_with_needles(read(copying) if copying.is_file() else [])
    (out / "README.md").write_text(page(model, runs, controls, out, f" {options.options}" if options.options else ""))
    print(verdict(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
