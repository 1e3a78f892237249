# SPDX-License-Identifier: Apache-2.0
"""Set-up of the tests on NVIDIA GPUs. They are skipped where torch sees none."""

import sys
from pathlib import Path

import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

from session import own_cache as own_cache


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if not torch.cuda.is_available():
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip(reason="torch sees no NVIDIA GPU"))


@pytest.fixture(autouse=True)
def no_error_is_left() -> None:
    """A kernel that fails does so in its own test."""
    yield
    if torch.cuda.is_available():
        torch.cuda.synchronize()
