# SPDX-License-Identifier: Apache-2.0
"""examples/train_bytes.py at a size that takes seconds: what it writes, and what it refuses before training."""

import json
from pathlib import Path

import pytest
import torch
from helpers import python

SCRIPT = str(Path(__file__).parents[2] / "examples/train_bytes.py")
SMALL = "--seq-len 1030 --layers 2 --width 32 --heads 2 --pooling-factor 2 --topk 256 --val-windows 1 --lr 0.01".split()


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_trains(dtype: str, tmp_path: Path) -> None:
    options = [*SMALL, "--steps", "12", "--dense-steps", "3", "--dtype", dtype, "--out", str(tmp_path)]
    result = python(SCRIPT, *options)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "validation loss at the end" in result.stdout
    assert (tmp_path / "losses.png").read_bytes().startswith(b"\x89PNG")
    runs = json.loads((tmp_path / "results.json").read_text())["runs"]
    ours, dense = (run["losses"] for run in runs.values())
    assert len(ours) == len(dense) == 12
    assert ours[-1] < ours[0] < 6  # ln 256 is 5.5
    # One layer differs from the first step on; both start alike and read the same bytes.
    assert 0 < abs(ours[0] - dense[0]) < 0.1
    phases = [(row["phase"], row["steps"]) for run in runs.values() for row in run["rows"]]
    assert phases == [("Lighthouse", "1-9"), ("dense", "10-12"), ("dense", "1-9"), ("dense", "10-12")]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--seq-len", "200"], "error: seq_len: expects 128 windows"),
        (["--topk", "100"], "error: topk: expects a positive multiple of 128, but got 100; 128 fits"),
        (["--device", "nowhere"], "error: "),
        pytest.param(
            ["--device", "cuda"],
            "--device expects cpu, as torch sees no GPU, but got cuda",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU"),
        ),
        (["--steps", "0"], "--steps expects at least 1, but got 0"),
        (["--dense-steps", "100"], "--dense-steps expects 0 to 99, but got 100"),
        (["--width", "30"], "--width expects a multiple of twice --heads"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_refusals(options: list[str], text: str, tmp_path: Path) -> None:
    result = python(SCRIPT, *SMALL, *options, "--out", str(tmp_path / "out"))
    assert result.returncode != 0
    assert text in result.stderr
    assert "Traceback" not in result.stderr
    assert not (tmp_path / "out").exists()
