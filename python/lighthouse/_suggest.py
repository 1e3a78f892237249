# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.suggest``: settings worth trying for a length, by computed time and coverage."""

import bisect
import math
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lighthouse import _arguments, _cuda, _lighthouse
from lighthouse._program import Launch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEVELS = range(2, 9)
FACTORS = (2, 4, 8, 16, 32, 64)
PRODUCTS = 16  # FLOP a byte: more than that is a kernel of matrix products, whose time follows its FLOPs


class Suggestion(NamedTuple):
    """Settings of ``attention``, what they cover and what they take. One level is plain causal attention."""

    num_levels: int
    pooling_factor: int
    topk: int
    rows: int  # S, of the sub-sequence
    coverage: float  # 0 to 1, see ``suggest``
    full_resolution: float  # 0 to 1: share of the earlier tokens that a query attends one by one
    mean_window: float  # tokens, of the finest window in which a token is attended: the mean over tokens
    coarsest_window: int  # tokens
    forward_ms: float
    ms: float  # of forward and backward
    speedup: float  # over plain causal attention by the same kernels, forward and backward

    @property
    def settings(self) -> dict[str, int]:
        """``num_levels``, ``pooling_factor`` and ``topk``, for ``attention(q, k, v, **settings)``."""
        return {"num_levels": self.num_levels, "pooling_factor": self.pooling_factor, "topk": self.topk}


class Suggestions(NamedTuple):
    """What ``suggest`` returns. ``print`` shows it as a table.

    ``front`` has the settings that nothing beats in both time and coverage, the fastest first; the last one is plain
    causal attention. ``best`` is the one of the highest coverage within the budget; None without a budget.
    ``title`` tells of which sizes and GPU, ``basis`` what is measured and what computed.
    """

    front: tuple[Suggestion, ...]
    best: Suggestion | None
    title: str
    basis: str

    def __str__(self) -> str:
        header = ("levels", "factor", "topk", "rows", "coverage", "full", "mean window", "coarsest", "forward ms")
        header = (*header, "with backward", "x dense", "")
        lines = [header, *(_cells(each, each == self.best) for each in self.front)]
        widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
        table = ("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)
        return "\n".join([self.title, *(line.rstrip() for line in table), self.basis])

    def plot(self, file: str | os.PathLike[str] | None = None) -> "Figure":
        """Draws coverage over time, and into a PNG, SVG or PDF file where one is named. Needs matplotlib.

        Raises ValueError for another kind of file, or a folder that does not exist.
        """
        from lighthouse._suggest_plot import front_plot

        return front_plot(self, file)


def suggest(
    seq_len: int,
    head_dim: int,
    num_heads: int,
    *,
    budget: float | None = None,
    gpu: str | None = None,
    run: int = 4,
    num_kv_heads: int | None = None,
    batch: int = 1,
    dtype: Any = "bfloat16",
) -> Suggestions:
    """Suggests ``num_levels``, ``pooling_factor`` and ``topk`` for a length: the front of time and coverage.

    Needs no GPU. **Measured** are times of single kernels on the model of GPU, which its tuning database holds.
    **Computed** is everything else: the bytes and FLOPs of each kernel of each setting by the compiler's cost model,
    its time by the rate of the measured kernels of its name (between two of them, and beyond the largest at its rate),
    and the sum of these. Host time is not in it, nor is anything of a model around attention.

    **Coverage** is the share of the tokens before it that a query attends at full resolution and to some purpose:

        coverage = topk * min(pooling_factor, run) / N',    N' = the padded length

    The selection ends with ``topk`` windows of ``pooling_factor`` tokens, and all tokens of these are attended one by
    one: ``full_resolution = topk * pooling_factor / N'``. Where tokens that matter come in runs of ``run`` neighbours,
    a window holds at most that many of them, so wide windows do not count in full. ``topk`` is the number of places
    that can be attended so. With ``run=64`` coverage is ``full_resolution``. All other tokens are attended as averages:
    ``topk * pooling_factor`` windows of p, p^2, ... tokens at the levels between, and every window of ``p^(L-1)`` at
    the coarsest, ``coarsest_window``. ``mean_window`` is the mean over tokens of the finest window that has them. With
    one level coverage is 1. It says how much can be chosen, not how well the scorer chooses: that is the model's.

    Args:
        seq_len, head_dim, num_heads, num_kv_heads, batch: N, D, Hq, Hkv (None: Hq) and B of the calls.
        budget: milliseconds that forward and backward of one call may take; None for no limit.
        gpu: model of GPU, or a part of its name ("H100"); None for that of this machine. One with measurements: the
            library has some of the H100 and the H200, ``lighthouse tune`` makes those of another.
        run: how many neighbouring tokens matter together, 1 to 64.
        dtype: of q, k and v: "float32", "bfloat16" or "float16", or torch's.

    Returns:
        ``Suggestions``, which prints as a table; ``best`` is the choice for the budget, ``front`` all of them.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: sizes that do not go together; a budget that is no positive number, or less than the fastest
            settings take; a length with no settings faster than plain attention; a model of GPU, dtype or head_dim
            without measurements. The text says what would fit.

    Example:
        >>> found = lighthouse.suggest(8192, 64, 2, budget=0.2, gpu="H100")
        >>> print(found)
        >>> out = lighthouse.attention(q, k, v, **found.best.settings)  # q [1, 2, 8192, 64]
    """
    sizes = {"seq_len": seq_len, "head_dim": head_dim, "num_heads": num_heads, "batch": batch}
    sizes["num_kv_heads"] = num_heads if num_kv_heads is None else num_kv_heads
    sizes = {name: _arguments.integer(name, value) for name, value in sizes.items()}
    sizes["dtype"] = str(dtype).removeprefix("torch.")
    _lighthouse.Spec(**sizes).validate()
    run = _arguments.integer("run", run)
    if not 1 <= run <= 64:
        raise ValueError(f"run: expects 1 to 64 tokens, but got {run}")
    budget = None if budget is None else _milliseconds(budget)
    rates = Rates(_gpu_name(gpu), sizes["dtype"], sizes["head_dim"])
    front = _front(sizes, run, rates)
    best = None if budget is None else _within(front, budget)
    return Suggestions(front, best, _title(sizes, rates.gpu), rates.basis())


class Rates:
    """Times of kernels on a model of GPU, out of its tuning database."""

    def __init__(self, gpu: str, dtype: str, head_dim: int) -> None:
        self.gpu, self.dtype, self.head_dim = gpu, dtype, head_dim
        self.arch, entries = _lighthouse.tuning_entries(gpu)
        measured = [(*entry[:3], *entry[6:]) for entry in entries if entry[7]]  # those whose work is known
        if not measured or not self.arch:
            raise ValueError(_no_measurements(gpu))
        self._require("dtype", dtype, sorted({entry[1] for entry in measured}), "float32, bfloat16 or float16")
        measured = [entry for entry in measured if entry[1] == dtype]
        self._require("head_dim", head_dim, sorted({entry[2] for entry in measured}), f"D in {dtype}")
        self.points: dict[str, dict[float, float]] = {}  # of a kernel: log2 of microseconds by log2 of its work
        for kernel, _, of_head_dim, microseconds, moved_bytes, flops in measured:
            if of_head_dim == head_dim:
                work = math.log2(_work(moved_bytes, flops))
                self.points.setdefault(kernel, {}).setdefault(work, math.log2(microseconds))  # the user's are first
        plain = [entry[4] / entry[3] for entry in measured if entry[5] <= PRODUCTS * entry[4]]
        self.copy = float(np.median(plain))  # bytes a microsecond

    def _require(self, name: str, value: Any, known: Sequence[Any], what: str) -> None:
        if value not in known:
            raise ValueError(
                f"{name}: expects {what} that was measured on {self.gpu}: {', '.join(map(str, known))}, "
                f"but got {value}; 'lighthouse tune' on such a GPU measures others"
            )

    def microseconds(self, launch: Launch) -> float:
        """Along a line through the logarithms of the nearest two, and beyond the largest at its rate."""
        work = math.log2(_work(launch.moved_bytes, launch.flops))
        points = self.points.get(launch.kernel)
        if points is None:
            if launch.flops > PRODUCTS * launch.moved_bytes:
                raise ValueError(
                    f"head_dim: expects sizes whose kernels were measured on {self.gpu}, but got {self.head_dim} in "
                    f"{self.dtype}, which runs {launch.kernel}; 'lighthouse tune' on such a GPU measures it"
                )
            return launch.moved_bytes / self.copy
        x = sorted(points)
        if work >= x[-1] or len(x) == 1:
            return 2 ** (points[x[-1]] + work - x[-1])
        right = max(bisect.bisect(x, work), 1)
        low, high = x[right - 1], x[right]
        return 2 ** (points[low] + (points[high] - points[low]) * (work - low) / (high - low))

    def basis(self) -> str:
        count = sum(map(len, self.points.values()))
        return (
            f"Measured on {self.gpu}: {count} times of {len(self.points)} kernels in {self.dtype} with "
            f"D = {self.head_dim}. Computed: every time above, as the sum of its kernels' work at the measured rates; "
            f"coverage."
        )


def _work(moved_bytes: float, flops: float) -> float:
    return flops if flops > PRODUCTS * moved_bytes else moved_bytes


def _no_measurements(gpu: str) -> str:
    known = " or ".join(repr(name) for name in _lighthouse.tuned_gpus())
    return (
        f"gpu: expects a model with measurements, {known}, but got {gpu!r}; 'lighthouse tune' on such a GPU measures it"
    )


def _gpu_name(gpu: Any) -> str:
    """The full name of a model of GPU."""
    if gpu is None:
        here = [device.name for device in _cuda.devices()]
        if not here:
            known = ", ".join(repr(name) for name in _lighthouse.tuned_gpus())
            raise ValueError(
                f"gpu: expects a model where this machine has no GPU, one of {known}, but got none; 'H100' is enough"
            )
        return here[0]
    if not isinstance(gpu, str):
        raise TypeError(f"gpu: expects a model's name such as 'H100' or None, but got {gpu!r}")
    if not gpu.isprintable():
        raise ValueError(f"gpu: expects a model's name such as 'H100', but got {gpu!r}")
    names = sorted({*_lighthouse.tuned_gpus(), *(device.name for device in _cuda.devices())})
    found = [name for name in names if gpu and gpu.lower() in name.lower()]
    if len(found) > 1 and gpu not in found:
        raise ValueError(f"gpu: expects one model, but got {gpu!r}, which is part of {', '.join(found)}")
    return gpu if gpu in found or not found else found[0]


def _milliseconds(budget: Any) -> float:
    if isinstance(budget, _arguments.NO_NUMBERS) or not isinstance(budget, _arguments.NUMBERS):
        raise TypeError(f"budget: expects milliseconds as a number, or None, but got {budget!r}")
    if not 0 < budget <= sys.float_info.max:
        raise ValueError(f"budget: expects milliseconds above 0, but got {budget}")
    return float(budget)


def _within(front: Sequence[Suggestion], budget: float) -> Suggestion:
    fitting = [each for each in front if each.ms <= budget]
    if not fitting:
        raise ValueError(
            f"budget: expects at least {front[0].ms:.3g} ms, what the fastest settings take, but got {budget:g}"
        )
    return fitting[-1]


def _candidates(sizes: dict[str, Any]) -> Iterator[_lighthouse.Spec]:
    """Valid specs: all levels and factors, and four values of topk an octave."""
    tiles = sorted({max(1, mantissa << octave >> 2) for octave in range(20) for mantissa in (4, 5, 6, 7)})
    for levels in LEVELS:
        for factor in FACTORS:
            for tile in tiles:
                spec = _lighthouse.Spec(**sizes, num_levels=levels, pooling_factor=factor, topk=128 * tile)
                if spec.tile_length() < 128 * factor ** (levels - 1) or spec.subsequence_length() >= spec.seq_len:
                    break  # larger ones do not fit either
                yield spec


def _front(sizes: dict[str, Any], run: int, rates: Rates) -> tuple[Suggestion, ...]:
    """What no other beats, the fastest first."""
    dense = _suggestion(_lighthouse.Spec(**sizes), run, rates)
    dense = dense._replace(speedup=1.0)
    found = [_suggestion(spec, run, rates) for spec in _candidates(sizes)]
    found = sorted((each for each in found if each.ms < dense.ms), key=lambda each: (each.ms, -each.coverage))
    if not found:
        raise ValueError(f"seq_len: expects a length at which settings beat plain attention, but got {dense.rows}")
    front: list[Suggestion] = []
    for each in found:
        if not front or each.coverage > 1.01 * front[-1].coverage:  # less is the rounding of N'
            front.append(each._replace(speedup=dense.ms / each.ms))
    return (*front, dense)


def _suggestion(spec: _lighthouse.Spec, run: int, rates: Rates) -> Suggestion:
    forward, backward = (
        sum(rates.microseconds(Launch(*launch)) for launch in launches) / 1e3
        for launches in _lighthouse.launch_costs(spec, rates.arch)
    )
    levels, factor, padded = spec.num_levels, spec.pooling_factor, spec.padded_length()
    times = {"forward_ms": forward, "ms": forward + backward, "speedup": math.nan}
    if levels == 1:
        return Suggestion(1, factor, spec.topk, spec.seq_len, 1.0, 1.0, 1.0, 1, **times)
    windows = [factor**level for level in range(levels)]
    reached = [spec.topk * factor * window / padded for window in windows[:-1]] + [
        1.0
    ]  # share of tokens, level by level
    shares = [here - below for here, below in zip(reached, [0.0, *reached], strict=False)]
    return Suggestion(
        levels,
        factor,
        spec.topk,
        spec.subsequence_length(),
        coverage=spec.topk * min(factor, run) / padded,
        full_resolution=reached[0],
        mean_window=sum(share * window for share, window in zip(shares, windows, strict=True)),
        coarsest_window=windows[-1],
        **times,
    )


def _title(sizes: dict[str, Any], gpu: str) -> str:
    heads = f"{sizes['num_heads']} heads of {sizes['head_dim']}"
    if sizes["num_kv_heads"] != sizes["num_heads"]:
        heads += f", {sizes['num_kv_heads']} of keys"
    batch = f", batch of {sizes['batch']}" if sizes["batch"] > 1 else ""
    return f"{gpu}, {sizes['dtype']}, N = {sizes['seq_len']:,}, {heads}{batch}"


def _cells(each: Suggestion, is_best: bool) -> tuple[str, ...]:
    one = each.num_levels == 1
    return (
        str(each.num_levels),
        "" if one else str(each.pooling_factor),
        "" if one else f"{each.topk:,}",
        f"{each.rows:,}",
        f"{each.coverage:.2%}",
        f"{each.full_resolution:.2%}",
        f"{each.mean_window:.1f}",
        f"{each.coarsest_window:,}",
        f"{each.forward_ms:.3g}",
        f"{each.ms:.3g}",
        f"{each.speedup:.3g}",
        "<- budget" if is_best else "plain" if one else "",
    )
