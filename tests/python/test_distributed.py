# SPDX-License-Identifier: Apache-2.0
"""Data parallel training on the CPU, two processes: DDP and FSDP2 have the gradients of one process."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers import python

SCRIPT = str(Path(__file__).with_name("data_parallel.py"))


def run_ranks(way: str, store: Path, device: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        ranks = [pool.submit(python, SCRIPT, way, str(store), str(rank), device) for rank in range(2)]
    for rank in ranks:
        result = rank.result()
        assert result.returncode == 0, result.stderr
        assert result.stdout == "equal\n"


@pytest.mark.parametrize("way", ["ddp", "fsdp2"])
def test_gradients_equal_those_of_one_process(way: str, tmp_path: Path) -> None:
    run_ranks(way, tmp_path / "store", "cpu")
