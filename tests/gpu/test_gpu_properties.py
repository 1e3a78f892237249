# SPDX-License-Identifier: Apache-2.0
"""The CPU's property test on the GPU: random shapes, layouts and data against the float64 rendering of the spec."""

import pytest
import torch
from helpers import DTYPES
from hypothesis import event, given
from test_properties import DATA, LIMITS, Example, check, examples


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("data", DATA)
@given(case=examples())
def test_random_examples(data: str, dtype: torch.dtype, case: Example) -> None:
    known = check(case, data, dtype, "cuda")
    event("values too" if known else "selection only")
    assert known or data == "huge tokens"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("data", ["normal", "ties"])
@pytest.mark.parametrize("case", LIMITS.values(), ids=LIMITS.keys())
def test_limits(case: Example, data: str, dtype: torch.dtype) -> None:
    assert check(case, data, dtype, "cuda")
