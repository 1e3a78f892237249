# SPDX-License-Identifier: Apache-2.0
"""What shows how a spec runs, on a GPU: what LIGHTHOUSE_DUMP leaves, machine code as text, ``lighthouse bench``."""

import importlib.util
import json
import re
from pathlib import Path

import lighthouse
import pytest
import torch
from helpers import python

RUN = """
import lighthouse, torch
x = torch.randn(1, 2, 1024, 64, dtype=torch.bfloat16, device="cuda")
lighthouse.attention(x, x, x, num_levels=2, pooling_factor=2, topk=128)
torch.cuda.synchronize()
"""


def test_dump_of_what_ran(tmp_path: Path) -> None:
    """With ptxas the machine code is there, with nvdisasm as text too; about.txt tells what is missing."""
    result = python("-c", RUN, LIGHTHOUSE_DUMP=str(tmp_path), LIGHTHOUSE_CACHE_DIR=str(tmp_path.parent / "cache"))
    assert result.returncode == 0, result.stderr
    assert "LIGHTHOUSE_DUMP" not in result.stderr
    (spec,) = tmp_path.iterdir()
    files = {path.name: path for path in spec.iterdir()}
    arch = lighthouse.devices()[0].arch
    assert spec.name == f"attention-bfloat16-B1-H2-N1024-D64-L2-p2-K128-{arch}"
    assert {"1-stages.mlir", "2-fused.mlir", "3-tile.mlir", "4-nvvm.mlir", "5-llvm.ll", "6-ptx.ptx"} <= files.keys()
    cubins = [name for name in files if name.endswith(".cubin")]
    about = files["about.txt"].read_text()
    if not cubins:
        assert "no sass: the driver makes the machine code" in about
        pytest.skip("no ptxas here: the driver compiles")
    assert "7-forward_attend.cubin" in cubins
    if "no sass" in about:
        assert "but found neither" in about
        pytest.skip("neither nvdisasm nor cuobjdump is here")
    sass = files["8-sass.txt"].read_text()
    assert all(name[len("7-") : -len(".cubin")] in sass for name in cubins)
    assert re.search(r"\bHG?MMA\b", sass)
    assert sass.count("EXIT") >= len(cubins)


def test_sass_by_the_command(tmp_path: Path) -> None:
    options = "--seq-len 1024 --head-dim 64 --levels 2 --dtype bfloat16 --emit sass --kernel forward_attend".split()
    result = python("-m", "lighthouse", "compile", *options)
    if "but found n" in result.stderr:
        pytest.skip(result.stderr.strip())
    assert result.returncode == 0, result.stderr
    assert "forward_attend" in result.stdout
    assert re.search(r"\bHG?MMA\b", result.stdout)


def test_bench(tmp_path: Path) -> None:
    options = "--seq-len 8192 --head-dim 64 --heads 4 --levels 3 --pooling-factor 4 --topk 256 --dtype bfloat16".split()
    plot = tmp_path / "roofline.png"
    arguments = [*options, "--rounds", "2", "--format", "json", "--plot", str(plot)]
    if not importlib.util.find_spec("matplotlib"):
        del arguments[-2:]
    result = python("-m", "lighthouse", "bench", *arguments)
    assert result.returncode == 0, result.stderr
    report = json.loads(result.stdout)
    assert torch.cuda.get_device_name() in report["what"]
    assert len([each for each in report["results"] if each["name"].startswith("forward_")]) == 5
    assert all(each["ms"] > 0 for each in report["results"])
    assert all(limit > 0 for limit in report["limits"].values())
