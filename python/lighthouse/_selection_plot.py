# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.plot_selection``: which windows of which level were selected, by position."""

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lighthouse import _arguments, _lighthouse, _plots

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 2048  # of the image at most; more positions share one


def plot_selection(
    indices: Any,
    seq_len: int,
    *,
    num_levels: int = 3,
    pooling_factor: int = 4,
    topk: int,
    batch: int = 0,
    heads: Sequence[int] | None = None,
    file: str | os.PathLike[str] | None = None,
) -> "Figure":
    """Draws what was selected: for each head a strip, with a row a level (the finest at the bottom) over the positions.

    A position is dark in a row where a window of that level that has it is in the sub-sequence, so is attended. Above
    2,048 positions each column of the image stands for several, and its shade for the share of them. The coarsest level
    is always dark throughout: all of its windows are candidates. Needs matplotlib.

    Args:
        indices: [B, Hq, S], integers, a torch tensor of any device or a numpy array: ``aux.indices`` of
            ``attention(..., return_aux=True)``.
        seq_len: N, tokens of that call.
        num_levels, pooling_factor, topk: of that call; at least two levels.
        batch: which batch entry to draw.
        heads: query heads to draw, in this order; None for the first eight.
        file: a PNG, SVG or PDF file to write too.

    Returns:
        A ``matplotlib.figure.Figure``, which a notebook shows inline.

    Raises:
        TypeError: indices are no integers, or a setting has the wrong type.
        ValueError: indices that are not of such a call, a head or batch entry that is not there, a file of another
            kind or in a folder that does not exist. The text says what would fit.

    Example:
        >>> out, aux = lighthouse.attention(q, k, v, topk=256, return_aux=True)
        >>> lighthouse.plot_selection(aux.indices, q.shape[2], topk=256, file="selection.png")
    """
    if file is not None:
        _plots.check_file("file", file)
    spec = _spec(seq_len, num_levels, pooling_factor, topk)
    selected = _checked(indices, spec)
    batch = _inside("batch", batch, selected.shape[0])
    chosen = range(min(selected.shape[1], 8)) if heads is None else heads
    if not isinstance(chosen, Iterable):
        raise TypeError(f"heads: expects numbers of heads such as [0, 1], or None, but got {heads!r}")
    chosen = [_inside("heads", head, selected.shape[1]) for head in chosen]
    if not chosen:
        raise ValueError("heads: expects at least one, but got none")
    figure = _draw([shares_by_level(selected[batch, head], spec) for head in chosen], chosen, spec)
    if file is not None:
        figure.savefig(file)
    return figure


def _spec(seq_len: Any, num_levels: Any, pooling_factor: Any, topk: Any) -> _lighthouse.Spec:
    seq_len = _arguments.integer("seq_len", seq_len)
    settings = _arguments.settings(num_levels, pooling_factor, topk, "norm", None, 4)
    if settings.num_levels == 1:
        raise ValueError("num_levels: expects at least 2, as one level selects nothing, but got 1")
    spec = _lighthouse.Spec(**settings._asdict(), seq_len=seq_len, head_dim=8)
    spec.validate()
    return spec


def _checked(indices: Any, spec: _lighthouse.Spec) -> NDArray[np.integer]:
    try:
        array = np.asarray(indices.detach().cpu() if hasattr(indices, "detach") else indices)
    except (TypeError, ValueError, NotImplementedError) as error:  # ragged, sparse or without data
        raise TypeError(f"indices: expects a tensor or an array, but got {type(indices).__name__}: {error}") from None
    if array.dtype.kind not in "iu":
        raise TypeError(f"indices: expects integers, but got {array.dtype}")
    rows = spec.subsequence_length()
    if array.ndim != 3 or array.shape[2] != rows:
        raise ValueError(f"indices: expects shape [B, Hq, {rows}] for these settings, but got {list(array.shape)}")
    if array.size == 0:
        raise ValueError(f"indices: expects at least one head, but got shape {list(array.shape)}")
    end = _starts(spec)[-1]
    if array.min() < 0 or array.max() >= end:
        wrong = array.min() if array.min() < 0 else array.max()
        raise ValueError(f"indices: expects numbers of entries, 0 to {end - 1} for these settings, but got {wrong}")
    return array


def _inside(name: str, value: Any, count: int) -> int:
    value = _arguments.integer(name, value)
    if not 0 <= value < count:
        raise ValueError(f"{name}: expects 0 to {count - 1}, but got {value}")
    return value


def _starts(spec: _lighthouse.Spec) -> list[int]:
    """The number of each level's first entry, and behind them that of all entries."""
    windows = [spec.padded_length() // spec.pooling_factor**level for level in range(spec.num_levels)]
    return [0, *np.cumsum(windows).tolist()]


def shares_by_level(selected: NDArray[np.integer], spec: _lighthouse.Spec) -> NDArray[np.float64]:
    """[L, columns]: the share of a column's positions that a selected window of the level has."""
    columns = min(spec.seq_len, COLUMNS)
    edges = np.arange(columns) * spec.seq_len // columns
    counts = np.diff([*edges, spec.seq_len])
    starts = _starts(spec)
    shares = np.empty((spec.num_levels, columns))
    for level in range(spec.num_levels):
        chosen = np.zeros(starts[level + 1] - starts[level], dtype=bool)
        chosen[selected[(selected >= starts[level]) & (selected < starts[level + 1])] - starts[level]] = True
        by_position = np.repeat(chosen, spec.pooling_factor**level)[: spec.seq_len]
        shares[level] = np.add.reduceat(by_position, edges, dtype=np.int64) / counts
    return shares


def _draw(strips: list[NDArray[np.float64]], heads: list[int], spec: _lighthouse.Spec) -> "Figure":
    from matplotlib.figure import Figure

    levels = spec.num_levels
    figure = Figure(figsize=(11, 0.8 + len(strips) * (0.35 + 0.22 * levels)), layout="constrained")
    all_axes = figure.subplots(len(strips), sharex=True, squeeze=False)[:, 0]
    for axes, strip, head in zip(all_axes, strips, heads, strict=True):
        extent = (0, spec.seq_len, -0.5, levels - 0.5)
        image = axes.imshow(
            strip, origin="lower", extent=extent, aspect="auto", cmap="Blues", vmin=0, vmax=1, interpolation="nearest"
        )
        axes.set_yticks(range(levels), [f"{spec.pooling_factor**level:,}" for level in range(levels)], fontsize="small")
        axes.set_ylabel(f"head {head}", fontsize="small")
        axes.hlines(np.arange(levels - 1) + 0.5, 0, spec.seq_len, color="white", linewidth=2)
    all_axes[-1].set_xlabel("position")
    all_axes[0].set_title(
        f"Selected windows by their tokens: N = {spec.seq_len:,}, {levels} levels of {spec.pooling_factor}, "
        f"K = {spec.topk:,}",
        fontsize="medium",
    )
    figure.colorbar(image, ax=list(all_axes), label="share selected", pad=0.01)
    return figure
