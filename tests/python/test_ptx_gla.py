# SPDX-License-Identifier: Apache-2.0
"""PTX of the scorer "gla" is assembled without spills or notes on slow code: by mma.sync, and by wgmma for sm_90a."""

import os
import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

import pytest
from lighthouse import _lighthouse
from test_ptx import DTYPES, HEAD_DIMS, RESERVED_SHARED, SHARED, assemble, find_ptxas


class Case(NamedTuple):
    dtype: str
    head_dim: int
    arch: str
    seq_len: int = 8190
    dilation: int = 4
    varlen: bool = False

    def spec(self) -> _lighthouse.Spec:
        return _lighthouse.Spec(
            op="attention" if self.varlen else "gather",
            dtype=self.dtype,
            scorer="gla",
            num_heads=4,
            num_kv_heads=2,
            seq_len=self.seq_len,
            head_dim=self.head_dim,
            num_levels=2,
            pooling_factor=4,
            topk=128,
            dilation=self.dilation,
            varlen=self.varlen,
        )

    @property
    def by_wgmma(self) -> bool:
        """Heads whose columns of values are whole panels (compiler/Cuda/HopperGlaSquares.cpp)."""
        return self.arch == "sm_90a" and self.dtype != "float32" and self.head_dim in (8, 40, 64, 128)


CASES = [Case(dtype, head_dim, arch) for dtype in DTYPES for head_dim in HEAD_DIMS for arch in ("sm_80", "sm_90a")]
CASES += [Case("bfloat16", 128, arch) for arch in SHARED if arch not in ("sm_80", "sm_90a")]
CASES += [Case("bfloat16", 128, arch, 8192, 1) for arch in ("sm_80", "sm_90a")]
CASES += [Case(dtype, 128, arch, varlen=True) for dtype in ("bfloat16", "float32") for arch in ("sm_80", "sm_90a")]


@pytest.fixture(scope="module")
def assembled() -> Iterator[dict[Case, Future]]:
    ptxas = find_ptxas()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield {case: pool.submit(assemble, ptxas, case) for case in CASES}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", CASES, ids=lambda case: "-".join(map(str, case)))
def test_assembles(assembled: dict[Case, Future], case: Case) -> None:
    status, log, kernels = assembled[case].result()
    assert status == 0, log
    assert not re.search(r"\bC75\d\d\b|warning|error", log), log
    squares = kernels["forward_gla_squares"]
    assert squares.multiplies_async == case.by_wgmma
    for name in ("forward_gla_squares", "forward_part_norms", "forward_max_pool"):
        kernel = kernels[name]
        assert kernel.spilt_bytes + kernel.stack_bytes == 0, (name, kernel)
        assert kernel.shared_bytes <= SHARED[case.arch] * 1024 - RESERVED_SHARED, (name, kernel)
