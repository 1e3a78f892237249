# SPDX-License-Identifier: Apache-2.0
"""NVIDIA GPUs as far as they need none: what is listed and refused, without a driver and with the fake one."""

import json
from pathlib import Path

import lighthouse
import pytest
from helpers import python
from lighthouse import _arguments, _lighthouse, _torch_run
from lighthouse._program import Argument

FAKE = Path(lighthouse.__file__).parents[2] / "lib/liblighthouse-fake-cuda.so"
needs_fake = pytest.mark.skipif(not FAKE.exists(), reason="the C++ tests are not built")


def result_of(code: str, **environment: str):
    """What a new process prints as JSON."""
    result = python("-c", f"import json, lighthouse\nfrom lighthouse import _lighthouse\n{code}", **environment)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout)


def refusal(code: str) -> str:
    """Code that prints the error with which other code is refused."""
    return f"try:\n    {code}\nexcept (ValueError, RuntimeError) as error:\n    print(json.dumps(str(error)))"


SPEC = "_lighthouse.Spec(seq_len=64, head_dim=8)"


def test_no_driver() -> None:
    none = {"LIGHTHOUSE_LIBCUDA": "/nowhere/libcuda.so.1"}
    assert result_of("print(json.dumps(lighthouse.devices()))", **none) == []
    needed = "expects an NVIDIA driver of at least 465 (CUDA 11.3), but could not open it: /nowhere/libcuda.so.1"
    assert result_of(refusal(f"_lighthouse.get_op({SPEC}, 'cuda:0')"), **none).startswith(needed)
    cuda, trouble = result_of("print(json.dumps(_lighthouse.driver()))", **none)
    assert cuda == ""
    assert trouble.startswith(needed)


@needs_fake
def test_devices() -> None:
    setting = {"LIGHTHOUSE_LIBCUDA": str(FAKE), "LIGHTHOUSE_FAKE_CUDA": "version=12080 capabilities=90,75"}
    first, second = result_of("print(json.dumps(lighthouse.devices()))", **setting)
    assert first == ["cuda:0", "Fake GPU 0", [9, 0], "sm_90a", "", 80 * 2**30, 132]
    assert second[2:5] == [
        [7, 5],
        "",
        "expects a GPU of compute capability 8.0 (Ampere) or later, but got 7.5",
    ]
    assert result_of("print(json.dumps(_lighthouse.driver()))", **setting) == ["12.8", ""]
    names = "print(json.dumps([x.device for x in lighthouse.devices()]))"
    assert result_of(names, **setting) == ["cuda:0", "cuda:1"]


@needs_fake
@pytest.mark.parametrize(
    ("setting", "device", "text"),
    [
        ("", "cuda:2", "device: expects cuda:0 to cuda:1, but got cuda:2"),
        ("capabilities=", "cuda:0", "device: expects the CPU, as there is no GPU, but got cuda:0"),
        ("version=12000 capabilities=120", "cuda:0", "driver of at least 570 (CUDA 12.8) for sm_120a, but got one of"),
        ("fail=cuInit:100", "cuda:0", "cuInit: CUDA_ERROR_NO_DEVICE (no CUDA-capable device is detected)"),
        ("absent=cuLaunchKernel", "cuda:0", "has no cuLaunchKernel of CUDA 4.0"),
    ],
    ids=["ordinal", "no device", "old driver", "initialisation", "entry point"],
)
def test_refusals(setting: str, device: str, text: str) -> None:
    code = refusal(f"_lighthouse.get_op({SPEC}, {device!r})")
    assert text in result_of(code, LIGHTHOUSE_LIBCUDA=str(FAKE), LIGHTHOUSE_FAKE_CUDA=setting)


@pytest.mark.parametrize("name", ["cuda", "cuda:", "cuda:x", "cuda:1x", "gpu", ""])
def test_names_of_devices(name: str) -> None:
    with pytest.raises(ValueError, match=r"device: expects 'cpu' or 'cuda:0', 'cuda:1', \.\.\., but got"):
        _lighthouse.get_op(_lighthouse.Spec(seq_len=64, head_dim=8), name)


def test_mixed_devices_are_refused() -> None:
    _arguments.devices("cuda:1", "cuda:1", "cuda:1")
    with pytest.raises(ValueError, match="k: expects the device of q, cuda:0, but got cpu"):
        _arguments.devices("cuda:0", "cpu", "cuda:0")
    with pytest.raises(ValueError, match="v: expects the device of q, cuda:0, but got cuda:1"):
        _arguments.devices("cuda:0", "cuda:0", "cuda:1")
    with pytest.raises(ValueError, match=r"q: expects a tensor on cpu or cuda, but got mps:0; use \.cpu\(\)"):
        _arguments.devices("mps:0", "cpu", "cpu")


def test_tools_of_python_packages(tmp_path: Path) -> None:
    """A ptxas in site-packages is found, as PyPI's nvidia-cuda-nvcc has it."""
    ptxas = tmp_path / "nvidia/cu99/bin/ptxas"
    ptxas.parent.mkdir(parents=True)
    ptxas.write_text("#!/bin/sh\necho 'Cuda compilation tools, release 99.1, V99.1.2'\n")
    ptxas.chmod(0o755)
    code = (
        f"import sys\nfrom lighthouse import _cuda\nsys.path.insert(0, {str(tmp_path)!r})\n_cuda.add_tool_folders()\n"
    )
    code += "print(json.dumps(_lighthouse.assembler('sm_90a')))"
    named = {"LIGHTHOUSE_LIBCUDA": "/nowhere", "LIGHTHOUSE_PTXAS": str(ptxas)}
    assert result_of(code, **named) == f"ptxas 99.1.2 ({ptxas})"
    del named["LIGHTHOUSE_PTXAS"]
    found = result_of(code, **named, PATH="", CUDA_HOME="")
    assert found == f"ptxas 99.1.2 ({ptxas})" or "/usr/local/cuda" in found


@pytest.mark.parametrize(
    ("strides", "on_cpu", "on_gpu"),
    [
        ((640, 160, 16, 1), True, True),
        ((640, 16, 64, 1), True, True),
        ((0, 0, 16, 1), True, True),
        ((640, 160, 20, 1), True, False),  # 40 bytes
        ((7, 160, 16, 1), True, True),  # of a dimension that does not move
        ((640, 160, 16, 2), False, False),
    ],
)
def test_what_kernels_read_in_place(strides: tuple[int, ...], on_cpu: bool, on_gpu: bool) -> None:
    argument = Argument("q", "bfloat16", (1, 4, 10, 16), is_output=False, strided=True)
    assert _torch_run._in_place(argument, strides, on_gpu=False) == on_cpu
    assert _torch_run._in_place(argument, strides, on_gpu=True) == on_gpu
    dense = Argument("indices", "int32", (1, 4, 10), is_output=False, strided=False)
    assert _torch_run._in_place(dense, (3, 10, 1), on_gpu=True)
    assert not _torch_run._in_place(dense, (40, 20, 2), on_gpu=True)


CALL = """
op = _lighthouse.get_op(_lighthouse.Spec(seq_len=64, head_dim=8), "cuda:1")
assert op.device == "cuda:1"
arguments, workspace_bytes = op.signature("forward")
places = []
for index, (_, _, shape, _, _) in enumerate(arguments):
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    places.append((index, 0, strides))
call = _lighthouse.Call(op, "forward", places)
addresses = [(index + 1) << 32 for index in range(len(places) + 1)]
call(addresses, stream=1234)
addresses[0] += 8
try:
    call(addresses)
except ValueError as error:
    print(json.dumps(str(error)))
"""


@needs_fake
def test_calls_on_addresses(tmp_path: Path) -> None:
    """As tensors of torch are handed over, but on memory that nobody reads."""
    setting = {"LIGHTHOUSE_LIBCUDA": str(FAKE), "LIGHTHOUSE_CACHE_DIR": str(tmp_path), "LIGHTHOUSE_PTXAS": "0"}
    result = python("-c", f"import json\nfrom lighthouse import _lighthouse\n{CALL}", **setting)
    if "not built in" in result.stderr:
        pytest.skip("the compiler for GPUs is not built in")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout) == "q: expects an address that is a multiple of 16, but got one 8 above"
