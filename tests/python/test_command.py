# SPDX-License-Identifier: Apache-2.0
"""The command ``lighthouse`` from Python: the C++ tool of that name, on the cache that Python fills."""

import json
import re
from pathlib import Path

import lighthouse
import pytest
import torch
from helpers import python


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIGHTHOUSE_CACHE_DIR", str(tmp_path))
    lighthouse.clear_memory_cache()
    return tmp_path


def command(*arguments: str, status: int = 0) -> str:
    """What it prints; stderr when it fails."""
    result = python("-m", "lighthouse", *arguments)
    assert result.returncode == status, result.stdout + result.stderr
    return result.stderr if status else result.stdout


def test_info(cache: Path) -> None:
    info = json.loads(command("info", "--json"))
    assert info["version"] == lighthouse.__version__
    assert info["llvm_version"].startswith("22.")
    assert [target["name"].partition(":")[0] for target in info["targets"]] == ["host"]
    assert info["cache"]["path"] == str(cache)
    assert info["cache"]["entries"] == 0
    assert lighthouse.__version__ in command("info")


def test_cache_holds_what_was_compiled(cache: Path) -> None:
    assert command("cache", "list") == ""
    for dim in (8, 16):
        x = torch.zeros(1, 1, 300, dim)
        lighthouse.attention(x, x, x, num_levels=2, pooling_factor=2, topk=128)
    lines = command("cache", "list").splitlines()
    assert len(lines) == 2
    assert sorted(re.search(r"head_dim=(\d+)", line)[1] for line in lines) == ["16", "8"]
    assert all("seq_len=300" in line and "dtype=float32" in line for line in lines)
    assert json.loads(command("info", "--json"))["cache"]["entries"] == 2
    assert "removed 2 files" in command("cache", "clear")
    assert command("cache", "list") == ""


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ([], "expects a subcommand: compile, ptx, bench, suggest, tune, info or cache"),
        (["compil"], "Did you mean 'compile'"),
        (["compile", "--seq-len", "100"], "head-dim"),
        (["compile", "--seq-len", "100", "--head-dim", "12"], "head_dim: expects a multiple of 8 .*got 12; 16 fits"),
        (["compile", "--seq-len", "x", "--head-dim", "8"], "--seq-len.*'x'"),
        (["cache"], "list or clear"),
    ],
    ids=lambda x: " ".join(x) if isinstance(x, list) else "",
)
def test_bad_use_is_told(arguments: list[str], text: str) -> None:
    assert re.search(text, command(*arguments, status=2))


def test_output_that_cannot_be_written() -> None:
    code = "import sys, lighthouse.__main__ as m; sys.argv = ['lighthouse', 'info']; sys.exit(m.main())"
    result = python("-c", f"import os; os.dup2(os.open('/dev/full', os.O_WRONLY), 1)\n{code}")
    assert result.returncode == 1
    assert "cannot write to stdout: No space left on device" in result.stderr
