# SPDX-License-Identifier: Apache-2.0
"""One run of the experiment: settings, text, training with validation, checkpoints."""

import lzma
import math
import os
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import lighthouse
import torch
from model import Model, losses_of
from needles import most, needles_of, plant
from probe import probe
from torch import Tensor, nn

EVALUATED = (0.025, 0.05, *(n / 10 for n in range(1, 10)))  # of the steps, on the way
QUICK = 8  # windows of each; all windows at the end
QUICK_TRIALS = 4  # of the probe, for each distance
CHECKPOINT_SECONDS = 120


@dataclass(frozen=True)
class Settings:
    """Of a run. Fractions are of the steps.

    The learning rate rises linearly, stays, and falls linearly to zero from ``decay_from`` on. Layers are dense from
    ``dense_from`` on: 0.0 is dense training. ``needles`` are those of a training sequence. ``model`` is a name of
    model.py.
    """

    model: str = "llama"
    layers: int = 9
    width: int = 512
    heads: int = 8
    dense_layers: tuple[int, ...] = (0, -1)
    seq_len: int = 32_768
    num_levels: int = 3
    pooling_factor: int = 4
    topk: int = 1_024
    scorer: str = "norm"
    needles: int = 0
    steps: int = 600
    batch: int = 2
    lr: float = 1.5e-3
    warmup: float = 0.05
    decay_from: float = 0.6
    dense_from: float = 0.5
    val_windows: int = 64
    seed: int = 0

    def learning_rate(self, step: int) -> float:
        done = (step + 1) / self.steps
        if done < self.warmup:
            return self.lr * done / self.warmup
        return self.lr * min(1.0, (self.steps - step) / (self.steps * (1 - self.decay_from)))

    def make_model(self) -> Model:
        names = ("num_levels", "pooling_factor", "topk", "scorer")
        attention = {name: getattr(self, name) for name in names}
        return Model(self.model, self.layers, self.width, self.heads, self.seq_len, attention)


MODELS = {"llama": Settings(), "copying": Settings(model="copying", needles=64, steps=1_200, batch=1)}


class Text(NamedTuple):
    """uint8, in the device's memory."""

    train: Tensor
    validation: Tensor

    @staticmethod
    def read(folder: Path, device: str) -> "Text":
        """What text.py left in the folder."""
        parts = []
        for name in Text._fields:
            path = folder / f"{name}.xz"
            if not path.is_file():
                raise SystemExit(f"error: expects {path}, but there is none; text.py makes it")
            data = bytearray(lzma.decompress(path.read_bytes()))
            parts.append(torch.frombuffer(data, dtype=torch.uint8).to(device))
        return Text(*parts)


def rows_of(data: Tensor, starts: list[int], seq_len: int) -> Tensor:
    """Sequences and the byte after each, a copy: uint8 [len(starts), seq_len + 1]."""
    return torch.stack([data[start : start + seq_len + 1] for start in starts])


def losses_on(model: Model, rows: Tensor) -> Tensor:
    """Of the bytes after the first one, float32 [B, N], for uint8 [B, N + 1]."""
    rows = rows.long()
    return losses_of(model, rows[:, :-1], rows[:, 1:])


class Training:
    """A run on its way. Weights, the order of the text and its needles depend on the seed, not on the attention."""

    def __init__(self, settings: Settings, text: Text, device: str) -> None:
        torch.manual_seed(settings.seed)
        self.settings, self.text, self.device = settings, text, device
        self.model = settings.make_model().to(device)
        if device == "cuda":
            self.model.compile_blocks()
        fused = device == "cuda"
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=settings.lr, betas=(0.9, 0.95), weight_decay=0.1, fused=fused
        )
        self.schedule = lighthouse.TwoStage(
            self.model, settings.dense_from, settings.steps, dense_layers=settings.dense_layers
        )
        windows = (len(text.train) - 1) // settings.seq_len
        if settings.steps * settings.batch > windows:
            raise SystemExit(
                f"error: steps times batch: expects at most the {windows:,} sequences of the text, but got "
                f"{settings.steps * settings.batch:,}"
            )
        if settings.needles > most(settings.seq_len):
            raise SystemExit(
                f"error: needles: expects at most {most(settings.seq_len):,} in {settings.seq_len:,} bytes, an eighth "
                f"of them, but got {settings.needles:,}"
            )
        self.order = torch.randperm(windows, generator=torch.Generator().manual_seed(settings.seed)).tolist()
        self.steps_done = 0
        self.seconds = {"lighthouse": 0.0, "dense": 0.0}  # of training steps alone
        self.losses = torch.zeros(settings.steps, device=device)
        self.evaluations: list[dict[str, Any]] = []
        self.compile_seconds = 0.0
        self.marks = {round(settings.steps * share) for share in EVALUATED} | {self.schedule.dense_step}

    # Steps

    def batch_of(self, step: int) -> Tensor:
        """uint8 [B, N + 1], with the needles."""
        seed, seq_len, count = self.settings.seed, self.settings.seq_len, self.settings.needles
        indices = self.order[step * self.settings.batch : (step + 1) * self.settings.batch]
        rows = rows_of(self.text.train, [index * seq_len for index in indices], seq_len)
        for row, index in zip(rows, indices, strict=True):
            plant(row, needles_of(count, seq_len + 1, random.Random(f"{seed} {index}")))
        return rows

    def step(self) -> None:
        """The next step of the training."""
        step = self.steps_done
        self.schedule.at(step)
        loss = losses_on(self.model, self.batch_of(step)).mean()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.learning_rate(step)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.losses[step] = loss.detach()
        self.steps_done = step + 1

    @property
    def stage(self) -> str:
        """Of the last step."""
        return "dense" if self.schedule.dense else "lighthouse"

    def compile(self) -> None:
        """Both stages' forward and backward, and validation, on the first batch; changes no weights."""
        begin = time.perf_counter()
        step = self.schedule.current_step
        for at in {step, self.schedule.dense_step}:
            self.schedule.at(at)
            losses_on(self.model, self.batch_of(0)).mean().backward()
            self.optimizer.zero_grad()
            self.validate(1)
        self.schedule.at(step)
        self.synchronize()
        self.compile_seconds += time.perf_counter() - begin

    def run(self, deadline: float = math.inf, checkpoint: Path | None = None) -> bool:
        """Trains to the end, or until ``time.monotonic()`` has passed the deadline. Returns whether it is done.

        Saves a checkpoint now and then, and when the deadline has passed.
        """
        saved = time.monotonic()
        begin = self.start_clock()
        while self.steps_done < self.settings.steps:
            self.step()
            now = time.monotonic()
            due = checkpoint is not None and (now > deadline or now - saved > CHECKPOINT_SECONDS)
            last = self.steps_done == self.settings.steps
            if not (due or last or self.steps_done in self.marks):
                continue
            self.stop_clock(begin)
            if self.steps_done in self.marks and not last:
                self.evaluate(QUICK)
            if due and not last:
                self.save(checkpoint)
                saved = time.monotonic()
            if now > deadline and not last:
                return False
            begin = self.start_clock()
        self.evaluate(self.settings.val_windows)
        return True

    # Validation and times

    def synchronize(self) -> None:
        if self.device == "cuda":
            torch.cuda.synchronize()

    def start_clock(self) -> float:
        self.synchronize()
        return time.perf_counter()

    def stop_clock(self, begin: float) -> None:
        self.synchronize()
        self.seconds[self.stage] += time.perf_counter() - begin

    @torch.no_grad()
    def validate(self, windows: int) -> list[float]:
        """Losses of evenly spaced sequences of the validation text, without needles, by the attention in force."""
        seq_len, batch = self.settings.seq_len, self.settings.batch
        starts = torch.linspace(0, len(self.text.validation) - seq_len - 1, windows).long().tolist()
        losses = []
        for first in range(0, windows, batch):
            chosen = starts[first : first + batch]
            rows = rows_of(self.text.validation, chosen + chosen[:1] * (batch - len(chosen)), seq_len)
            losses += losses_on(self.model, rows).mean(1)[: len(chosen)].tolist()
        return losses

    def probe(self, trials: int) -> list[dict[str, Any]]:
        """By the attention in force."""
        settings = self.settings
        return probe(self.model, self.text.validation, settings.seq_len, settings.batch, settings.needles, trials)

    def evaluate(self, windows: int) -> None:
        losses = self.validate(windows)
        shares = [row["bytes"] for row in self.probe(QUICK_TRIALS)]
        mean = sum(losses) / len(losses)
        seconds = sum(self.seconds.values())
        self.evaluations.append(
            {
                "step": self.steps_done,
                "stage": self.stage,
                "seconds": seconds,
                "loss": mean,
                "losses": losses,
                "needles": shares,
            }
        )
        last = self.losses[max(0, self.steps_done - 20) : self.steps_done].mean().item()
        print(
            f"step {self.steps_done}/{self.settings.steps} {self.stage}: training {last:.4f}, validation {mean:.4f}, "
            f"needles {' '.join(f'{share:.0%}' for share in shares)}, {seconds:.1f} s",
            flush=True,
        )
        if not math.isfinite(last):
            raise SystemExit(f"error: the loss is {last} at step {self.steps_done}")

    # Checkpoints

    def save(self, path: Path) -> None:
        state = {
            "settings": asdict(self.settings),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "schedule": self.schedule.state_dict(),
            "losses": self.losses,
            **{name: getattr(self, name) for name in ("steps_done", "seconds", "evaluations", "compile_seconds")},
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)

    def load(self, path: Path) -> None:
        """Goes on where ``save`` was called; refuses what other settings left."""
        state = torch.load(path, map_location=self.device)
        if state["settings"] != asdict(self.settings):
            raise SystemExit(f"error: {path}: expects a checkpoint of {self.settings}, but got {state['settings']}")
        for name in ("model", "optimizer", "schedule"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("losses", "steps_done", "seconds", "evaluations", "compile_seconds"):
            setattr(self, name, state[name])

    def result(self) -> dict[str, Any]:
        """Figures of a finished run."""
        dense_steps = self.settings.steps - self.schedule.dense_step
        return {
            "settings": asdict(self.settings),
            "parameters": sum(parameter.numel() for parameter in self.model.parameters()),
            "steps": {"lighthouse": self.settings.steps - dense_steps, "dense": dense_steps},
            "seconds": self.seconds,
            "compile_seconds": self.compile_seconds,
            "evaluations": self.evaluations,
            "losses": [round(loss, 4) for loss in self.losses.tolist()],
        }
