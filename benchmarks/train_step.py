# SPDX-License-Identifier: Apache-2.0
"""A whole training step: a decoder with Lighthouse layers against the same one with dense attention by cuDNN.

    python benchmarks/train_step.py [--small] [--only TEXT] [--markdown] [--out FOLDER] [--from CSV]

98,304 tokens, 30 layers of width 1,024 with 8 heads of 128, SwiGLU of 1,536, byte vocabulary, bfloat16, fused AdamW,
each layer compiled by torch.compile. With Lighthouse (3 levels, factor 4, topk 1,536) the first two and the last two
layers stay dense, by one level of the op. What forward keeps for backward: "all" that torch.compile cares to keep,
"products" the layer's input and what attention and matrix products give, "attention" the layer's input and what
attention gives (both selective checkpointing), "input" the layer's input alone (full checkpointing). Each case runs in
a process of its own with empty caches, torch's included, and imports torch and its Inductor before the first step. The
median of a few steps.

Leaves train_step.csv and train_step.png in FOLDER (out/benchmarks). Exits with 1 where a bar is missed. --only measures
the cases whose name holds TEXT; --small is a toy on the CPU, which has no bars.
"""

import argparse
import functools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import shared
import torch
import torch._inductor.compile_fx  # beforehand, as torch itself: it starts the compiler's workers
from lighthouse.nn import LighthouseAttention
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint, create_selective_checkpoint_contexts

BAR = 4.3  # times the tokens/s of dense attention, each side with what is best for it
FIRST_BAR = 15.0  # s, of Lighthouse's first step from empty caches
STEPS = {"lighthouse": 5, "dense": 2}  # that are timed; a dense one takes 5 s
ALWAYS_DENSE = 2  # layers at either end of Lighthouse's model
ATTENTION = [
    torch.ops.lighthouse.attention.default,
    torch.ops.aten._scaled_dot_product_cudnn_attention.default,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu.default,
]
SAVED = {  # operators whose results selective checkpointing keeps
    "attention": ATTENTION,
    "products": [*ATTENTION, torch.ops.aten.mm.default],
}


class Case(NamedTuple):
    attention: str
    kept: str

    def __str__(self) -> str:
        return f"{self.attention}, {self.kept} kept"


CASES = [Case("lighthouse", "all"), Case("lighthouse", "attention")]
CASES += [Case("dense", kept) for kept in ("products", "attention", "input")]


class Sizes(NamedTuple):
    tokens: int
    layers: int
    width: int
    heads: int
    hidden: int
    topk: int


SIZES = Sizes(98_304, 30, 1_024, 8, 1_536, 1_536)
SMALL = Sizes(2_048, 5, 32, 2, 48, 128)


# Model ---------------------------------------------------------------------------------------------------------------


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary position embedding of x [B, N, H, D], with cos and sin [N, 1, D/2]."""
    a, b = x.float().chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1).to(x.dtype)


class Block(nn.Module):
    """Pre-norm attention and SwiGLU."""

    def __init__(self, sizes: Sizes, attention: Callable[..., Tensor]) -> None:
        super().__init__()
        width, hidden = sizes.width, sizes.hidden
        self.heads, self.attention = sizes.heads, attention
        self.norm1, self.norm2 = nn.RMSNorm(width), nn.RMSNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.gate_up, self.down = nn.Linear(width, 2 * hidden, bias=False), nn.Linear(hidden, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, self.heads, -1)).unbind(2)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        y = self.attention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2))
        x = x + self.proj(y.transpose(1, 2).flatten(2))
        gate, up = self.gate_up(self.norm2(x)).chunk(2, dim=-1)
        return x + self.down(functional.silu(gate) * up)


class Layer(nn.Module):
    """A block, and what it keeps for backward."""

    def __init__(self, block: Block, kept: str) -> None:
        super().__init__()
        self.block, self.kept = block, kept

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        if self.kept == "all":
            return self.block(x, cos, sin)
        if self.kept == "input":
            return checkpoint(self.block, x, cos, sin, use_reentrant=False)
        contexts = functools.partial(create_selective_checkpoint_contexts, SAVED[self.kept])
        return checkpoint(self.block, x, cos, sin, use_reentrant=False, context_fn=contexts)


class Model(nn.Module):
    """Decoder over bytes, its layers compiled."""

    def __init__(self, sizes: Sizes, case: Case, backend: str) -> None:
        super().__init__()
        self.embedding = nn.Embedding(256, sizes.width)
        attentions = [attention_of(case, sizes, index) for index in range(sizes.layers)]
        self.layers = nn.ModuleList(Layer(Block(sizes, attention), case.kept) for attention in attentions)
        for layer in self.layers:
            layer.compile(fullgraph=True, backend=backend)
        self.norm = nn.RMSNorm(sizes.width)
        self.head = nn.Linear(sizes.width, 256, bias=False)

    def forward(self, tokens: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        x = self.embedding(tokens)
        for layer in self.layers:
            x = layer(x, cos, sin)
        return self.head(self.norm(x))


def attention_of(case: Case, sizes: Sizes, layer: int) -> Callable[..., Tensor]:
    if case.attention == "dense":
        return functools.partial(functional.scaled_dot_product_attention, is_causal=True)
    if ALWAYS_DENSE <= layer < sizes.layers - ALWAYS_DENSE:
        return LighthouseAttention(num_levels=3, pooling_factor=4, topk=sizes.topk)
    return LighthouseAttention(num_levels=1)


def rotations(sizes: Sizes, device: str) -> tuple[Tensor, Tensor]:
    """cos and sin, float32 [N, 1, D/2]."""
    head_dim = sizes.width // sizes.heads
    rates = 10000.0 ** -(torch.arange(0, head_dim, 2, device=device) / head_dim)
    angles = torch.outer(torch.arange(sizes.tokens, device=device), rates)[:, None]
    return angles.cos(), angles.sin()


# One case, in a process of its own -----------------------------------------------------------------------------------


def only_cudnn() -> None:
    """All that scaled_dot_product_attention may take."""
    torch.backends.cuda.enable_flash_sdp(False)
    torch.backends.cuda.enable_mem_efficient_sdp(False)
    torch.backends.cuda.enable_math_sdp(False)
    torch.backends.cuda.enable_cudnn_sdp(True)


def stepper(sizes: Sizes, case: Case, device: str, backend: str) -> Callable[[], float]:
    """Makes a model; the call is one step of it and returns its seconds."""
    torch.manual_seed(0)
    with torch.device(device):
        model = Model(sizes, case, backend).to(torch.bfloat16)
        text = torch.randint(256, [1, sizes.tokens + 1])
    cos, sin = rotations(sizes, device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, fused=True)

    def synchronize() -> None:
        if device == "cuda":
            torch.cuda.synchronize()

    def step() -> float:
        synchronize()
        begin = time.perf_counter()
        logits = model(text[:, :-1], cos, sin)
        functional.cross_entropy(logits.float().flatten(0, 1), text[:, 1:].flatten()).backward()
        optimizer.step()
        optimizer.zero_grad()
        synchronize()
        return time.perf_counter() - begin

    return step


def measure_here(case: Case, small: bool) -> shared.Row:
    sizes, device, backend = (SMALL, "cpu", "aot_eager") if small else (SIZES, "cuda", "inductor")
    if not small:
        only_cudnn()
    try:
        step = stepper(sizes, case, device, backend)
        first = step()
        seconds = statistics.median(step() for _ in range(STEPS[case.attention]))
    except torch.OutOfMemoryError as error:
        print(f"{case}: {error}", file=sys.stderr)
        return no_figures(case, sizes, "out of memory")
    return {
        **case._asdict(),
        "tokens": sizes.tokens,
        "layers": sizes.layers,
        "outcome": "ran",
        "step_ms": 1e3 * seconds,
        "tokens_per_s": sizes.tokens / seconds,
        "first_s": first,
        "peak_gib": math.nan if small else torch.cuda.max_memory_allocated() / 2**30,
        "graphs": torch._dynamo.utils.counters["stats"]["unique_graphs"],
    }


def no_figures(case: Case, sizes: Sizes, outcome: str) -> shared.Row:
    unknown = dict.fromkeys(("step_ms", "tokens_per_s", "first_s", "peak_gib"), math.nan)
    return {
        **case._asdict(),
        "tokens": sizes.tokens,
        "layers": sizes.layers,
        "outcome": outcome,
        **unknown,
        "graphs": 0,
    }


def measure(case: Case, small: bool = False) -> list[shared.Row]:
    """Of the case in another process, whose caches are empty."""
    with tempfile.TemporaryDirectory() as folder:
        names = ("TORCHINDUCTOR_CACHE_DIR", "TRITON_CACHE_DIR", "LIGHTHOUSE_CACHE_DIR", "CUDA_CACHE_PATH")
        caches = {name: str(Path(folder, name)) for name in names}
        command = [sys.executable, __file__, "--case", *case, *(["--small"] if small else [])]
        caches["PYTORCH_CUDA_ALLOC_CONF"] = "expandable_segments:True"  # nearly all of the memory is needed
        result = subprocess.run(command, env={**os.environ, **caches}, stdout=subprocess.PIPE, text=True)
    if result.returncode:  # Its message is on stderr; the other cases have figures yet.
        return [no_figures(case, SMALL if small else SIZES, "failed")]
    return [json.loads(result.stdout.splitlines()[-1])]


# Report --------------------------------------------------------------------------------------------------------------


def best(rows: list[shared.Row], attention: str) -> shared.Row | None:
    """The fastest of the cases that fit into memory."""
    ran = [row for row in rows if row["attention"] == attention and row["outcome"] == "ran"]
    return min(ran, key=lambda row: row["step_ms"], default=None)


def shortfalls(rows: list[shared.Row]) -> list[str]:
    ours, dense = best(rows, "lighthouse"), best(rows, "dense")
    if not ours or not dense:
        return ["lighthouse and dense: both have to run, but one has no figures"]
    missed = [f"{Case(row['attention'], row['kept'])}: failed" for row in rows if row["outcome"] == "failed"]
    ratio = ours["tokens_per_s"] / dense["tokens_per_s"]
    if not ratio >= BAR:
        missed.append(f"lighthouse, {ours['kept']} kept: {ratio:.2f} times dense's tokens/s, expected {BAR}")
    if not ours["first_s"] < FIRST_BAR:
        missed.append(f"lighthouse, {ours['kept']} kept: first step in {ours['first_s']:.1f} s, expected {FIRST_BAR}")
    return missed


def report(rows: list[shared.Row]) -> shared.Report:
    dense = {
        row["kept"]: row["tokens_per_s"] for row in rows if row["attention"] == "dense" and row["outcome"] == "ran"
    }
    fastest = best(rows, "dense")

    def times(row: shared.Row, other: float | None) -> str:
        return f"{row['tokens_per_s'] / other:.2f}" if other and row["outcome"] == "ran" else ""

    lines = [
        [
            str(Case(row["attention"], row["kept"])),
            f"{row['step_ms']:,.0f}" if row["outcome"] == "ran" else row["outcome"],
            f"{row['tokens_per_s']:,.0f}",
            times(row, fastest and fastest["tokens_per_s"]),
            times(row, dense.get("input")),
            f"{row['first_s']:.1f}",
            f"{row['peak_gib']:.1f}",
            str(row["graphs"]),
            str(row["clock_mhz"]),
        ]
        for row in rows
    ]
    headers = ["", "step (ms)", "tokens/s", f"times dense (bar {BAR})", "times dense, input kept"]
    headers += ["first step (s)", "peak GiB", "graphs", "MHz"]

    def draw(figure) -> None:
        axes = figure.subplots()
        axes.barh([line[0] for line in lines], [row["tokens_per_s"] for row in rows])
        if fastest:
            axes.axvline(BAR * fastest["tokens_per_s"], color="black", linewidth=0.8, label=f"{BAR} times dense")
            axes.legend()
        axes.invert_yaxis()
        axes.set_xlabel("tokens/s")

    return shared.Report(headers, lines, shortfalls(rows) if rows[0]["tokens"] == SIZES.tokens else [], draw)


def main() -> int:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--small", action="store_true", help="a toy on the CPU, which has no bars")
    parser.add_argument("--only", default="", metavar="TEXT", help="measure the cases whose name holds TEXT")
    parser.add_argument("--case", nargs=2, help=argparse.SUPPRESS)
    options, others = parser.parse_known_args()
    if options.case:
        print(json.dumps(measure_here(Case(*options.case), options.small)))
        return 0
    cases = [case for case in CASES if options.only in str(case)]
    if not cases:
        sys.exit(f"--only: expects a part of {'; '.join(map(str, CASES))}, but got {options.only!r}")
    if options.small:
        rows = [{"gpu": "CPU", **row, "clock_mhz": 0} for case in cases for row in measure(case, small=True)]
        with tempfile.TemporaryDirectory() as folder:
            shared.write_csv(Path(folder, "small.csv"), rows)
            return shared.main("train_step", __doc__, [], measure, report, ["--from", f"{folder}/small.csv", *others])
    return shared.main("train_step", __doc__, cases, measure, report, others, parents=[parser])


if __name__ == "__main__":
    sys.exit(main())
