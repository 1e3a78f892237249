# SPDX-License-Identifier: Apache-2.0
"""Cases computed with the method's published implementation: our rendering of the spec, and the op, against them."""

import platform
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from bounds import bounds, excesses, score_errors, unit_roundoff
from helpers import python, run, stored
from reference import Settings, lighthouse, token_scores
from selections import check_selection
from torch import Tensor

GRADS = ("dq", "dk", "dv")
TOLERANCE = 1e-5  # of float32 results, relative


@dataclass(frozen=True)
class Case:
    """q, k, v [B, H, N, D] are views of [B, N, H, D]; dout and the expected results have the op's shapes."""

    settings: Settings
    q: Tensor
    k: Tensor
    v: Tensor
    dout: Tensor
    expected: dict[str, Tensor]

    def inputs(self, dtype: torch.dtype) -> list[Tensor]:
        return [x.to(dtype) for x in (self.q, self.k, self.v, self.dout)]


def load(path: Path) -> Case:
    with np.load(path) as data:
        tensors = {n: torch.from_numpy(data[n]) for n in ("q", "k", "v", "dout", "indices", "out", *GRADS)}
        levels = [int(data[name]) for name in ("num_levels", "pooling_factor", "topk")]
        scorer = str(data["scorer"])
        settings = Settings(*levels, scorer, int(data["dilation"]) if scorer == "dilated" else 4)
    for name in ("q", "k", "v", *GRADS):
        tensors[name] = tensors[name].transpose(1, 2)
    inputs = [tensors.pop(name) for name in ("q", "k", "v", "dout")]
    return Case(settings, *inputs, tensors)


CASES = {path.stem: load(path) for path in sorted((Path(__file__).parents[1] / "golden").glob("*.npz"))}
each_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())


def test_all_cases_are_there():
    assert len(CASES) == 8


def relative_error(result: Tensor, expected: Tensor) -> float:
    """Norm of the error over the norm of the tensor."""
    return ((result.double() - expected).norm() / expected.double().norm()).item()


@each_case
def test_rendering(case: Case):
    """The float64 rendering of the spec gives the published implementation's indices, and its values within 1e-6."""
    result = lighthouse(case.q, case.k, case.v, case.settings, dout=case.dout)
    assert torch.equal(result.indices, case.expected["indices"].long())
    for name in ("out", *GRADS):
        expected = case.expected[name]
        error = (getattr(result, name) - expected).abs().max() / expected.abs().max().clamp(min=1)
        assert error <= 1e-6, name


@each_case
def test_float32(case: Case):
    check_float32(case, "cpu")


def check_float32(case: Case, device: str) -> None:
    """Indices are equal; values within 1e-5, by norm and element by element.

    An element of a row sums thousands of terms that largely cancel, so its own size says little about its error: the
    absolute floor is 1e-5 of the tensor's largest element. Bounds that know the terms are much tighter for most
    elements; they are checked too.
    """
    inputs = case.inputs(torch.float32)
    results = run(*inputs, case.settings, device)
    assert torch.equal(results["indices"], case.expected["indices"])
    for name in ("out", *GRADS):
        expected = case.expected[name]
        assert relative_error(results[name], expected) <= TOLERANCE, name
        error = (results[name] - expected).abs()
        assert (error <= TOLERANCE * (expected.abs() + expected.abs().max())).all(), name
    check_elements(case, inputs, results, device)


@each_case
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_16_bits(case: Case, dtype: torch.dtype):
    check_16_bits(case, dtype, "cpu")


def check_16_bits(case: Case, dtype: torch.dtype, device: str) -> None:
    """Within twice the unit roundoff of the exact result on the same inputs, by norm; and element by element within
    the bounds of float32 arithmetic of the rendering that stores in this dtype. docs/notes/reference.md says why twice.

    Scores are of the given inputs, so with float16, which the cases are stored in, the indices are the published
    ones; with bfloat16 they are those of the rounded inputs, as far as the errors of scores tell them apart.
    """
    inputs = case.inputs(dtype)
    results = run(*inputs, case.settings, device)
    q, k, v, dout = inputs
    indices = results["indices"].long()
    scores = token_scores(q, k, v, case.settings, q.shape[-1] ** -0.5)
    check_selection(indices, scores, score_errors(q, k, v, case.settings, device=device), case.settings)
    exact = lighthouse(q, k, v, case.settings, dout=dout, indices=None if case.settings.scorer == "norm" else indices)
    assert torch.equal(indices, exact.indices)
    if dtype == torch.float16:
        assert torch.equal(results["indices"], case.expected["indices"])
    for name in ("out", *GRADS):
        assert relative_error(results[name], getattr(exact, name)) <= 2 * unit_roundoff(dtype), name
    check_elements(case, inputs, results, device)


# Code for CPUs with fewer instructions: lanes, fused multiplication and the ways of 16-bit numbers differ.
OTHER_CPUS = ["x86-64", "x86-64-v2", "x86-64-v3"]
if torch.backends.cpu.get_cpu_capability() == "AVX512":
    OTHER_CPUS.append("x86-64-v4")
on_x86 = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="LIGHTHOUSE_HOST_CPU is for x86-64")


@on_x86
@pytest.mark.parametrize("cpu", OTHER_CPUS)
def test_other_cpus(cpu: str):
    """One case in every dtype, by the tests above, with code for another CPU. Its head_dim of 80 fills no loop."""
    names = ["test_float32[", "test_16_bits[torch.float16-", "test_16_bits[torch.bfloat16-"]
    tests = [f"{__file__}::{name}two_levels_p8_d80]" for name in names]
    result = python("-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, LIGHTHOUSE_HOST_CPU=cpu)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 passed" in result.stdout


@on_x86
def test_unknown_cpu():
    """The name of the CPU reaches the compiler."""
    test = f"{__file__}::test_float32[two_levels_p8_d80]"
    result = python("-m", "pytest", "-q", "-p", "no:cacheprovider", test, LIGHTHOUSE_HOST_CPU="z80")
    assert result.returncode == 1
    assert "LIGHTHOUSE_HOST_CPU expects a CPU whose code this machine runs, but got 'z80'" in result.stdout


def check_elements(case: Case, inputs: list[Tensor], results: dict[str, Tensor], device: str) -> None:
    """Every element of every result is within its own bound."""
    q, k, v, dout = inputs
    indices = results.pop("indices").long()
    expected = lighthouse(q, k, v, case.settings, dout=dout, indices=indices, stored=stored(q.dtype))
    allowed = bounds(q, k, v, case.settings, dout, indices, device=device)
    too_far = {name: x for name, x in excesses(results, expected, allowed).items() if x > 1}
    assert allowed.known
    assert not too_far
