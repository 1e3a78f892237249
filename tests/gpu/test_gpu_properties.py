# SPDX-License-Identifier: Apache-2.0
"""The CPU's property test on the GPU: random shapes, layouts and data against the float64 rendering of the spec."""

import pytest
import torch
from helpers import DTYPES
from hypothesis import event, given
from hypothesis import strategies as st
from test_properties import DATA, DILATED_DATA, LIMITS, SHORT, Example, check, check_dilated, examples


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("data", DATA)
@given(case=examples())
def test_random_examples(data: str, dtype: torch.dtype, case: Example) -> None:
    known = check(case, data, dtype, "cuda")
    event("values too" if known else "selection only")
    assert known or data == "huge tokens"


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("data", DILATED_DATA)
@given(case=examples(SHORT), dilation=st.integers(1, 9))
def test_dilated_scorer(data: str, dtype: torch.dtype, case: Example, dilation: int) -> None:
    check_dilated(case, data, dtype, dilation, "cuda")


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("data", ["normal", "ties"])
@pytest.mark.parametrize("case", LIMITS.values(), ids=LIMITS.keys())
def test_limits(case: Example, data: str, dtype: torch.dtype) -> None:
    assert check(case, data, dtype, "cuda")
