#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a byte-level decoder of 29 million parameters, dense and with Lighthouse Attention, and probes it.

    python examples/experiment/run.py [--model MODEL] [--run NAME]... [--set FIELD=VALUE]... [--minutes M]
                                      [--estimate N [N ...]]

A run's name is "dense" or "lighthouse", then settings that differ: "lighthouse topk=512 seed=1". Without --run all of
the model's PLANS are trained, one after the other, those that are finished left out. Each leaves a line in runs.jsonl
of --out. With --minutes it stops in time, in the middle of a run too, and the same command goes on. --estimate trains
nothing: it times steps at sequence lengths. report.py makes tables and plots.
"""

import argparse
import dataclasses
import json
import math
import platform
import sys
import time
from pathlib import Path
from typing import Any

import torch
from training import MODELS, Settings, Text, Training

BOTH = ("dense", "lighthouse", "dense seed=1", "lighthouse seed=1")
PLANS = {
    "llama": (
        *BOTH,
        "lighthouse topk=512",
        "lighthouse topk=2048",
        "lighthouse num_levels=2",
        "lighthouse pooling_factor=2",
        "lighthouse scorer=dilated",
        "lighthouse dense_from=0.7",
        "lighthouse dense_from=0.7 seed=1",
    ),
    "copying": (
        *BOTH,
        "lighthouse dense_from=0.85",
        "lighthouse dense_from=0.85 seed=1",
        "dense model=llama",
    ),
}
TRIALS = 32  # of the probe, for each distance
TIMED = 5  # steps of an estimate


def with_value(settings: Settings, assignment: str) -> Settings:
    """With a field set, as in "topk=512"."""
    name, _, value = assignment.partition("=")
    fields = {field.name for field in dataclasses.fields(Settings)}
    if name not in fields or not value:
        raise SystemExit(f"error: expects FIELD=VALUE with a field of {sorted(fields)}, but got {assignment!r}")
    kind = type(getattr(settings, name))
    try:
        made = tuple(int(each) for each in value.split(",")) if kind is tuple else kind(value)
    except ValueError:
        raise SystemExit(f"error: {name}: expects {kind.__name__}, but got {value!r}") from None
    return dataclasses.replace(settings, **{name: made})


def settings_of(name: str, base: Settings) -> Settings:
    """Of a run by its name."""
    kind, *assignments = name.split()
    if kind not in ("dense", "lighthouse"):
        raise SystemExit(f"error: a run's name: expects 'dense' or 'lighthouse' first, but got {name!r}")
    settings = dataclasses.replace(base, dense_from=0.0) if kind == "dense" else base
    for assignment in assignments:
        settings = with_value(settings, assignment)
    return settings


def finished(path: Path) -> dict[str, dict[str, Any]]:
    """Results by name."""
    lines = path.read_text().splitlines() if path.is_file() else []
    return {row["name"]: row for row in map(json.loads, lines)}


def plain(settings: Settings) -> dict[str, Any]:
    """As they come back from JSON."""
    return json.loads(json.dumps(dataclasses.asdict(settings)))


def machine(device: str) -> dict[str, str]:
    name = torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()
    precision = "bfloat16 by autocast" if device == "cuda" else "float32"
    return {"device": name, "torch": torch.__version__, "precision": precision}


def set_up_cuda() -> None:
    """Dense attention by cuDNN, the fastest on an H100. Each kind of layer is a program, with and without gradients."""
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    torch.backends.cuda.enable_math_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(True)
    torch._dynamo.config.recompile_limit = 64


def prepare(settings: Settings, text: Text, device: str, checkpoint: Path | None = None) -> Training:
    """A training from its start or its checkpoint, with all of its code compiled."""
    try:
        training = Training(settings, text, device)
        if checkpoint and checkpoint.is_file():
            training.load(checkpoint)
        training.compile()
    except ValueError as error:  # Settings that do not fit
        raise SystemExit(f"error: {error}") from None
    return training


def train(name: str, settings: Settings, text: Text, options: argparse.Namespace, deadline: float) -> bool:
    """Trains one run to its end, or till the deadline. Returns whether it is done."""
    checkpoint = options.out / f"{name.replace(' ', '_')}.pt"
    training = prepare(settings, text, options.device, checkpoint)
    print(f"== {name}: from step {training.steps_done}, compiled in {training.compile_seconds:.1f} s", flush=True)
    if not training.run(deadline, checkpoint):
        print(f"stopped after step {training.steps_done} of {settings.steps}; the same command goes on")
        return False
    row = {"name": name, **machine(options.device), **training.result(), "probe": training.probe(options.trials)}
    with (options.out / "runs.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    checkpoint.unlink(missing_ok=True)
    return True


def estimate(base: Settings, lengths: list[int], text: Text, options: argparse.Namespace) -> None:
    """Times steps of both stages, and says how long a run of each kind would take."""
    for seq_len in lengths:
        torch._dynamo.reset()  # Else the second length makes programs for any length
        settings = dataclasses.replace(base, seq_len=seq_len, steps=TIMED + 1)
        training = prepare(settings, text, options.device)
        print(f"N = {seq_len:,}, batch {base.batch}, compiled in {training.compile_seconds:.1f} s")
        ours, dense = (step_seconds(training, dense) for dense in (False, True))
        for stage, seconds in (("lighthouse", ours), ("dense", dense)):
            print(f"  {stage}: {1e3 * seconds:.1f} ms a step, {base.batch * seq_len / seconds:,.0f} tokens/s")
        two_stages = base.steps * (ours * base.dense_from + dense * (1 - base.dense_from))
        print(f"  {base.steps} steps: {two_stages:.0f} s in two stages, {base.steps * dense:.0f} s dense")
        if options.device == "cuda":
            print(f"  {torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")
            torch.cuda.reset_peak_memory_stats()
        sys.stdout.flush()
        del training


def step_seconds(training: Training, dense: bool) -> float:
    """Of a training step of one stage."""
    training.schedule.dense_step = 0 if dense else training.settings.steps
    training.steps_done = 0
    training.step()
    begin = training.start_clock()
    for _ in range(TIMED):
        training.step()
    training.synchronize()
    return (time.perf_counter() - begin) / TIMED


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="llama", choices=MODELS, help="whose settings and plan it takes")
    parser.add_argument("--run", action="append", metavar="NAME", help=f"instead of the model's of {PLANS}")
    parser.add_argument(
        "--set", action="append", default=[], metavar="FIELD=VALUE", help=f"instead of the model's of {MODELS}"
    )
    parser.add_argument("--text", type=Path, default=Path("out/experiment"), help="folder that text.py made")
    parser.add_argument("--out", type=Path, help="of runs.jsonl and checkpoints; out/experiment/MODEL")
    parser.add_argument("--minutes", type=float, default=math.inf, help="stop after so long")
    devices = ["cuda", "cpu"] if torch.cuda.is_available() else ["cpu"]
    parser.add_argument("--device", default=devices[0], choices=devices)
    parser.add_argument("--trials", type=int, default=TRIALS, help="of the probe, for each distance")
    parser.add_argument("--estimate", type=int, nargs="+", metavar="N", help="only time steps at these lengths")
    options = parser.parse_args(arguments)
    options.out = options.out or Path("out/experiment") / options.model
    return options


def main() -> int:
    options = parse()
    deadline = time.monotonic() + 60 * options.minutes
    base = MODELS[options.model]
    for assignment in options.set:
        base = with_value(base, assignment)
    plan = {name: settings_of(name, base) for name in options.run or PLANS[options.model]}
    done = finished(options.out / "runs.jsonl")
    for name, settings in plan.items():
        if name in done and done[name]["settings"] != plain(settings):
            raise SystemExit(f"error: {options.out / 'runs.jsonl'} holds '{name}' with other settings; see --out")
    text = Text.read(options.text, options.device)
    if options.device == "cuda":
        set_up_cuda()
    if options.estimate:
        estimate(base, options.estimate, text, options)
        return 0
    options.out.mkdir(parents=True, exist_ok=True)
    for name in [name for name in plan if name not in done]:
        if not train(name, plan[name], text, options, deadline):
            return 0
    print("all runs are finished")
    return 0


if __name__ == "__main__":
    sys.exit(main())
