# SPDX-License-Identifier: Apache-2.0
"""The tuner without a GPU: what is refused, and a search on the fake driver, where all takes the same time."""

import json
import re
from pathlib import Path

import lighthouse
import pytest
from helpers import python

FAKE = Path(lighthouse.__file__).parents[2] / "lib/liblighthouse-fake-cuda.so"
needs_fake = pytest.mark.skipif(not FAKE.exists(), reason="the C++ tests are not built")
SIZES = "512, 16, num_levels=2, pooling_factor=2, topk=128, dtype='bfloat16'"


def on_fake(tmp_path: Path, code: str, **environment: str):
    """What code prints in a process with the fake driver and its own cache."""
    settings = {
        "LIGHTHOUSE_LIBCUDA": str(FAKE),
        "LIGHTHOUSE_FAKE_CUDA": "spills=0",
        "LIGHTHOUSE_PTXAS": "0",
        "LIGHTHOUSE_CACHE_DIR": str(tmp_path),
    }
    result = python(
        "-c", "import json, lighthouse\nfrom lighthouse import _lighthouse\n" + code, **settings | environment
    )
    assert result.returncode == 0, result.stderr
    return result


@needs_fake
def test_result(tmp_path: Path) -> None:
    code = f"""
tuning = lighthouse.autotune({SIZES}, kernels=["forward_gather"])
(gather,) = tuning.kernels
assert gather.kernel == "forward_gather" and gather.best == gather.defaults == {{"rows_per_group": 2, "threads": 256}}
assert gather.tried == 11 and gather.pruned == [] and gather.rejected == []
assert gather.default_microseconds == gather.microseconds
assert tuning.gpu == "Fake GPU 0" and "seq_len=512" in tuning.spec
print(tuning.database)
print(tuning)"""
    result = on_fake(tmp_path, code)
    assert result.stderr == "lighthouse: tuning forward_gather: 10.0 us, by default\n"
    file, table = result.stdout.split("\n", 1)
    (entry,) = json.loads(Path(file).read_text())["entries"]
    assert entry["kernel"] == "forward_gather"
    assert re.search(r"forward_gather +rows_per_group=2,threads=256 +=", table)
    assert on_fake(tmp_path, code.replace('"forward_gather"])', '"forward_gather"], progress=False)')).stderr == ""


@needs_fake
def test_other_processes_take_the_entries(tmp_path: Path) -> None:
    """Nearest in length; nothing for another head size."""
    features = {"kernel": "forward_gather", "dtype": "bfloat16", "head_dim": 16, "group": 1, "levels": 2}
    times = {"microseconds": 1.0, "default_microseconds": 2.0}
    entries = [
        features | times | {"length": 1000, "parameters": {"threads": 64}},
        features | times | {"length": 9000, "parameters": {"threads": 512}},
    ]
    (tmp_path / "tuning-Fake-GPU-0.json").write_text(json.dumps({"gpu": "Fake GPU 0", "entries": entries}))
    code = """
def schedules(**sizes):
    spec = _lighthouse.Spec(op="gather", dtype="bfloat16", num_levels=2, **sizes)
    _lighthouse.get_op(spec, "cuda:0")
    return _lighthouse.tuned_schedules(spec)
print(json.dumps([schedules(seq_len=n, head_dim=d) for n, d in ((512, 16), (4096, 16), (512, 24))]))"""
    expected = [{"forward_gather": {"threads": 64}}, {"forward_gather": {"threads": 512}}, {}]
    assert json.loads(on_fake(tmp_path, code).stdout) == expected
    listed = on_fake(
        tmp_path, "import sys, lighthouse.__main__ as m; sys.argv[1:] = ['cache', 'list']; m.main()"
    ).stdout
    assert "; forward_gather:threads=64" in listed


@needs_fake
def test_first_use_tunes_when_asked(tmp_path: Path) -> None:
    code = "_lighthouse.get_op(_lighthouse.Spec(op='gather', seq_len=512, head_dim=16, num_levels=2), 'cuda:0')"
    assert on_fake(tmp_path, code).stderr == ""
    said = on_fake(tmp_path, code, LIGHTHOUSE_AUTOTUNE="1").stderr
    assert re.match(r"lighthouse: tuning \d kernels on Fake GPU 0 for \[op=gather", said)
    assert "lighthouse: tuning forward_gather: " in said
    assert on_fake(tmp_path, code, LIGHTHOUSE_AUTOTUNE="1").stderr == ""


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ("512, 12", ValueError, "head_dim: expects a multiple of 8"),
        ("512, 16, device='cpu'", ValueError, "device: expects a GPU, as kernels of the CPU have no parameters"),
        ("512.0, 16", TypeError, "seq_len: expects an int, but got 512.0"),
        ("512, 16, dtype='int8'", ValueError, "dtype: expects one of 'float32'"),
        ("512, 16, kernels='forward_attend'", TypeError, "kernels: expects a list of names"),
        ("512, 16, num_levels=2", ValueError, "topk: expects a multiple of 128"),
    ],
    ids=["head_dim", "cpu", "seq_len", "dtype", "kernels", "topk"],
)
def test_refusals(arguments: str, error: type[Exception], text: str) -> None:
    arguments = arguments if "num_levels" in arguments else arguments + ", num_levels=1"
    with pytest.raises(error, match=re.escape(text)):
        eval(f"lighthouse.autotune({arguments})")


def test_without_a_driver() -> None:
    code = """
import lighthouse
try:
    lighthouse.autotune(512, 16, num_levels=1)
except RuntimeError as error:
    print(error)"""
    result = python("-c", code, LIGHTHOUSE_LIBCUDA="/nowhere/libcuda.so.1")
    assert result.stdout.startswith("expects an NVIDIA driver of at least 465"), result.stderr
