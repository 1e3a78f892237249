# SPDX-License-Identifier: Apache-2.0
"""PTX of the matrix of architectures, dtypes and head sizes is assembled, and the assembler's log is checked.

No GPU is needed. The matrix is covered, not run through: each dtype and head size is assembled with all kernels
(attention of three levels, grouped heads) for sm_80 and sm_90a, and as plain attention for one more architecture; each
architecture is assembled with all kernels of each dtype at two head sizes, with the ops scatter and gather, the latter
by norms, by the scorer "dilated" and by one of the user's own, and as plain attention of bfloat16 at two head sizes.
Heads that sm_90a has schedules of its own for are assembled there also with rows that end within a block, aligned or
not, and with rows known at run time.
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
# Of 16 bits for sm_90a: warpgroups with roles (docs/hopper.md).
HOPPER_HEAD_DIMS = [64, 80, 96, 128]
# Every word of a scorer's text (lighthouse_ops/ScoreExpression.h).
SCORER = (
    "log(sum(exp(q - max(q)))) / norm(k) + sum(q * k), sqrt(mean(square(maximum(-k, 0.5)))) - min(minimum(abs(k), 1))"
)
# Whole blocks; the last one ragged; and rows of float32 that start at no multiple of 16 bytes.
HOPPER_SEQ_LENS = [8192, 8188, 8191]
RESERVED_SHARED = 1024  # of each block on a multiprocessor
REGISTERS = 65536  # of a multiprocessor
GLOBAL_ACCESS = re.compile(r"^\s*(?:@%p\d+ )?(?:ld\.global|st\.global|red\.|atom\.|cp\.)\S*", re.MULTILINE)


class Case(NamedTuple):
    op: str
    num_levels: int
    dtype: str
    head_dim: int
    arch: str
    seq_len: int = 8192
    grouped: bool = True
    scorer: str = "norm"
    varlen: bool = False

    def spec(self) -> _lighthouse.Spec:
        return _lighthouse.Spec(
            op=self.op,
            dtype=self.dtype,
            batch=2,
            num_heads=4,
            num_kv_heads=2 if self.grouped else 4,
            seq_len=self.seq_len,
            head_dim=self.head_dim,
            num_levels=self.num_levels,
            pooling_factor=4 if self.num_levels > 1 else 2,
            scorer=self.scorer,
            varlen=self.varlen,
        )


def covering_cases() -> list[Case]:
    archs, cases = list(SHARED), []
    others = [arch for arch in archs if arch not in ("sm_80", "sm_90a")]
    for i, dtype in enumerate(DTYPES):
        for j, head_dim in enumerate(HEAD_DIMS):
            cases += [Case("attention", 3, dtype, head_dim, arch) for arch in ("sm_80", "sm_90a")]
            # 8190 leaves some residue classes of the scorer a row short.
            cases.append(Case("gather", 3, dtype, head_dim, "sm_80", 8190, scorer="dilated"))
            cases.append(Case("attention", 1, dtype, head_dim, archs[(3 * i + j) % len(archs)], grouped=False))
        for j, arch in enumerate(others):
            cases += [Case("attention", 3, dtype, HEAD_DIMS[(i + j + step) % 8], arch) for step in (0, 4)]
        for j, arch in enumerate(archs):
            cases += [Case(op, 3, dtype, HEAD_DIMS[(3 * i + j) % 8], arch) for op in ("gather", "scatter")]
            cases.append(Case("gather", 3, dtype, HEAD_DIMS[(3 * i + j + 5) % 8], arch, 8190, scorer="dilated"))
            cases.append(Case("gather", 3, dtype, HEAD_DIMS[(3 * i + j + 1) % 8], arch, 8191, scorer=SCORER))
    # Tensors with strides and shared heads: the most registers.
    cases += [Case("attention", 1, "bfloat16", head_dim, arch) for arch in archs for head_dim in (64, 128)]
    cases += [
        Case("attention", 1, dtype, head_dim, "sm_90a", seq_len, grouped)
        for dtype in DTYPES[1:]
        for head_dim in HOPPER_HEAD_DIMS
        for seq_len in HOPPER_SEQ_LENS
        for grouped in (False, True)
    ]
    cases += [
        Case("gather", 3, dtype, head_dim, "sm_90a", 8190, grouped, "dilated")
        for dtype in DTYPES[1:]
        for head_dim in HOPPER_HEAD_DIMS
        for grouped in (False, True)
    ]
    cases += [
        Case("attention", num_levels, dtype, head_dim, arch, varlen=True)
        for num_levels in (1, 3)
        for dtype, head_dim in (("bfloat16", 64), ("bfloat16", 128), ("float32", 128))
        for arch in ("sm_80", "sm_90a")
    ]
    cases += [
        Case("attention", 1, dtype, head_dim, "sm_90a", grouped=grouped, varlen=True)
        for dtype in DTYPES[1:]
        for head_dim in (40, *HOPPER_HEAD_DIMS)
        for grouped in (False, True)
    ]
    cases += [
        Case("attention", 3, "bfloat16", 128, arch, scorer=scorer, varlen=True)
        for scorer in ("dilated", SCORER)
        for arch in ("sm_80", "sm_90a")
    ]
    return list(dict.fromkeys(cases))


def name_of(case: Case) -> str:
    return "-".join(map(str, case._replace(scorer="own" if case.scorer == SCORER else case.scorer)))


class Kernel(NamedTuple):
    """What the assembler says of a kernel, and what the compiler assumed."""

    registers: int
    stack_bytes: int
    spilt_bytes: int
    shared_bytes: int
    threads: int
    min_blocks: int
    early_accesses: list[str]  # of global memory, before it waits for the launch in front of it
    waits_for_launch: bool
    role_registers: list[int]  # of roles that change them, by setmaxnreg
    multiplies_async: bool  # by wgmma


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
    bodies = dict(re.findall(r"^\.visible \.entry (\w+)\((.*?)^\}", ptx, re.DOTALL | re.MULTILINE))
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
            early_accesses=GLOBAL_ACCESS.findall(bodies[name].partition("griddepcontrol.wait")[0]),
            waits_for_launch="griddepcontrol.wait" in bodies[name],
            role_registers=[int(number) for number in re.findall(r"setmaxnreg\S* (\d+);", bodies[name])],
            multiplies_async="wgmma.mma_async" in bodies[name],
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


def hopper_kernels(case: Case) -> set[str]:
    """Those that have a schedule for sm_90a."""
    fits = case.arch == "sm_90a" and case.dtype != "float32" and case.head_dim <= 128
    if not fits:
        return set()
    scoring = {"forward_attend_token_norm", "forward_attend_token_norm_2"} if case.scorer == "dilated" else set()
    return scoring | ({"forward_attend", "backward_attend_backward_joined"} if case.op == "attention" else set())


def assert_roles_fit(name: str, kernel: Kernel) -> None:
    """All begin with the same registers, as many as there are; then some roles give up what others take."""
    if not kernel.role_registers:
        return
    at_start = REGISTERS // kernel.threads // 8 * 8
    assert kernel.registers == at_start, (name, kernel)
    fetches, multiplies = sorted(kernel.role_registers)
    assert fetches < at_start < multiplies, (name, kernel)
    # One warpgroup fetches. A role would wait forever for more than the block has at its start.
    assert 128 * fetches + (kernel.threads - 128) * multiplies <= at_start * kernel.threads, (name, kernel)


@pytest.mark.parametrize("case", covering_cases(), ids=name_of)
def test_assembles(assembled: dict[Case, Future], case: Case) -> None:
    status, log, kernels = assembled[case].result()
    assert status == 0, log
    # Notes on slow code are numbered C75xx: registers of roles ignored (C7508), products one after another (C7510 to
    # C7515), waits put in (C7517, C7519).
    assert not re.search(r"\bC75\d\d\b|warning|error", log), log
    shared = SHARED[case.arch] * 1024
    for name, kernel in kernels.items():
        assert kernel.shared_bytes <= shared - RESERVED_SHARED, (name, kernel)
        assert kernel.min_blocks * (kernel.shared_bytes + RESERVED_SHARED) <= shared, (name, kernel)
        # Registers are handed out to a warp by eights a thread.
        assert -(-kernel.registers // 8) * 8 * kernel.threads * kernel.min_blocks <= REGISTERS, (name, kernel)
        assert_roles_fit(name, kernel)
        # Blocks may be there early from sm_90 on; elsewhere there is nothing to wait with.
        assert kernel.waits_for_launch == (int(case.arch[3:].rstrip("a")) >= 90), name
        assert not (kernel.waits_for_launch and kernel.early_accesses), (name, kernel.early_accesses)
    with_roles = {name for name, kernel in kernels.items() if kernel.role_registers}
    assert with_roles == hopper_kernels(case), with_roles
    assert with_roles == {name for name, kernel in kernels.items() if kernel.multiplies_async}
    spilling = {name: kernel for name, kernel in kernels.items() if kernel.spilt_bytes or kernel.stack_bytes}
    assert not spilling


def test_all_is_covered() -> None:
    cases = covering_cases()
    assert len(set(cases)) == len(cases)
    whole = [case for case in cases if case.op == "attention" and case.num_levels == 3]
    for arch in ("sm_80", "sm_90a"):
        covered = {(case.dtype, case.head_dim) for case in whole if case.arch == arch}
        assert len(covered) == len(DTYPES) * len(HEAD_DIMS)
    assert {(case.arch, case.dtype) for case in whole} == {(arch, dtype) for arch in SHARED for dtype in DTYPES}
    assert {case.arch for case in cases if case.num_levels == 1} == set(SHARED)
    hopper = [case for case in cases if case.arch == "sm_90a" and case.dtype != "float32" and case.num_levels == 1]
    for grouped in (False, True):
        covered = {(case.dtype, case.head_dim, case.seq_len) for case in hopper if case.grouped == grouped}
        expected = len(DTYPES[1:]) * len(HOPPER_HEAD_DIMS) * len(HOPPER_SEQ_LENS)
        assert len([each for each in covered if each[1] in HOPPER_HEAD_DIMS]) == expected
