# SPDX-License-Identifier: Apache-2.0
"""examples/experiment at a size that takes seconds: its text, runs, checkpoints, probe and report."""

import json
import lzma
import random
import re
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import torch
from helpers import python

FOLDER = Path(__file__).parents[2] / "examples/experiment"
FIELDS = "layers=3 width=32 heads=2 seq_len=1024 num_levels=2 pooling_factor=2 topk=128"
FIELDS += " steps=4 batch=2 val_windows=3"
SMALL = ["--device", "cpu", "--trials", "3", *(f"--set={field}" for field in FIELDS.split())]
COPYING = ["--model", "copying", "--set=needles=2"]
RESULTS = Path(__file__).parents[2] / "docs/results"
PAGES = [RESULTS / "README.md", *RESULTS.glob("*/README.md")]  # of the plain Llama, and of another model each


def run(text: Path, out: Path, *options: str):
    where = ["--text", str(text), "--out", str(out)]
    return python(str(FOLDER / "run.py"), *SMALL, *where, *options, timeout=600, OMP_NUM_THREADS="1")


def module(name: str):
    """One of the experiment's files, whose names are common."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(FOLDER)
        for each in ("model", "needles", "probe", "report", "run", "text", "training"):
            patch.delitem(sys.modules, each, raising=False)
        return __import__(name)


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Not much of it."""
    folder = tmp_path_factory.mktemp("text")
    data = (Path(__file__).parent / "reference.py").read_bytes() * 4
    (folder / "train.xz").write_bytes(lzma.compress(data[:20_000]))
    (folder / "validation.xz").write_bytes(lzma.compress(data[:3_000]))
    return folder


@pytest.fixture(scope="module")
def results(text: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a dense run and one in two stages, and of the Llama with needles."""
    out = tmp_path_factory.mktemp("runs")
    result = run(text, out, *COPYING, "--run", "dense", "--run", "lighthouse", "--run", "dense model=llama")
    assert result.returncode == 0, result.stdout + result.stderr
    return out


def rows(folder: Path) -> dict[str, dict]:
    return {row["name"]: row for row in map(json.loads, (folder / "runs.jsonl").read_text().splitlines())}


def test_runs(results: Path) -> None:
    dense, ours, llama = rows(results).values()
    assert ours["steps"] == {"lighthouse": 2, "dense": 2}
    assert dense["steps"] == {"lighthouse": 0, "dense": 4}
    assert 0 < abs(ours["losses"][0] - dense["losses"][0]) < 0.1  # same start, same tokens, other attention
    assert dense["parameters"] == llama["parameters"] + 3 * 3 * 32 * 4  # of the convolutions
    for run_ in (dense, ours, llama):
        assert run_["settings"]["needles"] == 2
        assert run_["losses"][-1] < run_["losses"][0] < 6  # ln 256 is 5.5
        assert [each["step"] for each in run_["evaluations"]] == [1, 2, 3, 4]
        assert len(run_["evaluations"][-1]["losses"]) == 3
        assert all(len(each["needles"]) == len(run_["probe"]) for each in run_["evaluations"])
        assert all(row["trials"] == 4 for row in run_["probe"])  # whole batches
    assert [each["stage"] for each in ours["evaluations"]] == ["lighthouse"] * 2 + ["dense"] * 2
    assert not list(results.glob("*.pt"))


def test_a_run_in_pieces_is_the_same(text: Path, results: Path, tmp_path: Path) -> None:
    for piece in (1, 2):
        result = run(text, tmp_path, *COPYING, "--run", "lighthouse", "--minutes", "0")
        assert f"stopped after step {piece} of 4" in result.stdout, result.stderr
    result = run(text, tmp_path, *COPYING, "--run", "lighthouse", "--minutes", "0", "--set", "lr=1.0")
    assert "lighthouse.pt: expects a checkpoint of Settings(" in result.stderr
    assert run(text, tmp_path, *COPYING, "--run", "lighthouse").returncode == 0
    whole, pieces = rows(results)["lighthouse"], rows(tmp_path)["lighthouse"]
    for row in (whole, pieces):
        for evaluation in row["evaluations"]:
            del evaluation["seconds"]
    for key in ("losses", "evaluations", "probe", "settings"):
        assert whole[key] == pieces[key]
    result = run(text, tmp_path, *COPYING, "--run", "lighthouse")
    assert result.stdout == "all runs are finished\n"


def model_of(page: Path) -> str:
    return "llama" if page.parent == RESULTS else page.parent.name


def report(*options: str | Path, folder: Path = FOLDER) -> None:
    result = python(str(folder / "report.py"), *map(str, options))
    assert result.returncode == 0, result.stderr


def test_report(results: Path, tmp_path: Path) -> None:
    report("--model=copying", "--runs", results / "runs.jsonl", "--out", tmp_path, "--options", "--set steps=4")
    page = (tmp_path / "README.md").read_text()
    ours, dense = (rows(results)[name]["evaluations"][-1]["loss"] for name in ("lighthouse", "dense"))
    assert f"a difference of {ours - dense:+.4f}" in page
    assert ("The criterion is not met." in page) or ours <= dense
    assert "run.py --model copying --set steps=4\n" in page
    assert "2 needles" in page
    assert "| run | 1 | 2 | 3 | 4 |" in page  # the probe while training
    for name in ("losses.png", "probe.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "experiment.jsonl").read_text() == (results / "runs.jsonl").read_text()
    report("--model=copying", "--runs", tmp_path / "experiment.jsonl", "--out", tmp_path)
    assert (tmp_path / "README.md").read_text() == page.replace(" --set steps=4", "")


def test_report_of_runs_of_another_model(results: Path, tmp_path: Path) -> None:
    result = python(str(FOLDER / "report.py"), "--runs", str(results / "runs.jsonl"), "--out", str(tmp_path))
    assert "runs.jsonl: expects runs of llama, but got copying; see --model" in result.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_results(page: Path, tmp_path: Path) -> None:
    """The pages in the project are what report.py makes of the figures beside them."""
    shutil.copytree(RESULTS, tmp_path / "docs/results")
    (tmp_path / "examples").symlink_to(FOLDER.parent)
    out = tmp_path / "docs/results" / page.parent.relative_to(RESULTS)
    options = ["--model", model_of(page), "--runs", out / "experiment.jsonl", "--out", out]
    report(*options, folder=tmp_path / "examples/experiment")
    assert (out / "README.md").read_text() == page.read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_results_are_of_the_plan(page: Path) -> None:
    """run.py takes the figures in the project for finished runs of its plan."""
    run_ = module("run")
    base = run_.MODELS[model_of(page)]
    done = run_.finished(page.parent / "experiment.jsonl")
    assert set(done) <= set(run_.PLANS[model_of(page)])
    for name, row in done.items():
        assert row["settings"] == run_.plain(run_.settings_of(name, base))


def test_what_the_probe_says() -> None:
    copied = module("report").copied
    settings = {"model": "llama", "needles": 64}
    runs = [
        {"name": name, "settings": settings, "probe": [{"bytes": share}, {"bytes": 1.0 if share == 0.95 else share}]}
        for name, share in (("a", 0.04), ("b", 0.05), ("c", 0.5), ("d", 0.95))
    ]
    assert copied(runs[:1], []).startswith("No run has learned to copy on this budget: 4% of the bytes")
    said = copied(runs[:1], runs[1:2]).replace("\n", " ")
    assert "Needles in the training text, 64 a sequence, do not change that: `b` of" in said
    assert "has 5% at most" in said
    assert "right at every distance in 1 of the 4 runs of this model" in copied(runs, [])


def test_estimate(text: Path, tmp_path: Path) -> None:
    result = run(text, tmp_path, "--estimate", "1024")
    assert result.returncode == 0, result.stderr
    for line in ("N = 1,024, batch 2, compiled in ", "  lighthouse: ", "  dense: ", "  4 steps: "):
        assert f"\n{line}" in f"\n{result.stdout}"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--set", "depth=3"], "error: expects FIELD=VALUE with a field of ['batch', "),
        (["--set", "topk=many"], "error: topk: expects int, but got 'many'"),
        (["--set", "topk=100"], "error: topk: expects a positive multiple of 128"),
        (["--run", "lighthouse", "--set", "topk=1024"], "error: seq_len: expects 128 windows"),
        (["--set", "steps=10"], "error: steps times batch: expects at most the 19 sequences of the text, but got 20"),
        (["--set", "model=gpt"], "error: model: expects one of ['llama', 'copying'], but got 'gpt'"),
        (["--set", "needles=4"], "error: needles: expects at most 3 in 1,024 bytes, an eighth of them, but got 4"),
        (["--run", "sparse"], "error: a run's name: expects 'dense' or 'lighthouse' first, but got 'sparse'"),
        (["--text", "nowhere"], "error: expects nowhere/train.xz, but there is none; text.py makes it"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_refusals(options: list[str], message: str, text: Path, tmp_path: Path) -> None:
    result = run(text, tmp_path, *options)
    assert result.returncode == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_finished_runs_of_other_settings_are_refused(text: Path, results: Path) -> None:
    result = run(text, results, *COPYING, "--run", "dense", "--set", "lr=1.0")
    assert result.returncode == 1
    assert "runs.jsonl holds 'dense' with other settings" in result.stderr


def test_needles() -> None:
    needles = module("needles")
    made = needles.needles_of(needles.most(4096), 4096, random.Random("0 5"))
    assert made == needles.needles_of(needles.most(4096), 4096, random.Random("0 5"))
    assert made != needles.needles_of(needles.most(4096), 4096, random.Random("0 6"))
    row = torch.full([4096], ord(" "), dtype=torch.uint8)
    needles.plant(row, made)
    text = row.numpy().tobytes()
    for needle in made:
        assert re.fullmatch(rb"\n#[a-z]{6}=[a-z]{8}\n", needle.line)
        assert [match.start() for match in re.finditer(needle.line, text)] == [needle.first, needle.second]
    assert text.count(b" ") == 4096 - 2 * len(made) * needles.LENGTH  # they take an eighth, and do not overlap
    distances = [needle.second - needle.first for needle in needles.needles_of(400, 2**20, random.Random(0))]
    assert min(distances) >= needles.NEAREST
    below = sum(distance < 2**12 for distance in distances)
    assert 150 < below < 220  # of 400: 7 of 15 powers of two


def test_needles_of_training_do_not_depend_on_the_attention(text: Path) -> None:
    training = module("training")
    data = training.Text.read(text, "cpu")
    small = {"layers": 2, "width": 32, "heads": 2, "seq_len": 1024, "num_levels": 2, "pooling_factor": 2, "topk": 128}
    small |= {"needles": 3, "steps": 4, "batch": 2}
    ours, dense, other = (
        training.Training(training.Settings(**small, **each), data, "cpu")
        for each in ({}, {"dense_from": 0.0}, {"seed": 1})
    )
    before = data.train.clone()
    assert torch.equal(ours.batch_of(3), dense.batch_of(3))
    assert not torch.equal(ours.batch_of(3), other.batch_of(3))
    assert torch.equal(before, data.train)
    lines = re.findall(rb"\n#[a-z]{6}=[a-z]{8}\n", ours.batch_of(3).numpy().tobytes())
    assert len(lines) == 2 * 2 * 3
    assert len(set(lines)) == 2 * 3


def test_probe_sequence() -> None:
    probe = module("probe")
    filler = torch.full([1025], ord(" "), dtype=torch.uint8)
    made, needle = probe.sequence_of(filler, 500, 3, random.Random(0))
    text = made.numpy().tobytes()
    assert [match.start() for match in re.finditer(needle.line, text)] == [needle.first, needle.second]
    assert needle.second == 1025 - len(needle.line) == needle.first + 500
    assert text.count(b"#") == 2 * 4
    assert filler.unique().tolist() == [ord(" ")]


def test_heads_of_the_copying_model() -> None:
    """Untrained, a token attends to what followed where the same bytes stood before."""
    model = module("model")
    torch.manual_seed(0)
    net = model.Model("copying", 1, 128, 2, 128, {"topk": 128})
    tokens = torch.randint(256, [1, 128])
    tokens[0, 100:110] = tokens[0, 20:30]
    seen = []
    net.blocks[0].attention.forward = lambda q, k, v: seen.append((q, k)) or v
    net(tokens)
    ((q, k),) = seen
    q, k = q[0, ..., 32:], k[0, ..., 32:]  # without positions
    assert (q @ k.mT)[:, 103:110, :103].argmax(-1).tolist() == [list(range(24, 31))] * 2


def test_learning_rate() -> None:
    settings = module("training").Settings(steps=100, lr=1.0, warmup=0.1, decay_from=0.5)
    rates = [settings.learning_rate(step) for step in (0, 9, 49, 50, 75, 99)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 1.0, 0.5, 0.02])


def test_text(tmp_path: Path) -> None:
    text = module("text")
    files = {
        "p/a.py": b"a",
        "p/b.py": b"b",
        "p/q/c.py": b"c",
        "p/d.py": b"a",
        "p/e.txt": b"e",
        "p/f.py": b"f" * 300_000,
    }
    with zipfile.ZipFile(tmp_path / "p.whl", "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    assert text.documents([tmp_path / "p.whl"]) == [b"a\0b\0", b"c\0"]  # d repeats a, f is too long
    texts = [bytes([index]) for index in range(50)]
    train, validation = text.split(texts)
    assert len(validation) == 2
    assert sorted(train + validation) == list(range(50))
    assert list(train) != sorted(train)
