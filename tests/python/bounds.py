# SPDX-License-Identifier: Apache-2.0
"""How far from the float64 rendering a result in float32 arithmetic may be, element by element.

The bounds follow the rounding errors through the op with absolute values, so they know how large the terms are that an
element sums. docs/notes/reference.md derives them.
"""

from dataclasses import dataclass

import reference
import torch
from reference import ROWS, Settings
from torch import Tensor

FLOAT32 = 2.0**-24  # unit roundoff
# Float32 roundings that an element meets, as a multiple of one unit roundoff of the sum of its absolute terms. The
# longest sums have thousands of terms; their errors average out, and the largest factor seen is below half of these.
TERMS, LOGITS = 12.0, 6.0


@dataclass(frozen=True)
class Bounds:
    """Absolute errors in the shapes of what they bound. ``known``: the logits are exact enough to compare values."""

    out: Tensor
    lse: Tensor
    dq: Tensor
    dk: Tensor
    dv: Tensor
    known: bool


def unit_roundoff(dtype: torch.dtype) -> float:
    """2^-24, 2^-11, 2^-8 for float32, float16, bfloat16."""
    return torch.finfo(dtype).eps / 2


def bounds(
    q: Tensor, k: Tensor, v: Tensor, settings: Settings, dout: Tensor, indices: Tensor, scale: float | None = None
) -> Bounds:
    """Bounds for q [B, Hq, N, D], k, v [B, Hkv, N, D], dout [B, Hq, N, D] of one dtype and a selection [B, Hq, S].

    For 16-bit dtypes the comparison is with the rendering that stores in this dtype.
    """
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    unit = unit_roundoff(q.dtype)
    group = q.shape[1] // k.shape[1]
    leaves = [x.double().abs().requires_grad_() for x in (q, k, v)]
    zero = torch.zeros_like(q, dtype=torch.float64).requires_grad_()
    entries = [reference.pyramid(reference.repeat_heads(x, n), settings) for x, n in zip(leaves, (1, group, group))]
    rows = [reference.gather(x, indices) for x in entries]
    os = torch.zeros_like(rows[0]).requires_grad_()
    out = reference.scatter(os, indices, q.shape[2], settings)
    (dos,) = torch.autograd.grad(out, os, dout.double().abs(), retain_graph=True)
    values = [reference.gather(reference.pyramid(reference.repeat_heads(x.double(), n), settings), indices)
              for x, n in zip((q, k), (1, group))]
    del zero
    errors = attend_errors(*values, *(x.detach() for x in rows), dos, scale, unit)
    return errors
