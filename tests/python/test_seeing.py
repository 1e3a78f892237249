# SPDX-License-Identifier: Apache-2.0
"""What shows how a spec runs: LIGHTHOUSE_DUMP, NVTX ranges, machine code as text, ``lighthouse bench``."""

import csv
import json
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from helpers import python
from lighthouse import _cuda, _lighthouse, _timing
from test_cuda import CALL, FAKE, needs_fake

FAKE_NVTX = FAKE.with_name("liblighthouse-fake-nvtx.so")
FAKE_GPU = {"LIGHTHOUSE_LIBCUDA": str(FAKE), "LIGHTHOUSE_PTXAS": "0"}
CPU_OP = "from lighthouse import _lighthouse as l; l.get_op(l.Spec(seq_len=600, head_dim=8, num_levels=2, num_heads=2))"
GPU_OP = f"import json\nfrom lighthouse import _lighthouse\n{CALL}"


def ran(code: str, **environment: str) -> str:
    """Runs code in a process of its own; returns what it wrote to stderr."""
    result = python("-c", code, **environment)
    assert result.returncode == 0, result.stderr
    return result.stderr


def dumped(folder: Path) -> dict[str, bytes]:
    """The files of the only spec in a dump."""
    (spec,) = folder.iterdir()
    return {path.name: path.read_bytes() for path in spec.iterdir()}


def test_dump_on_the_cpu(tmp_path: Path) -> None:
    """The second process finds the code on disk, and dumps the same."""
    setting = {"LIGHTHOUSE_CACHE_DIR": str(tmp_path / "cache")}
    first, second = tmp_path / "first", tmp_path / "second"
    assert ran(CPU_OP, LIGHTHOUSE_DUMP=str(first), **setting) == ""
    assert ran(CPU_OP, LIGHTHOUSE_DUMP=str(second), **setting) == ""
    (spec,) = first.iterdir()
    assert spec.name.startswith("attention-float32-B1-H2-G1-N600-D8-L2-p2-K128-")
    files, again = dumped(first), dumped(second)
    assert b"lighthouse.pool" in files["1-stages.mlir"]
    assert b'lighthouse.kernel "pool_score"' in files["2-fused.mlir"]
    assert b"scf.for" in files["3-loops.mlir"]
    assert b"define " in files["4-llvm.ll"]
    assert b"forward_attend:" in files["5-assembly.s"]
    assert files["6-forward_attend.o"].startswith(b"\x7fELF")
    assert {name for name in files if name.startswith("6-forward")} == {
        f"6-forward_{kernel}.o" for kernel in ("pool_score", "select_invert", "gather", "attend", "scatter")
    }
    assert b"code: compiled\n" in files.pop("about.txt")
    assert b"code: from the disk cache, its stages compiled again" in again.pop("about.txt")
    assert files == again


@needs_fake
def test_dump_of_a_gpu(tmp_path: Path) -> None:
    folder = tmp_path / "dump"
    assert ran(GPU_OP, **FAKE_GPU, LIGHTHOUSE_CACHE="0", LIGHTHOUSE_DUMP=str(folder)) == ""
    (spec,) = folder.iterdir()
    assert spec.name == "attention-float32-B1-H1-N64-D8-L1-sm_90a"
    files = dumped(folder)
    assert b"tile.kernel" in files["3-tile.mlir"]
    assert b"llvm.func" in files["4-nvvm.mlir"]
    assert b"target triple" in files["5-llvm.ll"]
    assert b".entry forward_attend(" in files["6-ptx.ptx"]
    assert b".entry forward_attend(" in files["7-forward_attend.ptx"]
    assert b"no sass: the driver makes the machine code\n" in files["about.txt"]
    assert "8-sass.txt" not in files


@needs_fake
def test_dumps_of_deterministic_code_lie_apart(tmp_path: Path) -> None:
    code = """
from lighthouse import _lighthouse as l
for deterministic in (False, True):
    l.get_op(l.Spec(seq_len=64, head_dim=8, dtype="bfloat16"), "cuda:0", deterministic)"""
    assert ran(code, **FAKE_GPU, LIGHTHOUSE_CACHE="0", LIGHTHOUSE_DUMP=str(tmp_path)) == ""
    default, deterministic = sorted(tmp_path.iterdir())
    assert default.name == "attention-bfloat16-B1-H1-N64-D8-L1-sm_90a"
    assert deterministic.name == default.name + "-deterministic"
    assert "attend_backward_joined" in (default / "3-tile.mlir").read_text()
    assert "attend_backward_joined" not in (deterministic / "3-tile.mlir").read_text()


def test_scale_is_in_the_name(tmp_path: Path) -> None:
    for scale in (0.25, 8**-0.5):
        code = f"from lighthouse import _lighthouse as l; l.get_op(l.Spec(seq_len=64, head_dim=8, scale={scale!r}))"
        ran(code, LIGHTHOUSE_DUMP=str(tmp_path))
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [("-scale0.25-" in name) for name in names] == [False, True]


def test_every_spec_has_a_folder(tmp_path: Path) -> None:
    code = """
from lighthouse import _lighthouse as l
sizes = dict(seq_len=600, head_dim=8, num_levels=2)
for more in ({}, {"scorer": "dilated"}, {"scorer": "dilated", "dilation": 2}, {"scorer": "gla"}, {"varlen": True}):
    l.get_op(l.Spec(**sizes, **more))"""
    ran(code, LIGHTHOUSE_DUMP=str(tmp_path))
    begin = "attention-float32-B1-H1-N600-D8-L2-p2-K128-"
    names = sorted(path.name.removeprefix(begin) for path in tmp_path.iterdir())
    assert len(names) == 5
    assert [name.partition("-")[0] for name in names if "-" in name] == ["dilated2", "dilated4", "gla4", "varlen"]


def test_dump_that_cannot_be_written(tmp_path: Path) -> None:
    """Is a warning with the reason; the op works."""
    file = tmp_path / "file"
    file.write_text("")
    text = ran(CPU_OP, LIGHTHOUSE_DUMP=str(file))
    assert text.startswith(f"lighthouse: warning: LIGHTHOUSE_DUMP is incomplete: cannot make '{file}/attention-")
    assert text.endswith(": Not a directory\n")
    folder = tmp_path / "dump"
    ran(CPU_OP, LIGHTHOUSE_DUMP=str(folder))
    (spec,) = folder.iterdir()
    (spec / "3-loops.mlir").unlink()
    (spec / "3-loops.mlir").mkdir()
    text = ran(CPU_OP, LIGHTHOUSE_DUMP=str(folder))
    expected = f"LIGHTHOUSE_DUMP is incomplete: cannot write '{spec}/3-loops.mlir': Is a directory"
    assert text == f"lighthouse: warning: {expected}\n"


@needs_fake
def test_nvtx_ranges(tmp_path: Path) -> None:
    log = tmp_path / "log"
    setting = {**FAKE_GPU, "LIGHTHOUSE_FAKE_NVTX_LOG": str(log), "NVTX_INJECTION64_PATH": str(FAKE_NVTX)}
    assert ran(GPU_OP, **setting) == ""
    assert ran(GPU_OP, **setting, LIGHTHOUSE_NVTX="0") == ""
    assert not log.exists()
    assert ran(GPU_OP, **setting, LIGHTHOUSE_NVTX="1") == ""
    push, pop = log.read_text().splitlines()
    assert push.startswith("push forward_attend [op=attention, dtype=float32, ")
    assert "seq_len=64" in push
    assert pop == "pop"


@needs_fake
def test_nvtx_without_a_profiler() -> None:
    assert ran(GPU_OP, **FAKE_GPU, LIGHTHOUSE_NVTX="1") == ""
    text = ran(GPU_OP, **FAKE_GPU, LIGHTHOUSE_NVTX="1", NVTX_INJECTION64_PATH="/nowhere.so")
    assert text.startswith("lighthouse: warning: LIGHTHOUSE_NVTX=1 shows no ranges: cannot open the profiler's library")
    text = ran(GPU_OP, **FAKE_GPU, LIGHTHOUSE_NVTX="yes")
    assert text == "lighthouse: warning: LIGHTHOUSE_NVTX expects 0 or 1, but got 'yes'; no ranges are shown\n"


@pytest.mark.parametrize("arch", ["sm_80", "sm_90a", "sm_100a"])
def test_sass(arch: str) -> None:
    """By NVIDIA's own nvdisasm, which requirements-dev.txt has; on a machine without it, nothing to try."""
    _cuda.add_tool_folders()
    spec = _lighthouse.Spec(dtype="bfloat16", seq_len=512, head_dim=64, num_levels=2)
    try:
        text = _lighthouse.emit(spec, "sass", "", arch)
    except RuntimeError as error:
        if "but found neither" not in str(error):
            raise
        pytest.skip("neither nvdisasm nor cuobjdump is here")
    assert f".target\t{arch}" in text
    kernels = set(re.findall(r"(?:Function : |\.global\s+)((?:for|back)ward_\w+)", text))
    assert {"forward_pool_score", "forward_attend", "forward_scatter"} <= kernels
    assert re.search(r"\bHG?MMA\b", text)
    assert text.count("EXIT") >= len(kernels)
    one = _lighthouse.emit(spec, "sass", "forward_gather", arch)
    assert "forward_gather" in one
    assert "forward_attend" not in one


SPEC = "--seq-len 600 --head-dim 16 --heads 2 --kv-heads 1 --levels 2 --dtype bfloat16 --device cpu --rounds 1".split()
KERNELS = ["pool_score", "select_invert", "gather", "attend", "scatter"]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, command: Callable[..., str]) -> Callable[..., str]:
    """``lighthouse bench`` on caches that are hardly cold."""
    monkeypatch.setattr(_timing, "FLUSHED", 2**20)
    return partial(command, "bench")


def test_bench_as_json(bench: Callable[..., str], tmp_path: Path) -> None:
    plot = tmp_path / "roofline.svg"
    report = json.loads(bench(*SPEC, "--format", "json", "--plot", str(plot)))
    assert report["what"] == "CPU, bfloat16, N=600, D=16, heads=2, L=2, p=2, K=128"
    limits, results = report["limits"], {each["name"]: each for each in report["results"]}
    assert list(results)[:6] == ["forward", *(f"forward_{kernel}" for kernel in KERNELS)]
    assert "backward_attend_backward" in results
    attend = results["forward_attend"]
    rows = 300 + 2 * 128
    assert attend["flops"] == 4 * (rows * (rows + 1) / 2) * 16 * 2
    assert attend["moved_bytes"] == 4 * 2 * rows * 16 * 2 + 2 * rows * 4
    for each in results.values():
        least = max(each["moved_bytes"] / limits["copy"], each["flops"] / limits["matmul"]) * 1e3
        if each["of"] != "limits":
            assert each["share"] == pytest.approx(least / each["ms"])
    parts = [results[f"forward_{kernel}"] for kernel in KERNELS]
    assert results["forward"]["flops"] == sum(each["flops"] for each in parts)
    drawn = plot.read_text()
    assert "<svg" in drawn


def test_bench_in_other_forms(bench: Callable[..., str], tmp_path: Path) -> None:
    header, *rows = csv.reader(bench(*SPEC, "--format", "csv").splitlines())
    assert header == ["name", "ms", "moved_bytes", "flops", "share", "of"]
    assert [row[0] for row in rows][:2] == ["forward", "forward_pool_score"]
    plot = tmp_path / "roofline.png"
    text = bench(*SPEC, "--plot", str(plot))
    assert re.search(r"forward_attend .*% of (copy|matmul)", text)
    assert plot.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--rounds", "0"], "rounds: expects at least 1, but got 0"),
        (["--plot", "x.gif"], "plot: expects a file name that ends in .png, .svg, .pdf, but got 'x.gif'"),
        (["--plot", "/nowhere/x.png"], "plot: expects a file in a folder that exists, but got '/nowhere/x.png'"),
        (["--head-dim", "12"], "head_dim: expects a multiple of 8 from 8 to 256, but got 12; 16 fits"),
        (["--device", "gpu"], "device: expects cpu, or cuda:0, cuda:1, ..., but got 'gpu'"),
        (["--dtype", "int8"], "invalid choice: 'int8'"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_bench_refuses(bench: Callable[..., str], arguments: list[str], text: str) -> None:
    assert text in bench(*SPEC, *arguments, status=2)
