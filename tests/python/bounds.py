# SPDX-License-Identifier: Apache-2.0
"""How far from the float64 rendering a result in float32 arithmetic may be, element by element.

Rounding errors are followed through the op with absolute values, so a bound knows how large the terms are that an
element sums. docs/notes/reference.md derives it.
"""

from dataclasses import dataclass

import reference
import torch
from reference import ROWS, Result, Settings
from torch import Tensor

FLOAT32 = 2.0**-24  # unit roundoff
LEAST = 8.0  # roundings that even the shortest sum meets on the way


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


def excess(result: Tensor, expected: Tensor, bound: Tensor) -> float:
    """Largest error as a multiple of its bound; above 1 it is too large. A NaN counts as infinite."""
    info = torch.finfo(result.dtype)
    # The result is rounded to its dtype at the end; below its smallest normal number the step is constant.
    allowed = bound + info.eps / 2 * expected.abs() + info.smallest_normal * info.eps + 2.0**-120
    return ((result.double() - expected).abs() / allowed).nan_to_num(nan=torch.inf).max().item()


def excesses(results: dict[str, Tensor], expected: Result, allowed: Bounds) -> dict[str, float]:
    """``excess`` of each result by name."""
    return {name: excess(x, getattr(expected, name), getattr(allowed, name)) for name, x in results.items()}


def bounds(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    settings: Settings,
    dout: Tensor,
    indices: Tensor,
    scale: float | None = None,
    device: str = "cpu",
) -> Bounds:
    """Bounds for q [B, Hq, N, D], k, v [B, Hkv, N, D], dout [B, Hq, N, D] of one dtype and a selection [B, Hq, S].

    A 16-bit result is to be compared with the rendering that stores in this dtype. ``device``: where it was computed.
    On a GPU the products' factors are of the dtype, so weights and their gradients are rounded to it too.
    """
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    unit = unit_roundoff(q.dtype)
    group = q.shape[1] // k.shape[1]

    def rows(x: Tensor, repeats: int) -> Tensor:
        return reference.gather(reference.pyramid(reference.repeat_heads(x, repeats), settings), indices)

    # Gather and scatter are linear: autograd gives their adjoints, here on magnitudes.
    magnitudes = [x.detach().double().abs().requires_grad_() for x in (q, k, v)]
    gathered = [rows(x, repeats) for x, repeats in zip(magnitudes, (1, group, group), strict=True)]
    os = torch.zeros_like(gathered[0], requires_grad=True)
    out = reference.scatter(os, indices, q.shape[2], settings)
    (dos,) = torch.autograd.grad(out, os, dout.double().abs())
    signed = [rows(x.detach().double(), repeats) for x, repeats in ((q, 1), (k, group), (v, group))]
    stores = settings.num_levels > 1
    weights = q.dtype if device != "cpu" and q.dtype != torch.float32 else None
    errors, largest = attend_errors(signed, [x.detach() for x in gathered], dos, scale, unit, stores, weights)
    out_error = reference.scatter(errors.pop("os"), indices, q.shape[2], settings)
    grads = torch.autograd.grad(gathered, magnitudes, [errors.pop(name) for name in ("dqs", "dks", "dvs")])
    return Bounds(out_error, errors["lse"], *grads, known=roundings(q.shape[-1]) * FLOAT32 * largest < 0.1)


def score_errors(
    q: Tensor, k: Tensor, v: Tensor, settings: Settings, scale: float | None = None, device: str = "cpu"
) -> tuple[Tensor, Tensor]:
    """Absolute errors of the token scores of ``reference.token_scores``, [B, Hq, N]; infinite where logits are too
    large to compare values.

    Norms of tokens are exact. Norms of attention's outputs are off by at most the norm of these outputs' errors.
    """
    if settings.scorer == "norm":
        return tuple(torch.zeros(q.shape[:3], dtype=torch.float64) for _ in "qk")
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    weights = q.dtype if device != "cpu" and q.dtype != torch.float32 else None
    group = q.shape[1] // k.shape[1]
    q, k, v = (reference.repeat_heads(x.detach().double(), n) for x, n in ((q, 1), (k, group), (v, group)))
    errors = []
    for rows in ((q, k, v), (k, q, v)):
        error = torch.empty_like(q)
        for first in range(settings.dilation):
            signed = [x[:, :, first :: settings.dilation] for x in rows]
            magnitudes = [x.abs() for x in signed]
            of, largest = attend_errors(signed, magnitudes, None, scale, FLOAT32, False, weights)
            known = roundings(q.shape[-1]) * FLOAT32 * largest < 0.1
            error[:, :, first :: settings.dilation] = of["os"] if known else torch.inf
        norms = reference.attend_in_classes(*rows, settings.dilation, scale).norm(dim=-1)
        errors.append(error.norm(dim=-1) + roundings(q.shape[-1]) * FLOAT32 * norms)
    return tuple(errors)


def roundings(terms: int) -> float:
    """Error of a float32 sum of n terms, as a multiple of the unit roundoff of its absolute terms.

    Roundings are as good as independent: sqrt(n) (Higham and Mary, SIAM J. Sci. Comput. 41, 2019), never n.
    """
    return max(LEAST, terms**0.5)


def rounding(x: Tensor, dtype: torch.dtype | None) -> Tensor | float:
    """How far numbers of at most these magnitudes move when they are rounded to a dtype; nothing for None."""
    if dtype is None:
        return 0.0
    info = torch.finfo(dtype)
    return info.eps / 2 * x.clamp(min=info.smallest_normal)  # below, the step is constant


def attend_errors(
    signed: list[Tensor],
    magnitudes: list[Tensor],
    dos: Tensor | None,
    scale: float,
    unit: float,
    stores: bool,
    weights: torch.dtype | None,
) -> tuple[dict[str, Tensor], float]:
    """Errors of os, lse, dqs, dks, dvs [B, H, S, D], and the largest sum of absolute terms of a logit.

    ``dos``: magnitudes; without them only os and lse have errors. ``stores``: os is stored with unit roundoff ``unit``
    before it is scattered. ``weights``: the dtype of the softmax's weights, and of their gradients, as factors of a
    product; None for float32.
    """
    (qs, ks, vs), (qm, km, vm) = signed, magnitudes
    errors = {"os": [], "lse": [], "dqs": [], "dks": torch.zeros_like(km), "dvs": torch.zeros_like(vm)}
    largest = 0.0
    sums, logits = roundings(qs.shape[2]), roundings(qs.shape[3])
    for start in range(0, qs.shape[2], ROWS):
        stop = min(start + ROWS, qs.shape[2])
        here, seen = slice(start, stop), slice(0, stop)
        k_seen, v_seen = km[:, :, seen], vm[:, :, seen]
        os, lse = reference.attend_rows(qs[:, :, here], ks[:, :, seen], vs[:, :, seen], start, scale)
        p = (reference.mask(qs[:, :, here] @ ks[:, :, seen].mT * scale, start, -torch.inf) - lse[..., None]).exp()
        terms = reference.mask(abs(scale) * qm[:, :, here] @ k_seen.mT, start, 0.0)
        largest = max(largest, terms.max().item())
        mean_terms = (p * terms).sum(-1, keepdim=True)
        # Error of a weight: its own logit's, and by the denominator the weighted mean of all.
        w = FLOAT32 * p * (sums + logits * (terms + mean_terms))
        rounded = w + rounding(p, weights)
        o = rounded @ v_seen
        o_stored = 2 * unit * os.abs() if stores else torch.zeros_like(os)
        errors["os"].append(o + o_stored)
        errors["lse"].append(FLOAT32 * (logits * mean_terms[..., 0] + sums + lse.abs()))
        if dos is None:
            continue
        g = dos[:, :, here]
        # dS = P (dP - delta) with dP = dos . v and delta = dos . os.
        ds = w * (g @ v_seen.mT + (g * (p @ v_seen)).sum(-1, keepdim=True))
        ds += p * (g * (o + unit * os.abs())).sum(-1, keepdim=True)
        ds += rounding(p * (g @ v_seen.mT + (g * os.abs()).sum(-1, keepdim=True)), weights)
        errors["dqs"].append(abs(scale) * ds @ k_seen)
        errors["dks"][:, :, seen] += abs(scale) * ds.mT @ qm[:, :, here]
        errors["dvs"][:, :, seen] += rounded.mT @ g
    return {name: torch.cat(x, dim=2) if isinstance(x, list) else x for name, x in errors.items() if len(x)}, largest
