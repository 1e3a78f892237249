# SPDX-License-Identifier: Apache-2.0
"""The cases computed with the method's published implementation, on the GPU: by the tests of the CPU."""

import pytest
import torch
from helpers import DTYPES, run
from test_golden import Case, check_16_bits, check_float32, each_case


@each_case
def test_float32(case: Case) -> None:
    check_float32(case, "cuda")


@each_case
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=str)
def test_16_bits(case: Case, dtype: torch.dtype) -> None:
    check_16_bits(case, dtype, "cuda")


@each_case
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_indices_are_those_of_the_cpu(case: Case, dtype: torch.dtype) -> None:
    inputs = case.inputs(dtype)
    assert torch.equal(*(run(*inputs, case.settings, device)["indices"] for device in ("cpu", "cuda")))
