# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.plot_selection``: what it draws is what the indices say, and what it refuses."""

from pathlib import Path

import lighthouse
import numpy as np
import pytest
import torch
from helpers import python
from lighthouse import _lighthouse, _selection_plot

SETTINGS = {"num_levels": 3, "pooling_factor": 2, "topk": 128}
TOKENS = 601  # 604 with padding
EXAMPLE = str(Path(__file__).parents[2] / "examples/plot_selection.py")


@pytest.fixture(scope="module")
def indices() -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(2, 4, TOKENS, 8, generator=generator) for _ in range(3))
    return lighthouse.attention(q, k, v, **SETTINGS, return_aux=True)[1].indices


def expected(entries: list[int], level: int) -> list[bool]:
    """By the numbering that docs/python.md tells."""
    start = sum(604 // 2**finer for finer in range(level))
    return [start + position // 2**level in entries for position in range(TOKENS)]


def test_each_row_is_a_level(indices: torch.Tensor) -> None:
    figure = lighthouse.plot_selection(indices, TOKENS, **SETTINGS, batch=1, heads=[3, 0])
    strips = [axes for axes in figure.axes if axes.get_ylabel().startswith("head")]
    assert [axes.get_ylabel() for axes in strips] == ["head 3", "head 0"]
    for axes, head in zip(strips, (3, 0), strict=True):
        drawn = axes.images[0].get_array()
        entries = set(indices[1, head].tolist())
        for level in range(3):
            assert drawn[level].tolist() == expected(entries, level)
        assert drawn[2].all()


def test_columns_of_several_positions() -> None:
    """Shades are shares, and the last column has what is left."""
    spec = _lighthouse.Spec(**SETTINGS, seq_len=3000, head_dim=8)
    padded = spec.padded_length()
    selected = np.array([0, 2, 3, 2999, padded + 1])
    shares = _selection_plot.shares_by_level(selected, spec)
    assert shares.shape == (3, 2048)
    counts = np.diff([*(np.arange(2048) * 3000 // 2048), 3000])
    assert set(counts) == {1, 2}
    assert (shares[0] * counts).sum() == 4
    assert (shares[1] * counts).sum() == 2
    assert shares[0, -1] == 1 / counts[-1]


def test_arrays_and_files(indices: torch.Tensor, tmp_path: Path) -> None:
    figure = lighthouse.plot_selection(indices.numpy(), TOKENS, **SETTINGS, file=tmp_path / "x.png")
    assert (tmp_path / "x.png").read_bytes().startswith(b"\x89PNG")
    assert sum(axes.get_ylabel().startswith("head") for axes in figure.axes) == 4


def test_example(tmp_path: Path) -> None:
    """It makes the image of docs/python.md."""
    result = python(EXAMPLE, str(tmp_path / "selection.png"))
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "selection.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        (
            {"seq_len": 1200},
            ValueError,
            r"indices: expects shape \[B, Hq, 812\] for these settings, but got \[2, 4, 663\]",
        ),
        ({"indices": torch.zeros(4, 663)}, TypeError, "indices: expects integers, but got float32"),
        ({"indices": torch.zeros(4, 663, dtype=torch.int32)}, ValueError, r"indices: expects shape \[B, Hq, 663\]"),
        (
            {"indices": torch.full((1, 1, 663), -1)},
            ValueError,
            "indices: expects numbers of entries, 0 to 1056.*got -1",
        ),
        ({"indices": torch.full((1, 1, 663), 1057)}, ValueError, "0 to 1056 for these settings, but got 1057"),
        ({"num_levels": 1}, ValueError, "num_levels: expects at least 2, as one level selects nothing, but got 1"),
        ({"topk": 100}, ValueError, "topk: expects a positive multiple of 128, but got 100"),
        ({"batch": 2}, ValueError, "batch: expects 0 to 1, but got 2"),
        ({"heads": [0, 4]}, ValueError, "heads: expects 0 to 3, but got 4"),
        ({"heads": []}, ValueError, "heads: expects at least one, but got none"),
        ({"file": "x.gif"}, ValueError, "file: expects a file name that ends in .png, .svg, .pdf, but got 'x.gif'"),
    ],
    ids=str,
)
def test_refusals(indices: torch.Tensor, changes: dict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        lighthouse.plot_selection(**{"indices": indices, "seq_len": TOKENS, **SETTINGS, **changes})
