# SPDX-License-Identifier: Apache-2.0
"""Sizes that need a GPU's memory: a million tokens, and tensors of more than 2^31 elements."""

from dataclasses import asdict

import lighthouse
import pytest
import torch
from helpers import SMALL, deterministic_algorithms, tensors
from reference import Settings
from torch import Tensor

MILLION = Settings(num_levels=3, pooling_factor=4, topk=1536)


def needs_gib(gib: float):
    available = torch.cuda.get_device_properties(0).total_memory / 2**30 if torch.cuda.is_available() else 0
    return pytest.mark.skipif(available < gib, reason=f"needs {gib} GiB of device memory")


def random(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator("cuda").manual_seed(seed)
    return torch.randn(shape, generator=generator, device="cuda", dtype=torch.bfloat16)


@needs_gib(16)
def test_a_million_tokens() -> None:
    """One call; the selection is the CPU's, and the adjoint of v pairs with out: <dout, out> = <dv, v>."""
    q, k, v, dout = (random(1, 1, 2**20, 64, seed=seed) for seed in range(4))
    q.requires_grad_(), k.requires_grad_(), v.requires_grad_()
    out, aux = lighthouse.attention(q, k, v, **asdict(MILLION), return_aux=True)
    dq, dk, dv = torch.autograd.grad(out, (q, k, v), dout)
    assert all(x.isfinite().all() and x.any() for x in (out, dq, dk, dv))
    left, right = (dout.double() * out.double()).sum(), (dv.double() * v.double()).sum()
    size = dout.double().norm() * out.double().norm()
    assert abs(left - right) <= 1e-3 * size
    _, cpu = lighthouse.attention(*(x.detach().cpu() for x in (q, k, v)), **asdict(MILLION), return_aux=True)
    assert torch.equal(aux.indices.cpu(), cpu.indices)


@needs_gib(60)
@pytest.mark.parametrize("deterministic", [False, True], ids=["", "deterministic"])
@pytest.mark.parametrize("settings", [SMALL, Settings(num_levels=1)], ids=["three levels", "one level"])
def test_more_than_2_31_elements(settings: Settings, deterministic: bool) -> None:
    """Batch entries beyond 2^31 elements get what they get alone."""
    with deterministic_algorithms(deterministic):
        check_more_than_2_31_elements(settings, deterministic)


def check_more_than_2_31_elements(settings: Settings, deterministic: bool) -> None:
    batch, heads, seq_len, dim = 2**31 // (64 * 640 * 64) + 2, 64, 640, 64
    x = random(batch, heads, seq_len, dim).requires_grad_()
    assert x.numel() > 2**31
    out = lighthouse.attention(x, x, x, **asdict(settings))
    (dx,) = torch.autograd.grad(out, x, x.detach())
    for entry in (0, batch - 1):
        alone = x.detach()[entry : entry + 1].clone().requires_grad_()
        expected = lighthouse.attention(alone, alone, alone, **asdict(settings))
        (expected_dx,) = torch.autograd.grad(expected, alone, alone.detach())
        assert torch.equal(out[entry : entry + 1], expected)
        # Blocks add to dq in any order, but where torch is to be deterministic.
        tolerance = 0 if deterministic else 1e-2
        torch.testing.assert_close(dx[entry : entry + 1], expected_dx, rtol=tolerance, atol=tolerance)
        # That turns the rounding of very few elements: 4 of 2.6 million on an H100.
        assert (dx[entry : entry + 1] != expected_dx).double().mean() < 1e-4


@needs_gib(12)
def test_strides_above_int32() -> None:
    """Heads 2^31 elements apart."""
    far, seq_len, dim = 2**31 + 64, 600, 16
    memory = torch.empty(far + seq_len * 3 * dim, dtype=torch.float16, device="cuda")
    qkv = [x.cuda() for x in tensors(*[(1, 2, seq_len, dim)] * 4, dtype=torch.float16)]
    strided = []
    for part, x in enumerate(qkv[:3]):
        view = memory.as_strided((1, 2, seq_len, dim), (2 * far, far, 3 * dim, 1), part * dim)
        strided.append(view.copy_(x).detach().requires_grad_())
    expected_inputs = [x.requires_grad_() for x in qkv[:3]]
    results = []
    for q, k, v in (strided, expected_inputs):
        out = lighthouse.attention(q, k, v, **asdict(SMALL))
        results.append([out.detach(), *torch.autograd.grad(out, (q, k, v), qkv[3])])
    assert all(torch.equal(x, y) for x, y in zip(*results, strict=True))
