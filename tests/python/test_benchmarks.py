# SPDX-License-Identifier: Apache-2.0
"""What the benchmarks compare with: the eager rendering selects and computes what the specification says."""

import eager
import pytest
import torch
from helpers import tensors
from reference import Settings, lighthouse


@pytest.mark.parametrize("settings", [Settings(2, 2, 128), Settings(3, 4, 256), Settings(4, 2, 384)], ids=str)
def test_eager(settings: Settings) -> None:
    shape = (2, 3, settings.least_length + 7, 16)
    q, k, v, dout = (x.double().add(torch.randn(shape) * 1e-3).float() for x in tensors(*[shape] * 4))  # no ties
    expected = lighthouse(q, k, v, settings, dout=dout)
    sizes = (settings.num_levels, settings.pooling_factor, settings.topk)
    levels = eager.Levels.of(shape[2], *sizes)
    assert torch.equal(eager.indices(eager.select(q, k, levels), levels), expected.indices)
    q, k, v = (x.requires_grad_() for x in (q, k, v))
    out = eager.attention(q, k, v, *sizes)
    results = (out, *torch.autograd.grad(out, (q, k, v), dout))
    for result, want in zip(results, (expected.out, expected.dq, expected.dk, expected.dv), strict=True):
        assert torch.dist(result.double(), want) <= 1e-5 * want.norm()
