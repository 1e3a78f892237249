# SPDX-License-Identifier: Apache-2.0
"""What several test files share: random tensors, one run of forward and backward, other processes."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import lighthouse
import torch
from reference import Settings
from torch import Tensor

DTYPES = [torch.float32, torch.float16, torch.bfloat16]
SMALL = Settings(num_levels=3, pooling_factor=2, topk=128)  # at least 509 tokens


def stored(dtype: torch.dtype) -> torch.dtype:
    """The dtype in which the rendering keeps what the compiled op stores between stages. float32 is left to bounds."""
    return torch.float64 if dtype == torch.float32 else dtype


def tensors(*shapes: tuple[int, ...], seed: int = 0, dtype: torch.dtype = torch.float32) -> list[Tensor]:
    """Multiples of 1/64 below 4: every dtype holds them, and their sums over windows are exact in float32."""
    generator = torch.Generator().manual_seed(seed)
    return [(torch.randn(s, generator=generator) * 64).round().clamp(-255, 255).div(64).to(dtype) for s in shapes]


def small_inputs(seed: int = 0, dtype: torch.dtype = torch.float32, seq_len: int = 600) -> list[Tensor]:
    """q [1, 4, N, 16], k and v [1, 2, N, 16], dout like q."""
    q, kv = (1, 4, seq_len, 16), (1, 2, seq_len, 16)
    return tensors(q, kv, kv, q, seed=seed, dtype=dtype)


def moved(x: Tensor, device: str) -> Tensor:
    """x on a device with its own strides and start, gaps and repeats included; itself where it is there already."""
    if x.device == torch.device(device):
        return x
    memory = torch.empty(0, dtype=x.dtype).set_(x.untyped_storage()).to(device)
    return memory.as_strided(x.shape, x.stride(), x.storage_offset())


def run(
    q: Tensor, k: Tensor, v: Tensor, dout: Tensor, settings: Settings, device: str = "cpu", **options
) -> dict[str, Tensor]:
    """out, indices, lse, dq, dk, dv of the op under test on a device; back on the CPU."""
    q, k, v = (moved(x.detach(), device).requires_grad_() for x in (q, k, v))
    out, aux = lighthouse.attention(q, k, v, **asdict(settings), **options, return_aux=True)
    dq, dk, dv = torch.autograd.grad(out, (q, k, v), moved(dout, device))
    results = {"out": out.detach(), "indices": aux.indices, "lse": aux.lse, "dq": dq, "dk": dk, "dv": dv}
    return {name: x if x is None else x.cpu() for name, x in results.items()}


@contextmanager
def deterministic_algorithms(enabled: bool = True) -> Iterator[None]:
    """``torch.use_deterministic_algorithms`` for a while."""
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(enabled)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def same_bits(first: dict[str, Tensor], second: dict[str, Tensor]) -> bool:
    """Whether all tensors have the same bits (no NaN is expected)."""
    return first.keys() == second.keys() and all(torch.equal(x, second[name]) for name, x in first.items())


def python(
    *arguments: str, timeout: float = 120, cwd: str | None = None, **environment: str
) -> subprocess.CompletedProcess:
    """Runs this Python in another process, in a folder, with the package under test."""
    where = str(Path(lighthouse.__file__).parents[1])
    path = os.pathsep.join(filter(None, [where, os.environ.get("PYTHONPATH")]))
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": path, **environment},
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=timeout,
        cwd=cwd,
    )
