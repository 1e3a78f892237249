# SPDX-License-Identifier: Apache-2.0
"""The benchmarks: what they compare with computes what the specification says, and figures become a report."""

import functools
import math
from pathlib import Path
from types import ModuleType

import attention
import attention_mma
import eager
import op
import pytest
import scorers
import shared
import torch
import train_step
from helpers import python, tensors
from lighthouse import _timing
from lighthouse._timing import Limits
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


BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize("name", ["attention", "attention_mma", "op", "gpu", "scorers", "suggest", "train_step"])
def test_a_gpu_is_needed(name: str, tmp_path: Path) -> None:
    result = python(str(BENCHMARKS / f"{name}.py"), "--out", str(tmp_path))
    assert result.returncode == 1
    assert "expects an NVIDIA GPU, but torch sees none" in result.stderr


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("varlen.py 512", "expects an NVIDIA GPU, but torch sees none"),
        ("host.py --device cuda:0", "expects an NVIDIA GPU, but torch sees none"),
        ("compile.py --device cuda:0", "--device expects one of cpu, but got 'cuda:0'; --arch needs no GPU"),
        ("op.py --from nothing.csv", "--from: expects the CSV file of an earlier run, but there is no nothing.csv"),
    ],
)
def test_what_is_missing_is_told(command: str, message: str) -> None:
    name, *options = command.split()
    result = python(str(BENCHMARKS / name), *options)
    assert result.returncode == 1
    assert result.stderr.strip().endswith(message)


def test_help_of_the_training_step() -> None:
    result = python(str(BENCHMARKS / "train_step.py"), "--help")
    assert result.returncode == 0, result.stderr
    assert all(option in result.stdout for option in ("--small", "--only", "--from", "--markdown"))
    assert "--case" not in result.stdout


def reported(module: ModuleType, rows: list[dict], folder: Path) -> int:
    """The exit status of a benchmark for figures of an earlier run; the table, CSV and plot are made."""
    shared.write_csv(folder / "earlier.csv", rows)
    arguments = ["--from", str(folder / "earlier.csv"), "--out", str(folder), "--markdown"]
    status = shared.main(module.__name__, module.__doc__, [], lambda case: [], module.report, arguments)
    assert (folder / f"{module.__name__}.png").read_bytes().startswith(b"\x89PNG")
    assert repr(shared.read_csv(folder / f"{module.__name__}.csv")) == repr(rows)  # NaN is not equal to itself
    return status


def attention_rows() -> list[dict]:
    """Every bar reached, just."""
    rows = []
    for case in attention.CASES:
        for side, error in (("ours", 0.004), ("FLASH", 0.003), ("cuDNN", 0.004)):
            for way in ("forward", "backward"):
                ms = 2.0 if side == "ours" else 2.0 * attention.BARS[case.head_dim, way]
                figures = {"ms": ms, "tflops": 600.5, "share": 0.75, "error": error, "clock_mhz": 1755}
                rows.append({"gpu": "H100", **case._asdict(), "side": side, "way": way, **figures})
    return rows


def test_attention_report(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rows = attention_rows()
    assert reported(attention, rows, tmp_path) == 0
    text = capsys.readouterr()
    assert "| H=8 S=16,384 D=128 forward | 2.00, 600, 75%, 0.004 |" in text.out
    assert "1.10 (bar 1.10) | 1755 |" in text.out
    assert "Every bar is reached." in text.err
    rows[0]["ms"] = 2.1  # ours, forward
    rows[1]["error"] = 0.0042  # ours, backward
    assert reported(attention, rows, tmp_path) == 1
    text = capsys.readouterr().err
    assert "H=8 S=16,384 D=128 forward: 1.05 times cuDNN's speed, expected 1.10" in text
    assert "H=8 S=16,384 D=128 backward: an error of 0.0042, cuDNN has 0.004" in text


def test_attention_mma_report(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rows = []
    for case in attention_mma.CASES:
        for way, bar in attention_mma.BARS.items():
            for side, ms in (("ours", 2.0), ("FLASH", 2.0 * bar), ("cuDNN", 1.0)):
                figures = {"ms": ms, "tflops": 300.5, "share": 0.4, "error": 0.002, "clock_mhz": 1755}
                rows.append({"gpu": "H100", **case._asdict(), "side": side, "way": way, **figures})
    assert reported(attention_mma, rows, tmp_path) == 0
    assert "0.95 (bar 0.95) |" in capsys.readouterr().out
    rows[3]["ms"] = 2.1  # ours, backward
    assert reported(attention_mma, rows, tmp_path) == 1
    text = capsys.readouterr().err
    assert "H=8 S=18,432 D=128 backward: 0.76 times FlashAttention's speed, expected 0.80" in text


def op_rows() -> list[dict]:
    rows = []
    for case in op.CASES:
        for way in op.WAYS:
            dense = float("nan") if case == op.MILLION else 1080.0
            figures = {"ms": 13.5, "limit_ms": 10.0, "dense_ms": dense, "extra_gib": 0.97, "clock_mhz": 1755}
            rows.append({"gpu": "H100", **case._asdict(), "way": way, **figures})
    return rows


def test_op_report(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rows = op_rows()
    assert reported(op, rows, tmp_path) == 0
    assert "| N=98,304 L=3 K=1,536 forward | 13.50 | 10.00 | 1.35 | 1080 | 80.0 |  | 1755 |" in capsys.readouterr().out
    rows[0]["limit_ms"] = 9.0
    rows[1]["extra_gib"] = 1.0
    rows[6]["dense_ms"] = 1000.0
    assert reported(op, rows[:-2], tmp_path) == 1
    text = capsys.readouterr().err
    assert "N=98,304 L=3 K=1,536 forward: 1.50 times the limit, expected at most 1.35" in text
    assert "N=98,304 L=3 K=1,536: 1.000 GiB beyond the inputs, expected less than 1.0" in text
    assert "N=524,288 L=4 K=4,096 forward: 74 times as fast as dense attention, expected 80" in text
    assert "N=1,048,576 L=4 K=4,096: has to run, but has no figures" in text


def scorer_rows() -> list[dict]:
    figures = {"norm_ms": 1.5, "op_ms": 9.5, "extra_gib": 0.97, "clock_mhz": 1755}
    peers = {"dilated": 5.0, "gla": 4.0}
    return [{"gpu": "H100", **case._asdict(), **figures, "peer_ms": peers[case.scorer]} for case in scorers.CASES]


def test_scorers_report(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rows = scorer_rows()
    assert reported(scorers, rows, tmp_path) == 0
    line = "| dilated N=98,304 | 1.50 | 9.50 | 8.00 | 5.00 (attention by cuDNN) | 1.60 (bar 1.60) | 0.970 | 1755 |"
    text = capsys.readouterr().out
    assert line in text
    assert "| gla N=98,304 | 1.50 | 9.50 | 8.00 | 4.00 (a copy) | 2.00 (bar 3.00) | 0.970 | 1755 |" in text
    rows[0]["op_ms"] = 10.0
    assert reported(scorers, rows, tmp_path) == 1
    text = capsys.readouterr().err
    assert "dilated N=98,304: 1.70 times the time of attention by cuDNN, expected at most 1.6" in text


def test_peer_of_the_dilated_scorer(monkeypatch: pytest.MonkeyPatch) -> None:
    """It attends to the classes that the scorer has."""
    q, k, v = tensors(*[(1, 2, 32, 8)] * 3)
    called = []
    monkeypatch.setattr(shared, "causal_attention", lambda side, *x: called.append(x))
    scorers.dilated_peer(q, k, v)()
    (first, _, _), (second, third, _) = called
    assert torch.equal(first, torch.cat([q[:, :, c :: scorers.DILATION] for c in range(scorers.DILATION)]))
    assert torch.equal(second, called[0][1])
    assert torch.equal(third, first)


def test_peer_of_the_gla_scorer() -> None:
    """It reads half of the bytes that q, k, v and g have, and writes as many."""
    q, k, v = tensors(*[(1, 2, 32, 8)] * 3)
    assert scorers.gla_peer(q, k, v)().nbytes == (3 * q.nbytes + 4 * 2 * 32) / 2


def test_limit_of_the_op() -> None:
    """2 S^2 H D operations forward, 7 S^2 H D both ways; q, k, v, out, and their gradients."""
    limits = Limits(copy=1e12, matmul=1e15)
    rows, tokens = op.BARRED[0].rows, op.BARRED[0].tokens
    assert rows == 98_304 // 16 + 2 * 4 * 1_536
    forward, both = (op.least(rows, tokens, way, limits) for way in op.WAYS)
    assert forward == pytest.approx(1e3 * (2 * rows**2 * 1024 / 1e15 + 4 * tokens * 2048 / 1e12))
    assert both == pytest.approx(1e3 * (7 * rows**2 * 1024 / 1e15 + 8 * tokens * 2048 / 1e12))


def test_reference_of_attention(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attention, "CHUNK", 48)
    q, k, v, dout = (torch.randn(1, 1, 130, 16, dtype=torch.float64).requires_grad_() for _ in range(4))
    out = torch.nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    results = (out, *torch.autograd.grad(out, (q, k, v), dout))
    with torch.no_grad():
        expected = attention.reference(*(x[0, 0] for x in (q, k, v, dout)))
    assert max(attention.errors(results, expected)) < 1e-14


def test_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no GPU of them, on the CPU, with FlashAttention's rendering there in cuDNN's place."""
    monkeypatch.setitem(shared.PEERS, "cuDNN", shared.PEERS["FLASH"])
    monkeypatch.setattr(_timing, "FLUSHED", 2**20)
    for module in (attention, op):
        monkeypatch.setattr(module, "random", functools.partial(_timing.random, device="cpu"))
        monkeypatch.setattr(module, "ROUNDS", 1)
    rows = attention.measure(attention.Case(2, 300, 64))
    assert [(row["side"], row["way"]) for row in rows] == [
        (side, way) for side in ("ours", "FLASH", "cuDNN") for way in ("forward", "backward")
    ]
    assert all(row["ms"] > 0 and 1e-4 < row["error"] < 0.02 for row in rows)

    monkeypatch.setattr(op, "graph_of", lambda call: call)
    monkeypatch.setattr(op, "extra_memory", lambda call: 0.5)
    rows = op.measure(op.Case(4_096, 3, 128))
    assert [row["way"] for row in rows] == ["forward", "both"]
    assert all(row["ms"] > 0 and row["limit_ms"] > 0 and row["dense_ms"] > 0 for row in rows)
    monkeypatch.setattr(scorers, "random", functools.partial(_timing.random, device="cpu"))
    monkeypatch.setattr(scorers, "ROUNDS", 1)
    monkeypatch.setattr(scorers, "graph_of", lambda call: call)
    monkeypatch.setattr(scorers, "extra_memory", lambda call: 0.5)
    for scorer in scorers.SCORERS:
        (row,) = scorers.measure(scorers.Case(scorer, 4_096, 3, 128))
        assert all(row[name] > 0 for name in ("op_ms", "norm_ms", "peer_ms"))
    monkeypatch.setattr(op, "MOST_DENSE", 0.0)
    assert all(math.isnan(row["dense_ms"]) for row in op.measure(op.Case(4_096, 3, 128)))


@pytest.mark.parametrize("case", [*train_step.CASES[:2], train_step.CASES[-1]], ids=str)
def test_attention_runs_once_a_training_step(case: train_step.Case) -> None:
    """But where checkpointing keeps the layer's input alone."""
    torch._dynamo.reset()
    step = train_step.stepper(train_step.SMALL, case, "cpu", "aot_eager")
    step()
    with torch.profiler.profile() as profile, torch.compiler.set_stance("fail_on_recompile"):
        step()
    counts = {event.key: event.count for event in profile.key_averages()}
    names = ["lighthouse::attention", "aten::_scaled_dot_product_flash_attention_for_cpu"]
    calls = [counts.get(name, 0) for name in names]
    layers = train_step.SMALL.layers
    assert (
        calls == {"lighthouse": [layers, 0], "dense": [0, layers * (2 if case.kept == "input" else 1)]}[case.attention]
    )


def train_step_rows() -> list[dict]:
    rows = []
    for case, step in zip(train_step.CASES, (1000.0, 1100.0, 4300.0, 4500.0, 5360.0), strict=True):
        speed = {"outcome": "ran", "step_ms": step, "tokens_per_s": 98_304e3 / step, "first_s": 14.0}
        speed |= {"peak_gib": 60.5, "graphs": 2}
        rows.append({"gpu": "H100", **case._asdict(), "tokens": 98_304, "layers": 30, **speed, "clock_mhz": 1755})
    return rows


def test_train_step_report(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    rows = train_step_rows()
    assert reported(train_step, rows, tmp_path) == 0
    assert "| lighthouse, all kept | 1,000 | 98,304 | 4.30 | 5.36 | 14.0 | 60.5 | 2 | 1755 |" in capsys.readouterr().out
    rows[0]["first_s"] = 15.5
    rows[2].update(step_ms=4200.0, tokens_per_s=98_304 / 4.2)
    assert reported(train_step, rows, tmp_path) == 1
    text = capsys.readouterr().err
    assert "lighthouse, all kept: 4.20 times dense's tokens/s, expected 4.3" in text
    assert "lighthouse, all kept: first step in 15.5 s, expected 15.0" in text
    rows[3].update(train_step.no_figures(train_step.CASES[3], train_step.SIZES, "failed"))
    assert reported(train_step, rows, tmp_path) == 1
    text = capsys.readouterr()
    assert "| dense, attention kept | failed |" in text.out
    assert "dense, attention kept: failed" in text.err
    for case, row in zip(train_step.CASES[2:], rows[2:], strict=True):
        row.update(train_step.no_figures(case, train_step.SIZES, "out of memory"))
    assert reported(train_step, rows, tmp_path) == 1
    text = capsys.readouterr()
    assert "out of memory" in text.out
    assert "both have to run" in text.err


def test_small_train_step(tmp_path: Path) -> None:
    result = python(str(BENCHMARKS / "train_step.py"), "--small", "--only", "lighthouse, all", "--out", str(tmp_path))
    assert result.returncode == 0, result.stderr
    (row,) = shared.read_csv(tmp_path / "train_step.csv")
    assert row["attention"] == "lighthouse"
    assert row["graphs"] == 2  # dense layers, and the others
    assert row["tokens_per_s"] == pytest.approx(1e3 * row["tokens"] / row["step_ms"])
    refused = python(str(BENCHMARKS / "train_step.py"), "--small", "--only", "sparse", "--out", str(tmp_path))
    assert refused.returncode == 1
    assert "--only: expects a part of lighthouse, all kept; " in refused.stderr
