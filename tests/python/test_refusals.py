# SPDX-License-Identifier: Apache-2.0
"""Refusals of ``lighthouse.attention``: the argument, its value, the rule and what would fit, before anything runs."""

from collections.abc import Iterator
from pathlib import Path

import lighthouse
import numpy as np
import pytest
import torch

N, D = 600, 16
FITTING = {"num_levels": 3, "pooling_factor": 2, "topk": 128}


@pytest.fixture(autouse=True)
def nothing_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is compiled for a refused call, so its cache stays empty."""
    monkeypatch.setenv("LIGHTHOUSE_CACHE_DIR", str(tmp_path / "cache"))
    lighthouse.clear_memory_cache()
    yield
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def qkv(shape: tuple[int, ...] = (1, 4, N, D), kv: tuple[int, ...] | None = None) -> dict[str, torch.Tensor]:
    kv = (*shape[:1], 2, *shape[2:]) if kv is None else kv
    return {"q": torch.zeros(shape), "k": torch.zeros(kv), "v": torch.zeros(kv)}


SETTINGS = [
    ({"num_levels": 0}, ValueError, "num_levels: expects 1 to 8, but got 0"),
    ({"num_levels": 9}, ValueError, "num_levels: expects 1 to 8, but got 9"),
    ({"num_levels": 2.0}, TypeError, r"num_levels: expects an int, but got 2\.0 \(float\)"),
    ({"num_levels": True}, TypeError, r"num_levels: expects an int, but got True \(bool\)"),
    (
        {"num_levels": 2**70},
        ValueError,
        "num_levels: expects an int of at most 64 bits, but got 1180591620717411303424",
    ),
    ({"pooling_factor": 1}, ValueError, "pooling_factor: expects a power of two from 2 to 64, but got 1; 2 fits"),
    ({"pooling_factor": 6}, ValueError, "pooling_factor: expects a power of two from 2 to 64, but got 6; 4 fits"),
    ({"pooling_factor": 128}, ValueError, "pooling_factor: expects a power of two from 2 to 64, but got 128; 64 fits"),
    ({"pooling_factor": "4"}, TypeError, r"pooling_factor: expects an int, but got '4' \(str\)"),
    ({"topk": None}, ValueError, "topk: expects a multiple of 128 .*but got None; give for example topk=128"),
    ({"topk": 0}, ValueError, "topk: expects a positive multiple of 128, but got 0; 128 fits"),
    ({"topk": 300}, ValueError, "topk: expects a positive multiple of 128, but got 300; 256 fits"),
    (
        {"topk": 256},
        ValueError,
        "seq_len: expects 128 windows .*at least 1017 tokens, but got 600; .*topk that fits is 128",
    ),
    ({"pooling_factor": 16}, ValueError, "seq_len: .*at least 32513 tokens, but got 600; no topk fits .*num_levels=1"),
    ({"scorer": "mean"}, ValueError, "scorer: expects .*norm.*dilated.*but got .*mean"),
    ({"scorer": None}, TypeError, "scorer: expects a string such as 'norm', or a function .*, but got None"),
    ({"scorer": "dilated", "dilation": 0}, ValueError, "dilation: expects 1 to seq_len=600, but got 0; 4 fits"),
    ({"scorer": "dilated", "dilation": 601}, ValueError, "dilation: expects 1 to seq_len=600, but got 601; 4 fits"),
    ({"scorer": "dilated", "dilation": 2.0}, TypeError, r"dilation: expects an int, but got 2\.0 \(float\)"),
    ({"scale": 0}, ValueError, r"scale: expects a finite number above 0 .*but got 0; None gives 1/sqrt\(head_dim\)"),
    ({"scale": float("nan")}, ValueError, "scale: expects a finite number .*but got nan"),
    ({"scale": 1e39}, ValueError, r"scale: expects a finite number .*but got 1e\+39"),
    ({"scale": "1"}, TypeError, r"scale: expects a float or None, but got '1' \(str\)"),
    ({"attention_fn": 1}, TypeError, "attention_fn: expects a function or None, but got int"),
]


@pytest.mark.parametrize("numpy", [False, True], ids=["torch", "numpy"])
@pytest.mark.parametrize(("options", "error", "text"), SETTINGS, ids=str)
def test_settings(options: dict, error: type[Exception], text: str, numpy: bool) -> None:
    inputs = {name: x.numpy() if numpy else x for name, x in qkv().items()}
    with pytest.raises(error, match=text):
        lighthouse.attention(**inputs, **{**FITTING, **options})


SHAPES = [
    ((4, N, D), (2, N, D), r"q: expects 4 dimensions \[batch, heads, tokens, head_dim\], but got shape \[4, 600, 16\]"),
    ((1, 4, N, D), (2, N, D), r"k: expects 4 dimensions .*but got shape \[2, 600, 16\]"),
    (
        (1, 4, N, D),
        (2, 2, N, D),
        r"k: expects the batch of q, 1, in dimension 0, but got 2 \(shape \[2, 2, 600, 16\]\)",
    ),
    ((1, 4, N, D), (1, 2, N + 1, D), "k: expects the tokens of q, 600, in dimension 2, but got 601"),
    ((1, 4, N, D), (1, 2, N, 8), "k: expects the head_dim of q, 16, in dimension 3, but got 8"),
    ((1, 4, N, D), (1, 3, N, D), "num_kv_heads: expects a divisor of num_heads=4, but got 3; 1 fits"),
    ((1, 4, N, D), (1, 8, N, D), "num_kv_heads: expects a divisor of num_heads=4, but got 8; 4 fits"),
    ((1, 4, N, 12), (1, 2, N, 12), "head_dim: expects a multiple of 8 from 8 to 256, but got 12; 16 fits"),
    ((1, 4, N, 264), (1, 2, N, 264), "head_dim: expects a multiple of 8 from 8 to 256, but got 264; 256 fits"),
    ((0, 4, N, D), (0, 2, N, D), "batch: expects at least 1, but got 0"),
    ((1, 0, N, D), (1, 0, N, D), "num_heads: expects at least 1, but got 0"),
    ((1, 4, N, D), (1, 0, N, D), "num_kv_heads: expects at least 1, but got 0"),
    ((1, 4, 0, D), (1, 2, 0, D), "seq_len: expects at least 1, but got 0"),
    ((1, 4, N, 0), (1, 2, N, 0), "head_dim: expects a multiple of 8 from 8 to 256, but got 0; 8 fits"),
]


@pytest.mark.parametrize("numpy", [False, True], ids=["torch", "numpy"])
@pytest.mark.parametrize(("q", "kv", "text"), SHAPES, ids=str)
def test_shapes(q: tuple[int, ...], kv: tuple[int, ...], text: str, numpy: bool) -> None:
    inputs = {name: x.numpy() if numpy else x for name, x in qkv(q, kv).items()}
    with pytest.raises(ValueError, match=text):
        lighthouse.attention(**inputs, **FITTING)


@pytest.mark.parametrize("numpy", [False, True], ids=["torch", "numpy"])
def test_v_like_k(numpy: bool) -> None:
    inputs = {name: x.numpy() if numpy else x for name, x in {**qkv(), "v": torch.zeros(1, 4, N, D)}.items()}
    with pytest.raises(ValueError, match=r"v: expects the shape of k, \[1, 2, 600, 16\], but got \[1, 4, 600, 16\]"):
        lighthouse.attention(**inputs, **FITTING)


def on_meta(x: torch.Tensor) -> torch.Tensor:
    return x.to("meta")


TENSORS = [
    ("q", torch.Tensor.tolist, TypeError, "q: expects a torch tensor or a numpy array, but got list"),
    ("k", torch.Tensor.numpy, TypeError, "k: expects a torch tensor, as q is one, but got ndarray"),
    ("v", lambda x: None, TypeError, "v: expects a torch tensor, as q is one, but got NoneType"),
    ("q", torch.Tensor.double, TypeError, "q: expects dtype float32, bfloat16 or float16, but got float64; convert"),
    (
        "v",
        torch.Tensor.int,
        TypeError,
        "v: expects dtype float32, bfloat16 or float16, but got int32; convert it first",
    ),
    ("k", torch.Tensor.half, ValueError, "k: expects the dtype of q, float32, but got float16"),
    ("v", torch.Tensor.bfloat16, ValueError, "v: expects the dtype of q, float32, but got bfloat16"),
    ("k", on_meta, ValueError, r"k: expects a tensor on cpu or cuda, but got meta; use \.cpu\(\)"),
    (
        "q",
        torch.Tensor.to_sparse,
        TypeError,
        r"q: expects a dense \(strided\) tensor, but got layout torch\.sparse_coo",
    ),
]


@pytest.mark.parametrize(("name", "change", "error", "text"), TENSORS, ids=lambda x: x if isinstance(x, str) else "")
def test_tensors(name: str, change, error: type[Exception], text: str) -> None:
    inputs = qkv()
    inputs[name] = change(inputs[name])
    with pytest.raises(error, match=text):
        lighthouse.attention(**inputs, **FITTING)


ARRAYS = [
    ("k", torch.from_numpy, TypeError, "k: expects a numpy array, as q is one, but got Tensor"),
    ("v", np.ndarray.tolist, TypeError, "v: expects a numpy array, as q is one, but got list"),
    ("q", lambda x: x.astype(np.float64), TypeError, "q: expects dtype float32, bfloat16 or float16, but got float64"),
    ("q", lambda x: x.astype(">f4"), TypeError, "q: expects dtype float32, bfloat16 or float16, but got >f4"),
    ("k", lambda x: x.astype(np.float16), ValueError, "k: expects the dtype of q, float32, but got float16"),
]


@pytest.mark.parametrize(("name", "change", "error", "text"), ARRAYS, ids=lambda x: x if isinstance(x, str) else "")
def test_arrays(name: str, change, error: type[Exception], text: str) -> None:
    inputs = {each: x.numpy() for each, x in qkv().items()}
    inputs[name] = change(inputs[name])
    with pytest.raises(error, match=text):
        lighthouse.attention(**inputs, **FITTING)


def test_attention_fn_with_numpy() -> None:
    inputs = {name: x.numpy() for name, x in qkv().items()}
    with pytest.raises(TypeError, match=r"attention_fn: expects q, k, v to be torch tensors, .*use torch\.from_numpy"):
        lighthouse.attention(**inputs, **FITTING, attention_fn=lambda *x, **_: x[0])
