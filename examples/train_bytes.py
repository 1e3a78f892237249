#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Trains a small byte-level language model on the Python standard library's sources, twice on the same tokens.

The first run trains with Lighthouse Attention and finishes under dense attention; the second is dense throughout. At
the end come a table and a plot of both losses. Exits with 1 when a loss is not finite or did not fall.
"""

import argparse
import functools
import json
import math
import sys
import sysconfig
import time
from pathlib import Path

import lighthouse
import torch
from lighthouse.nn import LighthouseAttention
from matplotlib.figure import Figure
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional

WINDOW = 10  # steps that a printed training loss is averaged over
console = Console(width=None if sys.stdout.isatty() else 110)
say = functools.partial(console.print, soft_wrap=True, highlight=False)


# Text ----------------------------------------------------------------------------------------------------------------


def read_sources() -> tuple[Tensor, Tensor]:
    """Bytes of the standard library's modules, uint8, in the order of their paths: training, validation (1 file of 20).

    Tests are left out: some systems do not install them.
    """
    root = Path(sysconfig.get_paths()["stdlib"])
    skipped = {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
    paths = [path.relative_to(root) for path in root.rglob("*.py")]
    paths = sorted((path for path in paths if not skipped.intersection(path.parts)), key=lambda path: path.as_posix())
    train, validation = bytearray(), bytearray()
    for number, path in enumerate(paths):
        (validation if number % 20 == 10 else train).extend((root / path).read_bytes())
    say(f"text: {len(paths)} files of {root}, {len(train):,} bytes to train on, {len(validation):,} to validate")
    return tuple(torch.frombuffer(data, dtype=torch.uint8) for data in (train, validation))


def take(data: Tensor, starts: Tensor, seq_len: int, device: str) -> tuple[Tensor, Tensor]:
    """Tokens and the tokens that follow them, both int64 [batch, seq_len]."""
    rows = data[starts[:, None] + torch.arange(seq_len + 1)].long().to(device)
    return rows[:, :-1], rows[:, 1:]


# Model ---------------------------------------------------------------------------------------------------------------


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of x [B, N, H, D], with cos and sin [N, 1, D/2]."""
    a, b = x.float().chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1).to(x.dtype)


class DenseAttention(nn.Module):
    """Plain causal attention, for the layers that stay dense throughout."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(query, key, value, is_causal=True)


class Block(nn.Module):
    """Pre-norm attention and SwiGLU."""

    def __init__(self, width: int, heads: int, attention: nn.Module) -> None:
        super().__init__()
        hidden = math.ceil(width * 8 / 3 / 64) * 64
        self.heads = heads
        self.attention = attention
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.proj = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).unbind(2)  # [B, N, H, D], views
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = self.attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        x = x + self.proj(y.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)


class Model(nn.Module):
    """Llama-style decoder over bytes. The first ``dense_layers`` layers stay dense throughout."""

    def __init__(self, args: argparse.Namespace) -> None:
        super().__init__()
        self.embedding = nn.Embedding(256, args.width)
        self.blocks = nn.ModuleList(
            Block(args.width, args.heads, DenseAttention() if i < args.dense_layers else make_attention(args))
            for i in range(args.layers)
        )
        self.norm = nn.RMSNorm(args.width)
        self.head = nn.Linear(args.width, 256, bias=False)
        head_dim = args.width // args.heads
        angles = torch.outer(torch.arange(args.seq_len), 10000.0 ** -(torch.arange(0, head_dim, 2) / head_dim))[:, None]
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.initialise(1 / math.sqrt(2 * args.layers))

    def initialise(self, residual_scale: float) -> None:
        """Weights that keep variance, smaller ones where a block adds to the residual stream, a small head."""
        nn.init.normal_(self.head.weight, std=0.02)
        for name, parameter in self.blocks.named_parameters():
            if parameter.dim() == 2:
                scale = residual_scale if name.endswith(("proj.weight", "down.weight")) else 1.0
                nn.init.normal_(parameter, std=scale / math.sqrt(parameter.shape[1]))

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits [B, N, 256] of the next byte for tokens [B, N]."""
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, self.cos, self.sin)
        return self.head(self.norm(x))


def make_attention(args: argparse.Namespace) -> LighthouseAttention:
    return LighthouseAttention(args.num_levels, args.pooling_factor, args.topk)


def loss_of(model: Model, tokens: Tensor, targets: Tensor, args: argparse.Namespace) -> Tensor:
    """Mean cross entropy in nats a byte."""
    with torch.autocast(args.device, torch.bfloat16, enabled=args.dtype == "bfloat16"):
        logits = model(tokens)
    return functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())


# Training ------------------------------------------------------------------------------------------------------------


def learning_rate(step: int, args: argparse.Namespace) -> float:
    """Linear warm-up over a tenth of the steps, then a cosine down to a tenth of the peak."""
    warmup = max(1, args.steps // 10)
    if step < warmup:
        return args.lr * (step + 1) / warmup
    done = (step - warmup) / max(1, args.steps - warmup)
    return args.lr * (0.55 + 0.45 * math.cos(math.pi * done))


@torch.no_grad()
def validate(model: Model, data: Tensor, args: argparse.Namespace) -> float:
    """Loss on fixed, evenly spaced windows of the validation text, with the attention that is in force."""
    starts = torch.linspace(0, len(data) - args.seq_len - 1, args.val_windows).long()
    losses = [loss_of(model, *take(data, start[None], args.seq_len, args.device), args).item() for start in starts]
    return sum(losses) / len(losses)


def train_step(model: Model, optimizer: torch.optim.Optimizer, batch: tuple[Tensor, Tensor], args) -> float:
    loss = loss_of(model, *batch, args)
    optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    return loss.item()


def train(
    name: str, phases: list[tuple[str, bool, int]], text: tuple[Tensor, Tensor], args, progress: Progress
) -> dict:
    """One run over ``phases`` (label, dense, steps). Start and tokens depend on the seed only, not on the phases."""
    torch.manual_seed(args.seed)
    model = Model(args).to(args.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, betas=(0.9, 0.95), weight_decay=0.1)
    offsets = torch.Generator().manual_seed(args.seed)
    losses: list[float] = []
    rows: list[dict] = []
    task = progress.add_task(name, total=args.steps, loss="", speed="")
    for label, dense, steps in phases:
        lighthouse.set_dense(model, dense)
        seconds = 0.0
        for _ in range(steps):
            starts = torch.randint(len(text[0]) - args.seq_len, [args.batch], generator=offsets)
            batch = take(text[0], starts, args.seq_len, args.device)
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(len(losses), args)
            begin = time.perf_counter()
            losses.append(train_step(model, optimizer, batch, args))
            step_seconds = time.perf_counter() - begin
            seconds += step_seconds
            show(progress, task, losses[-1], args.batch * args.seq_len / step_seconds)
            if not math.isfinite(losses[-1]):
                raise SystemExit(f"error: the loss of run '{name}' is {losses[-1]} at step {len(losses)}")
        rows.append(
            {
                "run": name,
                "phase": label,
                "steps": f"{len(losses) - steps + 1}-{len(losses)}",
                "train": mean(losses[-min(WINDOW, steps) :]),
                "validation": validate(model, text[1], args),
                "seconds": seconds,
                "tokens_per_second": steps * args.batch * args.seq_len / seconds,
            }
        )
    return {"losses": losses, "rows": rows}


def show(progress: Progress, task, loss: float, speed: float) -> None:
    """Advances the bar; where there is no terminal to draw it on, prints a line every tenth of the way."""
    progress.update(task, advance=1, loss=f"loss {loss:.3f}", speed=f"{speed:,.0f} tokens/s")
    state = progress.tasks[task]
    done, total = int(state.completed), int(state.total)
    if not console.is_terminal and done % max(1, total // 10) == 0:
        say(f"{state.description}: step {done}/{total}, loss {loss:.3f}, {speed:,.0f} tokens/s")


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


# Report --------------------------------------------------------------------------------------------------------------


def print_table(rows: list[dict]) -> None:
    table = Table(title="Loss in nats a byte; both runs start alike and read the same tokens")
    for column in ("run", "phase", "steps"):
        table.add_column(column)
    for column in (f"training (last {WINDOW} steps)", "validation", "seconds", "tokens/s"):
        table.add_column(column, justify="right")
    for row in rows:
        numbers = (f"{row['train']:.3f}", f"{row['validation']:.3f}", f"{row['seconds']:.1f}")
        table.add_row(row["run"], row["phase"], row["steps"], *numbers, f"{row['tokens_per_second']:,.0f}")
    console.print(table)


def plot(runs: dict[str, dict], args: argparse.Namespace, path: Path) -> None:
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    axes = figure.subplots()
    for name, run in runs.items():
        axes.plot(range(1, args.steps + 1), run["losses"], label=name, linewidth=1)
    if args.dense_steps:
        axes.axvline(args.steps - args.dense_steps + 0.5, color="grey", linestyle=":", label="dense from here")
    axes.set(xlabel="step", ylabel="training loss (nats a byte)", title=f"N = {args.seq_len:,}, topk = {args.topk}")
    axes.legend()
    figure.savefig(path, dpi=150)


def report(runs: dict[str, dict], args: argparse.Namespace) -> int:
    """Prints and writes the results; returns the exit status."""
    rows = [row for run in runs.values() for row in run["rows"]]
    print_table(rows)
    ours, dense = (run["rows"][-1]["validation"] for run in runs.values())
    sign = "higher" if ours > dense else "lower"
    say(f"validation loss at the end: {ours:.3f} against {dense:.3f} dense, {abs(ours - dense):.3f} {sign}")
    seconds = [sum(row["seconds"] for row in run["rows"]) for run in runs.values()]
    say(f"training time: {seconds[0]:.0f} s against {seconds[1]:.0f} s dense")
    args.out.mkdir(parents=True, exist_ok=True)
    plot(runs, args, args.out / "losses.png")
    settings = {key: str(value) if isinstance(value, Path) else value for key, value in vars(args).items()}
    (args.out / "results.json").write_text(json.dumps({"settings": settings, "runs": runs}, indent=1) + "\n")
    say(f"wrote {args.out / 'losses.png'} and {args.out / 'results.json'}")

    failed = False
    for name, run in runs.items():
        few = max(1, min(WINDOW, args.steps // 4))
        first, last = mean(run["losses"][:few]), mean(run["losses"][-few:])
        if not last < first:
            failed = True
            say(f"error: the loss of run '{name}' did not fall: {first:.3f} at first, {last:.3f} at last")
    return int(failed)


# Options -------------------------------------------------------------------------------------------------------------


def parse(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("--device", default="cpu", help="torch device")
    parser.add_argument("--dtype", choices=["float32", "bfloat16"], default="float32", help="bfloat16: under autocast")
    parser.add_argument("--batch", type=int, default=1, help="sequences a step")
    parser.add_argument("--seq-len", type=int, default=4096, help="N, bytes a sequence")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--dense-layers", type=int, default=1, help="first layers that are dense in both runs")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--steps", type=int, default=100, help="of each run")
    parser.add_argument("--dense-steps", type=int, default=20, help="last steps of the Lighthouse run, dense")
    parser.add_argument("--num-levels", type=int, default=3)
    parser.add_argument("--pooling-factor", type=int, default=4)
    parser.add_argument("--topk", type=int, default=128)
    parser.add_argument("--lr", type=float, default=1e-3, help="peak learning rate")
    parser.add_argument("--val-windows", type=int, default=4, help="sequences of the validation text")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("out/train_bytes"), help="folder for plot and results")
    args = parser.parse_args(argv)
    if args.device.startswith("cuda") and not torch.cuda.is_available():
        parser.error(f"--device expects cpu, as torch sees no GPU, but got {args.device}")
    for name in ("batch", "seq_len", "layers", "width", "heads", "steps", "val_windows"):
        if getattr(args, name) < 1:
            parser.error(f"--{name.replace('_', '-')} expects at least 1, but got {getattr(args, name)}")
    if args.width % (2 * args.heads):
        parser.error(f"--width expects a multiple of twice --heads ({2 * args.heads}), but got {args.width}")
    if not 0 <= args.dense_layers < args.layers:
        parser.error(f"--dense-layers expects 0 to {args.layers - 1}, but got {args.dense_layers}")
    if not 0 <= args.dense_steps < args.steps:
        parser.error(f"--dense-steps expects 0 to {args.steps - 1}, but got {args.dense_steps}")
    return args


def prepare(args: argparse.Namespace) -> None:
    """Compiles the op for the run's sizes, so that settings that do not fit are refused now and no step waits."""
    begin = time.perf_counter()
    dtype = torch.bfloat16 if args.dtype == "bfloat16" else torch.float32
    shape = (args.batch, args.seq_len, args.heads, args.width // args.heads)
    try:
        q = torch.zeros(shape, dtype=dtype, device=args.device).transpose(1, 2)
        make_attention(args)(q, q, q)
    except (ValueError, TypeError, RuntimeError, AssertionError) as error:  # torch asserts that it knows the device
        raise SystemExit(f"error: {error}") from None
    say(f"lighthouse {lighthouse.__version__}: ready in {time.perf_counter() - begin:.2f} s")


def main() -> int:
    args = parse()
    prepare(args)
    text = read_sources()
    for name, data in zip(("training", "validation"), text, strict=True):
        if len(data) <= args.seq_len + 1:
            raise SystemExit(f"error: --seq-len expects less than the {name} text, {len(data)}, but got {args.seq_len}")
    parameters = sum(parameter.numel() for parameter in Model(args).parameters())
    say(
        f"model: {parameters / 1e6:.1f} M parameters, {args.layers} layers, {args.dense_layers} of them always dense; "
        f"{args.dtype} on {args.device}, {torch.get_num_threads()} threads"
    )
    first = args.steps - args.dense_steps
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total}"))
    texts = (TextColumn("{task.fields[loss]}"), TextColumn("{task.fields[speed]}"))
    runs = {}
    with Progress(*columns, *texts, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        for name, dense in (("Lighthouse, then dense", False), ("dense throughout", True)):
            phases = [("dense" if dense else "Lighthouse", dense, first), ("dense", True, args.dense_steps)]
            runs[name] = train(name, [phase for phase in phases if phase[2]], text, args, progress)
    return report(runs, args)


if __name__ == "__main__":
    sys.exit(main())
