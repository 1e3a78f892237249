# SPDX-License-Identifier: Apache-2.0
"""numpy arrays: the values of torch, layouts, and a process that has no torch."""

import lighthouse
import numpy as np
import pytest
import torch
from helpers import python, small_inputs

SETTINGS = {"num_levels": 2, "pooling_factor": 2, "topk": 128}


def arrays(dtype: str = "float32", seq_len: int = 301) -> list[np.ndarray]:
    return [x.numpy() for x in small_inputs(dtype=getattr(torch, dtype), seq_len=seq_len)[:3]]


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("options", [SETTINGS, {"num_levels": 1}, {**SETTINGS, "scale": 0.5}], ids=str)
def test_equals_torch(options: dict, dtype: str) -> None:
    q, k, v = arrays(dtype)
    out, aux = lighthouse.attention(q, k, v, **options, return_aux=True)
    expected, torch_aux = lighthouse.attention(*map(torch.from_numpy, (q, k, v)), **options, return_aux=True)
    for array, tensor in ((out, expected), (aux.indices, torch_aux.indices), (aux.lse, torch_aux.lse)):
        assert isinstance(array, np.ndarray)
        assert array.dtype == tensor.numpy().dtype
        assert np.array_equal(array, tensor.numpy())
    assert np.array_equal(lighthouse.attention(q, k, v, **options), out)


def test_bfloat16_of_ml_dtypes() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    q, k, v = arrays()
    out = lighthouse.attention(*(x.astype(ml_dtypes.bfloat16) for x in (q, k, v)), **SETTINGS)
    expected = lighthouse.attention(*(torch.from_numpy(x).bfloat16() for x in (q, k, v)), **SETTINGS)
    assert out.dtype == ml_dtypes.bfloat16
    assert np.array_equal(out.astype(np.float32), expected.float().numpy())


@pytest.mark.parametrize("case", ["token-major", "fortran", "reversed", "step", "expanded", "unaligned", "read-only"])
def test_inputs_of_any_strides(case: str) -> None:
    q, k, v = arrays()
    if case == "expanded":
        k, v = (np.broadcast_to(x[:, :1], x.shape) for x in (k, v))

    def unaligned(x: np.ndarray) -> np.ndarray:
        memory = np.frombuffer(b"\0" + x.tobytes(), np.uint8)
        return np.ndarray(x.shape, x.dtype, memory, offset=1)

    def read_only(x: np.ndarray) -> np.ndarray:
        x = x.copy()
        x.flags.writeable = False
        return x

    change = {
        "token-major": lambda x: np.ascontiguousarray(x.swapaxes(1, 2)).swapaxes(1, 2),
        "fortran": np.asfortranarray,
        "reversed": lambda x: np.ascontiguousarray(x[:, :, ::-1, ::-1])[:, :, ::-1, ::-1],
        "step": lambda x: np.repeat(x, 2, axis=3)[..., ::2],
        "expanded": lambda x: x,
        "unaligned": unaligned,
        "read-only": read_only,
    }[case]
    strided = [change(x) for x in (q, k, v)]
    assert all(np.array_equal(x, y) for x, y in zip(strided, (q, k, v), strict=True))
    expected = lighthouse.attention(*map(np.ascontiguousarray, (q, k, v)), **SETTINGS)
    out = lighthouse.attention(*strided, **SETTINGS)
    assert np.array_equal(out, expected)
    if case == "token-major":
        assert out.strides == strided[0].strides


def test_inputs_are_not_changed() -> None:
    q, k, v = arrays()
    before = [x.copy() for x in (q, k, v)]
    lighthouse.attention(q, k, v, **SETTINGS)
    assert all(np.array_equal(x, y) for x, y in zip((q, k, v), before, strict=True))


NO_TORCH = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
sys.meta_path.insert(0, Blocker())
import numpy as np
import lighthouse
x = np.load(sys.argv[1])
np.save(sys.argv[2], lighthouse.attention(x, x, x, num_levels=2, pooling_factor=2, topk=128))
try:
    lighthouse.attention(x.tolist(), x, x, num_levels=2, pooling_factor=2, topk=128)
except TypeError as error:
    print(error)
try:
    lighthouse.nn
except ModuleNotFoundError as error:
    print(error)
assert "torch" not in sys.modules
"""


def test_needs_no_torch(tmp_path) -> None:
    x = arrays()[0]
    np.save(tmp_path / "in.npy", x)
    result = python("-c", NO_TORCH, str(tmp_path / "in.npy"), str(tmp_path / "out.npy"))
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        "q: expects a torch tensor or a numpy array, but got list",
        "No module named 'torch'",
    ]
    assert np.array_equal(np.load(tmp_path / "out.npy"), lighthouse.attention(x, x, x, **SETTINGS))


def test_import_does_not_load_torch() -> None:
    result = python("-c", "import sys, lighthouse; sys.exit('torch' in sys.modules)")
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("threads", ["1", "3", "8"])
def test_thread_counts_give_the_same_bits(threads: str, tmp_path) -> None:
    x = arrays()[0]
    np.save(tmp_path / "in.npy", x)
    result = python("-c", NO_TORCH, str(tmp_path / "in.npy"), str(tmp_path / "o.npy"), LIGHTHOUSE_NUM_THREADS=threads)
    assert result.returncode == 0, result.stderr
    assert np.array_equal(np.load(tmp_path / "o.npy"), lighthouse.attention(x, x, x, **SETTINGS))
