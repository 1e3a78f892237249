# SPDX-License-Identifier: Apache-2.0
"""PTX of the matrix of architectures, dtypes and head sizes is assembled, and the assembler's log is checked.

No GPU is needed. The matrix is covered, not run through: each dtype and head size is assembled with all kernels
(attention of three levels, grouped heads) for sm_80 and sm_90a, and as plain attention for one more architecture; each
architecture is assembled with all kernels of each dtype at two head sizes, and with the ops gather and scatter.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from lighthouse import _lighthouse

# Architectures, and the KiB of shared memory of a multiprocessor (runtime/CudaTarget.cpp).
SHARED = {
    "sm_80": 164,
    "sm_86": 100,
    "sm_89": 100,
    "sm_90a": 228,
    "sm_100a": 228,
    "sm_103a": 228,
    "sm_120a": 100,
}
DTYPES = ["float32", "float16", "bfloat16"]
HEAD_DIMS = [8, 40, 64, 80, 96, 128, 192, 256]
RESERVED_SHARED = 1024  # of each block on a multiprocessor
REGISTERS = 65536  # of a multiprocessor


class Case(NamedTuple):
    op: str
    num_levels: int
    dtype: str
    head_dim: int
    arch: str

    def spec(self) -> _lighthouse.Spec:
        return _lighthouse.Spec(
            op=self.op,
            dtype=self.dtype,
            batch=2,
            num_heads=4,
            num_kv_heads=2 if self.num_levels > 1 else 4,
            seq_len=8192,
            head_dim=self.head_dim,
            num_levels=self.num_levels,
            pooling_factor=4 if self.num_levels > 1 else 2,
        )


def covering_cases() -> list[Case]:
    archs, cases = list(SHARED), []
    others = [arch for arch in archs if arch not in ("sm_80", "sm_90a")]
    for i, dtype in enumerate(DTYPES):
        for j, head_dim in enumerate(HEAD_DIMS):
            cases += [Case("attention", 3, dtype, head_dim, arch) for arch in ("sm_80", "sm_90a")]
            cases.append(Case("attention", 1, dtype, head_dim, archs[(3 * i + j) % len(archs)]))
        for j, arch in enumerate(others):
            cases += [Case("attention", 3, dtype, HEAD_DIMS[(i + j + step) % 8], arch) for step in (0, 4)]
        for j, arch in enumerate(archs):
            cases += [Case(op, 3, dtype, HEAD_DIMS[(3 * i + j) % 8], arch) for op in ("gather", "scatter")]
    return cases


# Attention in which some kernel spills registers, most of all the gradients of keys and values: by data type and head
# size, the architectures.
SPILLS = {
    ("float32", 192): set(SHARED) - {"sm_120a"},
    ("bfloat16", 128): {"sm_100a"},
}


def marked(case: Case):
    spills = case.op == "attention" and case.arch in SPILLS.get((case.dtype, case.head_dim), ())
    marks = [pytest.mark.xfail(strict=True, raises=SpillError, reason="spills registers")] if spills else []
    return pytest.param(case, marks=marks, id="-".join(map(str, case)))


class SpillError(AssertionError):
    """Registers that the assembler kept in memory."""


class Kernel(NamedTuple):
    """What the assembler says of a kernel, and what the compiler assumed."""

    registers: int
    stack_bytes: int
    spilt_bytes: int
    shared_bytes: int
    threads: int
    min_blocks: int


class Assembled(NamedTuple):
    status: int
    log: str
    kernels: dict[str, Kernel]


def find_ptxas() -> str:
    """The one of requirements-dev.txt, so that results don't depend on the machine; else of CUDA_HOME or on PATH."""
    packages = [path for folder in sys.path for path in sorted(Path(folder).glob("nvidia/*/bin/ptxas"))]
    toolkits = [Path(os.environ[name]) / "bin/ptxas" for name in ("CUDA_HOME", "CUDA_PATH") if name in os.environ]
    for program in [*packages, *toolkits]:
        if os.access(program, os.X_OK):
            return str(program)
    found = shutil.which("ptxas")
    assert found, "expects a ptxas; PyPI's nvidia-cuda-nvcc has one: pip install -r requirements-dev.txt"
    return found


def assumed(nvvm: str) -> dict[str, dict[str, int]]:
    """The attributes lighthouse.* of each kernel."""
    lines = re.findall(r"llvm\.func ptx_kernelcc @(\w+)\(.*\) attributes \{(.*)\} \{", nvvm)
    return {
        name: {key: int(number) for key, number in re.findall(r"lighthouse\.(\w+) = (\d+)", attributes)}
        for name, attributes in lines
    }


def assemble(ptxas: str, case: Case) -> Assembled:
    ptx = _lighthouse.emit(case.spec(), "ptx", "", case.arch)
    launches = assumed(_lighthouse.emit(case.spec(), "nvvm", "", case.arch))
    with TemporaryDirectory() as folder:
        source = Path(folder) / "kernels.ptx"
        source.write_text(ptx)
        command = [ptxas, "-v", f"-arch={case.arch}", str(source), "-o", str(source.with_suffix(".cubin"))]
        result = subprocess.run(command, capture_output=True, text=True)
    log = result.stdout + result.stderr
    kernels = {}
    for section in log.split("Compiling entry function '")[1:]:
        name = section.partition("'")[0]
        launch = launches[name]

        def bytes_of(what: str, section: str = section) -> int:
            return sum(map(int, re.findall(rf"(\d+) bytes {what}", section)))

        kernels[name] = Kernel(
            registers=int(re.search(r"Used (\d+) registers", section)[1]),
            stack_bytes=bytes_of("stack frame"),
            spilt_bytes=bytes_of("spill"),
            shared_bytes=launch["shared_bytes"] + bytes_of("smem"),
            threads=launch["threads"],
            min_blocks=launch["min_blocks"],
        )
    assert result.returncode != 0 or kernels.keys() == launches.keys()
    return Assembled(result.returncode, log, kernels)


@pytest.fixture(scope="module")
def assembled(request: pytest.FixtureRequest) -> Iterator[dict[Case, Future]]:
    """All cases that this session runs, several at a time: emitting leaves Python's lock, and ptxas is a process."""
    items = [item for item in request.session.items if getattr(item, "module", None) is request.module]
    cases = [item.callspec.params["case"] for item in items if hasattr(item, "callspec")]
    ptxas = find_ptxas()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        yield {case: pool.submit(assemble, ptxas, case) for case in cases}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", [marked(case) for case in covering_cases()])
def test_assembles(assembled: dict[Case, Future], case: Case) -> None:
    status, log, kernels = assembled[case].result()
    assert status == 0, log
    # Notes on slow code are numbered C75xx.
    assert not re.search(r"\bC75\d\d\b|warning|error", log), log
    shared = SHARED[case.arch] * 1024
    for name, kernel in kernels.items():
        assert kernel.shared_bytes <= shared - RESERVED_SHARED, (name, kernel)
        assert kernel.min_blocks * (kernel.shared_bytes + RESERVED_SHARED) <= shared, (name, kernel)
        # Registers are handed out to a warp by eights a thread.
        assert -(-kernel.registers // 8) * 8 * kernel.threads * kernel.min_blocks <= REGISTERS, (name, kernel)
    spilling = {name: kernel for name, kernel in kernels.items() if kernel.spilt_bytes or kernel.stack_bytes}
    if spilling:
        raise SpillError(spilling)


def test_all_is_covered() -> None:
    cases = covering_cases()
    assert len(set(cases)) == len(cases)
    whole = [case for case in cases if case.op == "attention" and case.num_levels == 3]
    for arch in ("sm_80", "sm_90a"):
        covered = {(case.dtype, case.head_dim) for case in whole if case.arch == arch}
        assert len(covered) == len(DTYPES) * len(HEAD_DIMS)
    assert {(case.arch, case.dtype) for case in whole} == {(arch, dtype) for arch in SHARED for dtype in DTYPES}
    assert {case.arch for case in cases if case.num_levels == 1} == set(SHARED)
