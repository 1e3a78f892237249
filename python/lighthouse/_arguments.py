# SPDX-License-Identifier: Apache-2.0
"""Checks of the caller's arguments that need no torch.

What only the sizes decide (head counts, topk, pooling_factor, a sequence too short) is checked by ``Spec`` in C++.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from lighthouse import _scorer
from lighthouse._scorer import NO_NUMBERS, NUMBERS

DTYPES = ("float32", "bfloat16", "float16")
DEVICES = ("cpu", "cuda")
DILATED = ("dilated", "gla")  # scorers that read the dilation
FLOAT32_MIN, FLOAT32_MAX = 2.0**-126, (2.0 - 2.0**-23) * 2.0**127


class Settings(NamedTuple):
    """Checked settings of one call. ``scorer`` is a text and ``scale`` 0.0 for the default, as in ``Spec``.

    ``dilation`` is that of ``Spec`` where the scorer reads none.
    """

    num_levels: int
    pooling_factor: int
    topk: int
    scorer: str
    scale: float
    dilation: int


def settings(num_levels: Any, pooling_factor: Any, topk: Any, scorer: Any, scale: Any, dilation: Any) -> Settings:
    """Checks the types of the settings. Raises TypeError, or ValueError for an impossible number."""
    num_levels = integer("num_levels", num_levels)
    pooling_factor = integer("pooling_factor", pooling_factor)
    if topk is not None:
        topk = integer("topk", topk)
    if callable(scorer):
        scorer = _scorer.trace(scorer)
    if not isinstance(scorer, str):
        raise TypeError(
            f"scorer: expects a string such as 'norm', or a function of a token's q and k, but got {_describe(scorer)}"
        )
    plain_text("scorer", scorer)
    dilation = integer("dilation", dilation)
    if scorer not in DILATED or num_levels == 1:
        dilation = 4
    if num_levels == 1:  # One program for all: a single level reads neither.
        pooling_factor, topk = 2, 128
    elif topk is None:
        raise ValueError(
            "topk: expects a multiple of 128 when num_levels is not 1, but got None; give for example topk=128"
        )
    return Settings(num_levels, pooling_factor, topk, scorer, softmax_scale(scale), dilation)


def is_short(num_levels: int, pooling_factor: int, topk: int, tokens: int) -> bool:
    """Whether so many tokens are too few for a pyramid: a tile, N'/T tokens, holds fewer than 128 coarsest windows."""
    tile_unit = pooling_factor ** (num_levels - 1) * (topk // 128)
    return num_levels > 1 and -(-tokens // tile_unit) < 128


def gates_wanted(scorer: str, g: Any) -> None:
    """Checks that log gates are given where the scorer reads them, and only there. Raises ValueError."""
    if scorer == "gla" and g is None:
        raise ValueError("g: expects log gates [batch, heads, tokens] of float32 for scorer='gla', but got None")
    if scorer != "gla" and g is not None:
        raise ValueError(f"g: expects None for scorer={scorer!r}, but got log gates; scorer='gla' reads them")


def gates(g: Sequence[int], dtype: str, q: Sequence[int]) -> None:
    """Checks the shape and the dtype name of log gates against q [B, Hq, N, D], or [total, Hq, D] of packed documents.

    Raises ValueError or TypeError.
    """
    if dtype != "float32":
        raise TypeError(f"g: expects dtype float32, whatever that of q, but got {dtype}; convert it first")
    if tuple(g) != tuple(q[:-1]):
        axes = "[batch, heads, tokens]" if len(q) == 4 else "[tokens, heads]"
        raise ValueError(f"g: expects shape {axes} of q, {list(q[:-1])}, but got {list(g)}")


def integer(name: str, value: Any) -> int:
    """Returns ``value`` as an int that fits 64 bits. A bool is refused: it is a flag in the wrong place."""
    if isinstance(value, NO_NUMBERS) or not isinstance(value, (int, np.integer)):
        raise TypeError(f"{name}: expects an int, but got {_describe(value)}")
    if not -(2**63) <= value < 2**63:
        raise ValueError(f"{name}: expects an int of at most 64 bits, but got {value}")
    return int(value)


def softmax_scale(scale: Any) -> float:
    """Returns the scale to put into ``Spec``: 0.0, its default, for None."""
    if scale is None:
        return 0.0
    if isinstance(scale, NO_NUMBERS) or not isinstance(scale, NUMBERS):
        raise TypeError(f"scale: expects a float or None, but got {_describe(scale)}")
    if not FLOAT32_MIN <= scale <= FLOAT32_MAX:  # Also refuses NaN.
        raise ValueError(
            f"scale: expects a finite number above 0 that float32 holds, but got {scale}; None gives 1/sqrt(head_dim)"
        )
    return float(scale)


def plain_text(name: str, value: str) -> None:
    """Raises ValueError for a text that is not ASCII."""
    if not value.isascii() or "\0" in value:
        raise ValueError(f"{name}: expects plain ASCII text, but got {value!a}")


def flag(name: str, value: Any) -> None:
    """Raises TypeError unless ``value`` is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expects True or False, but got {_describe(value)}")


def function(name: str, value: Any) -> None:
    """Raises TypeError unless ``value`` can be called."""
    if not callable(value):
        raise TypeError(f"{name}: expects a function or None, but got {type(value).__name__}")


def shapes(q: Sequence[int], k: Sequence[int], v: Sequence[int]) -> None:
    """Checks q [B, Hq, N, D] against k and v [B, Hkv, N, D]. Raises ValueError."""
    for name, shape, heads in (("q", q, "heads"), ("k", k, "key heads"), ("v", v, "key heads")):
        if len(shape) != 4:
            raise ValueError(
                f"{name}: expects 4 dimensions [batch, {heads}, tokens, head_dim], but got shape {list(shape)}"
            )
    if tuple(k) != tuple(v):
        raise ValueError(f"v: expects the shape of k, {list(k)}, but got {list(v)}")
    for axis, what in ((0, "batch"), (2, "tokens"), (3, "head_dim")):
        if q[axis] != k[axis]:
            raise ValueError(
                f"k: expects the {what} of q, {q[axis]}, in dimension {axis}, but got {k[axis]} (shape {list(k)})"
            )


def packed_shapes(q: Sequence[int], k: Sequence[int], v: Sequence[int]) -> None:
    """Checks q [total, Hq, D] against k and v [total, Hkv, D] of packed documents. Raises ValueError."""
    for name, shape, heads in (("q", q, "heads"), ("k", k, "key heads"), ("v", v, "key heads")):
        if len(shape) != 3:
            raise ValueError(
                f"{name}: expects 3 dimensions [tokens of all documents, {heads}, head_dim], but got shape "
                f"{list(shape)}"
            )
    if tuple(k) != tuple(v):
        raise ValueError(f"v: expects the shape of k, {list(k)}, but got {list(v)}")
    for axis, what in ((0, "tokens"), (2, "head_dim")):
        if q[axis] != k[axis]:
            raise ValueError(
                f"k: expects the {what} of q, {q[axis]}, in dimension {axis}, but got {k[axis]} (shape {list(k)})"
            )


def dtypes(q: str, k: str, v: str) -> None:
    """Checks three dtype names. Raises TypeError for one that is not supported, ValueError when they differ."""
    for name, dtype in (("q", q), ("k", k), ("v", v)):
        if dtype not in DTYPES:
            raise TypeError(f"{name}: expects dtype float32, bfloat16 or float16, but got {dtype}; convert it first")
    for name, dtype in (("k", k), ("v", v)):
        if dtype != q:
            raise ValueError(f"{name}: expects the dtype of q, {q}, but got {dtype}")


def devices(q: str, k: str, v: str, g: str | None = None) -> None:
    """Checks device names, that of log gates where there are some. Raises ValueError."""
    for name, device in (("q", q), ("k", k), ("v", v)):
        if device.partition(":")[0] not in DEVICES:
            raise ValueError(f"{name}: expects a tensor on cpu or cuda, but got {device}; use .cpu() or .cuda()")
    for name, device in (("k", k), ("v", v), ("g", g or q)):
        if device != q:
            raise ValueError(f"{name}: expects the device of q, {q}, but got {device}")


def _describe(value: Any) -> str:
    return f"{value!r} ({type(value).__name__})"
