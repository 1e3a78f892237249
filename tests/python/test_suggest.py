# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.suggest`` and its command: coverage by its formula, times against measured ones, what is refused."""

import csv
import json
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import lighthouse
import pytest
from lighthouse import _lighthouse, _suggest

H100 = "NVIDIA H100 80GB HBM3"

# Forward and backward in ms by benchmarks/op.py on an H100, as README.md and docs/choosing.md have them.
MEASURED = {
    (98_304, 3, 1_536): 4.84,
    (131_072, 3, 2_048): 8.41,
    (262_144, 3, 2_048): 14.7,
    (524_288, 4, 4_096): 43.0,
    (1_048_576, 4, 4_096): 58.2,
}


@pytest.mark.parametrize("case", MEASURED, ids=str)
def test_times_are_those_measured(case: tuple[int, int, int]) -> None:
    """Within a tenth; docs/choosing.md tells by how much."""
    tokens, levels, topk = case
    heads = {"num_heads": 8, "num_kv_heads": 8, "head_dim": 128, "dtype": "bfloat16"}
    spec = _lighthouse.Spec(**heads, seq_len=tokens, num_levels=levels, pooling_factor=4, topk=topk)
    found = _suggest._suggestion(spec, 4, _suggest.Rates(H100, "bfloat16", 128))
    assert found.ms == pytest.approx(MEASURED[case], rel=0.1)


def test_front() -> None:
    found = lighthouse.suggest(98304, 128, 8, budget=5.0, gpu="h100")
    times, coverages = ([getattr(each, name) for each in found.front] for name in ("ms", "coverage"))
    assert len(times) > 10
    assert times == sorted(times)
    assert coverages == sorted(set(coverages))
    assert all(each.forward_ms < each.ms for each in found.front)
    plain = found.front[-1]
    assert (plain.num_levels, plain.coverage, plain.rows, plain.speedup) == (1, 1.0, 98304, 1.0)
    assert found.best.ms <= 5.0 < times[times.index(found.best.ms) + 1]
    # The setting of README.md's table.
    one = next(each for each in found.front if each.settings == {"num_levels": 3, "pooling_factor": 4, "topk": 1536})
    assert one.rows == 98304 // 16 + 2 * 4 * 1536
    assert one.full_resolution == 4 * 1536 / 98304
    assert one.coverage == one.full_resolution
    assert one.coarsest_window == 16
    assert one.mean_window == pytest.approx((1 * 1 + 3 * 4 + 12 * 16) / 16)  # sixteenths of all tokens, by level
    assert one.speedup == pytest.approx(plain.ms / one.ms)


def test_mean_window_is_that_of_a_selection() -> None:
    """By the op itself: of each token the finest window in the sub-sequence that has it."""
    import torch

    tokens, settings = 2048, {"num_levels": 3, "pooling_factor": 4, "topk": 128}
    q, k, v = (torch.randn(1, 1, tokens, 8, generator=torch.Generator().manual_seed(seed)) for seed in range(3))
    _, aux = lighthouse.attention(q, k, v, **settings, return_aux=True)
    entries = set(aux.indices.flatten().tolist())
    finest = []
    for token in range(tokens):
        starts, window = 0, 1
        while starts + token // window not in entries:
            starts, window = starts + tokens // window, window * 4
        finest.append(window)
    spec = _lighthouse.Spec(**settings, seq_len=tokens, head_dim=64, dtype="bfloat16")
    found = _suggest._suggestion(spec, 4, _suggest.Rates(H100, "bfloat16", 64))
    assert found.rows == len(entries)
    assert found.full_resolution == finest.count(1) / tokens
    assert found.mean_window == pytest.approx(sum(finest) / tokens)


def test_run_of_tokens_that_matter() -> None:
    """Where single tokens matter wide windows are worth little, where long runs do they are cheap."""
    single = lighthouse.suggest(98304, 128, 8, budget=5.0, gpu=H100, run=1)
    long = lighthouse.suggest(98304, 128, 8, budget=5.0, gpu=H100, run=64)
    assert single.best.pooling_factor <= 4 < long.best.pooling_factor
    assert long.best.coverage == long.best.full_resolution
    assert single.best.coverage == single.best.topk / 98304


def test_other_sizes() -> None:
    """Keys that heads share, batches, dtypes, any N."""
    base = lighthouse.suggest(100_000, 64, 16, gpu="H200").front
    shared = lighthouse.suggest(100_000, 64, 16, num_kv_heads=4, gpu="H200").front
    batch = lighthouse.suggest(100_000, 64, 16, batch=2, gpu="H200").front
    assert shared[0].ms < base[0].ms < batch[0].ms
    assert batch[-1].ms == pytest.approx(2 * base[-1].ms)
    assert "16 heads of 64, 4 of keys" in lighthouse.suggest(8192, 64, 16, num_kv_heads=4, gpu="H200").title
    slow = lighthouse.suggest(32768, 64, 8, dtype="float32", gpu=H100).front[-1]
    assert slow.ms > 5 * lighthouse.suggest(32768, 64, 8, dtype="float16", gpu=H100).front[-1].ms


def test_times_lie_between_those_measured() -> None:
    rates = _suggest.Rates(H100, "bfloat16", 128)
    points = {2**x: 2**y for x, y in rates.points["forward_attend"].items()}
    (low, fast), *_, (high, slow) = sorted(points.items())

    def microseconds(flops: float) -> float:
        return rates.microseconds(_suggest.Launch("forward_attend", 0, 0, 1, flops))

    for flops, time in points.items():
        assert microseconds(flops) == pytest.approx(time)
    assert fast < microseconds(math.sqrt(low * high)) < slow
    assert microseconds(3 * high) == pytest.approx(3 * slow)


@pytest.mark.parametrize(
    ("changes", "error", "text"),
    [
        ({"budget": 0}, ValueError, "budget: expects milliseconds above 0, but got 0"),
        ({"budget": math.nan}, ValueError, "budget: expects milliseconds above 0, but got nan"),
        ({"budget": "5 ms"}, TypeError, "budget: expects milliseconds as a number, or None, but got '5 ms'"),
        ({"budget": True}, TypeError, "budget: expects milliseconds as a number, or None, but got True"),
        ({"budget": 0.01}, ValueError, r"budget: expects at least 0\.\d+ ms, what the fastest .*, but got 0.01"),
        ({"run": 0}, ValueError, "run: expects 1 to 64 tokens, but got 0"),
        ({"run": 2.0}, TypeError, "run: expects an int"),
        (
            {"gpu": "NVIDIA"},
            ValueError,
            f"gpu: expects one model, but got 'NVIDIA', which is part of {H100}, NVIDIA H200",
        ),
        (
            {"gpu": "TPU"},
            ValueError,
            f"gpu: expects a model with measurements, '{H100}' or 'NVIDIA H200', but got 'TPU'",
        ),
        ({"gpu": 100}, TypeError, "gpu: expects a model's name such as 'H100' or None, but got 100"),
        (
            {"head_dim": 96},
            ValueError,
            f"head_dim: expects D in bfloat16 that was measured on {H100}: 64, 128, but got 96",
        ),
        ({"head_dim": 12}, ValueError, "head_dim: expects a multiple of 8"),
        ({"dtype": "int8"}, ValueError, "dtype: expects"),
        ({"num_kv_heads": 3}, ValueError, "num_kv_heads"),
        ({"seq_len": 300}, ValueError, "seq_len: expects a length at which settings beat plain attention, but got 300"),
        ({"seq_len": 98304.0}, TypeError, "seq_len: expects an int"),
    ],
    ids=str,
)
def test_refusals(changes: dict, error: type[Exception], text: str) -> None:
    given = {"seq_len": 98304, "head_dim": 128, "num_heads": 8, "gpu": H100, **changes}
    with pytest.raises(error, match=text):
        lighthouse.suggest(**given)


def test_without_a_gpu_one_is_to_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_suggest._cuda, "devices", list)
    with pytest.raises(ValueError, match=f"gpu: expects a model where this machine has no GPU, one of '{H100}'"):
        lighthouse.suggest(98304, 128, 8)


def test_plot(tmp_path: Path) -> None:
    found = lighthouse.suggest(98304, 128, 8, budget=5.0, gpu=H100)
    figure = found.plot(tmp_path / "front.svg")
    assert (tmp_path / "front.svg").read_text().startswith("<?xml")
    (axes,) = figure.axes
    assert axes.get_ylabel() == "coverage"
    with pytest.raises(ValueError, match=r"file: expects a file name that ends in .png, .svg, .pdf, but got 'x.gif'"):
        found.plot("x.gif")


SPEC = "--seq-len 98304 --head-dim 128 --heads 8 --gpu H100".split()


@pytest.fixture
def suggest(command: Callable[..., str]) -> Callable[..., str]:
    """``lighthouse suggest``."""
    return partial(command, "suggest")


def test_command(suggest: Callable[..., str], tmp_path: Path) -> None:
    plot = tmp_path / "front.png"
    text = suggest(*SPEC, "--budget", "5", "--plot", str(plot))
    assert plot.read_bytes().startswith(b"\x89PNG")
    expected = lighthouse.suggest(98304, 128, 8, budget=5.0, gpu=H100)
    assert text == f"{expected}\n"
    assert text.count("<- budget") == 1
    assert "Measured on NVIDIA H100 80GB HBM3: 27 times of 9 kernels in bfloat16 with D = 128. Computed: " in text
    report = json.loads(suggest(*SPEC, "--budget", "5", "--format", "json"))
    assert report["best"] == expected.best._asdict()
    header, *rows = csv.reader(suggest(*SPEC, "--format", "csv").splitlines())
    assert header == list(_suggest.Suggestion._fields)
    assert len(rows) == len(expected.front)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--budget", "-1"], "lighthouse: error: budget: expects milliseconds above 0, but got -1.0"),
        (["--gpu", "TPU"], "gpu: expects a model with measurements"),
        (["--plot", "/nowhere/x.png"], "plot: expects a file in a folder that exists, but got '/nowhere/x.png'"),
        (["--dtype", "int8"], "invalid choice: 'int8'"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_command_refuses(suggest: Callable[..., str], arguments: list[str], text: str) -> None:
    assert text in suggest(*SPEC, *arguments, status=2)
