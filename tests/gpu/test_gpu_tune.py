# SPDX-License-Identifier: Apache-2.0
"""The tuner on a GPU: a small spec is tuned, results stay those of the CPU, and a second process takes the entries."""

import json
from dataclasses import asdict
from pathlib import Path

import lighthouse
import pytest
import torch
from helpers import python, run, small_inputs
from lighthouse import _lighthouse
from reference import Settings

SETTINGS = Settings(num_levels=2, pooling_factor=4, topk=128)
SEQ_LEN = 4096


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIGHTHOUSE_CACHE_DIR", str(tmp_path))
    lighthouse.clear_memory_cache()
    yield tmp_path
    lighthouse.clear_memory_cache()


def sizes_of(q: torch.Tensor, k: torch.Tensor) -> dict:
    return {
        "seq_len": q.shape[2],
        "head_dim": q.shape[3],
        "num_heads": q.shape[1],
        "num_kv_heads": k.shape[1],
        "batch": q.shape[0],
        "dtype": str(q.dtype).removeprefix("torch."),
    }


def test_tuned_results_are_those_of_the_cpu(cache: Path) -> None:
    inputs = small_inputs(dtype=torch.bfloat16, seq_len=SEQ_LEN)
    sizes = sizes_of(*inputs[:2])
    settings = asdict(SETTINGS)
    tuning = lighthouse.autotune(**sizes, **settings)
    print(tuning)
    names = [each.kernel for each in tuning.kernels]
    assert {"forward_attend", "forward_gather"} <= set(names)
    assert any(name.startswith("backward_attend_backward_") for name in names), names
    for each in tuning.kernels:
        assert 0 < each.microseconds <= each.default_microseconds, each
        assert each.tried > 0, each
        assert not any("other results" in reason for _, reason in each.rejected), each.rejected

    spec = _lighthouse.Spec(**sizes, **settings)
    taken = _lighthouse.tuned_schedules(spec)
    assert taken == {each.kernel: each.best for each in tuning.kernels if each.best != each.defaults}
    given, expected = run(*inputs, SETTINGS, "cuda"), run(*inputs, SETTINGS, "cpu")
    assert torch.equal(given.pop("indices"), expected.pop("indices"))
    for name, wanted in expected.items():
        error = (given[name].double() - wanted.double()).norm() / wanted.double().norm()
        assert error <= 3e-2, name  # as test_gpu_torch.py's test_the_cpu_agrees

    code = f"""
import json
from lighthouse import _lighthouse
spec = _lighthouse.Spec(**{sizes | settings!r})
print(json.dumps([_lighthouse.tuned_schedules(spec), _lighthouse.get_op(spec, "cuda:0").origin]))"""
    result = python("-c", code, LIGHTHOUSE_CACHE_DIR=str(cache))
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == [taken, "disk"]


def test_first_use_tunes_when_asked(cache: Path) -> None:
    code = "_lighthouse.get_op(_lighthouse.Spec(seq_len=256, head_dim=32, dtype='float16'), 'cuda:0')"
    code = f"from lighthouse import _lighthouse\n{code}"
    environment = {"LIGHTHOUSE_CACHE_DIR": str(cache)}
    first = python("-c", code, LIGHTHOUSE_AUTOTUNE="1", **environment)
    assert first.returncode == 0, first.stderr
    assert "lighthouse: tuning forward_attend: " in first.stderr
    second = python("-c", code, LIGHTHOUSE_AUTOTUNE="1", **environment)
    assert second.returncode == 0
    assert second.stderr == ""
