# SPDX-License-Identifier: Apache-2.0
"""Odd arguments at the doors beside those of test_refusals.py: each is refused by name, or works."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lighthouse
import numpy as np
import pytest
import torch
from helpers import python
from lighthouse.nn import LighthouseAttention
from torch import Tensor

SETTINGS = {"num_levels": 2, "pooling_factor": 2, "topk": 128}
N = 300
DAY = np.timedelta64(2)  # an np.integer, and no number


def tensors(heads: int = 2) -> list[Tensor]:
    return [torch.randn(1, heads, N, 16, generator=torch.Generator().manual_seed(seed)) for seed in range(3)]


def packed() -> list[Tensor]:
    return [x[0].transpose(0, 1) for x in tensors()]


def attend(**changes: Any) -> Any:
    q, k, v = tensors()
    return lighthouse.attention(**{"q": q, "k": k, "v": v, **SETTINGS, **changes})


def attend_packed(cu_seqlens: Any = (0, N), **changes: Any) -> Any:
    q, k, v = packed()
    return lighthouse.varlen_attention(**{"q": q, "k": k, "v": v, "cu_seqlens": cu_seqlens, **SETTINGS, **changes})


def attend_arrays(**changes: Any) -> Any:
    return attend(**{name: x.numpy() for name, x in zip("qkv", tensors(), strict=True)} | changes)


def prepare_arrays(**changes: Any) -> None:
    lighthouse.prepare(*(x.numpy() for x in tensors()), **SETTINGS, **changes)


def module(*inputs: Any, dense: bool = False, **call: Any) -> Tensor:
    made = LighthouseAttention(**SETTINGS)
    lighthouse.set_dense(made, dense)
    return made(*(inputs or tensors()), **call)


def resume(state: Any) -> None:
    lighthouse.TwoStage(LighthouseAttention(**SETTINGS), 5).load_state_dict(state)


def plot(indices: Any = None, **more: Any) -> None:
    if indices is None:
        indices = attend(return_aux=True)[1].indices
    lighthouse.plot_selection(indices, N, **SETTINGS, **more)


def suggest(**changes: Any) -> None:
    lighthouse.suggest(8192, 64, 2, **{"gpu": "H100", **changes})


def tune(**changes: Any) -> None:
    lighthouse.autotune(N, 16, **SETTINGS, **changes)


def scored(function: Callable[[Any, Any], Any]) -> Any:
    return attend(scorer=lambda q, k: (function(q), k.sum()))


NESTED = torch.nested.nested_tensor([torch.zeros(2, N, 16)])
MASKED = np.ma.masked_array(np.zeros((1, 2, N, 16), np.float32), mask=True)

REFUSED = [
    (lambda: attend(return_aux=[]), TypeError, r"return_aux: expects True or False, but got \[\] \(list\)"),
    (lambda: attend(return_aux="no"), TypeError, r"return_aux: expects True or False, but got 'no' \(str\)"),
    (lambda: attend(topk=DAY), TypeError, r"topk: expects an int, but got .*\(timedelta64\)"),
    (lambda: attend_arrays(num_levels=DAY), TypeError, r"num_levels: expects an int, but got .*\(timedelta64\)"),
    (lambda: attend(scale=DAY), TypeError, r"scale: expects a float or None, but got .*\(timedelta64\)"),
    (lambda: attend(q=NESTED), TypeError, "q: expects a dense tensor, but got a nested one; varlen_attention"),
    (lambda: attend_packed(q=NESTED), TypeError, "q: expects a dense tensor, but got a nested one"),
    (lambda: attend_arrays(k=MASKED), TypeError, "k: expects an array without a mask, but got MaskedArray"),
    (lambda: attend(scorer="sum(q), \xe9"), ValueError, r"scorer: expects plain ASCII text, but got 'sum\(q\), \\xe9'"),
    (lambda: attend(scorer="\ud800"), ValueError, r"scorer: expects plain ASCII text, but got '\\ud800'"),
    (lambda: attend(scorer="sum(q)\0"), ValueError, r"scorer: expects plain ASCII text, but got 'sum\(q\)\\x00'"),
    (lambda: scored(lambda q: q.sum() * 10**400), ValueError, "scorer: expects numbers that float32 holds, but got 10"),
    (lambda: scored(lambda q: q.sum() ** np.ones(2)), TypeError, "scorer: .*but got a power of .*ndarray"),
    (lambda: scored(lambda q: q.sum() % 2), TypeError, "scorer: .*but got what failed: unsupported operand .* %"),
    (
        lambda: scored(lambda q: q.sum(-1, keepdim=True)),
        TypeError,
        "scorer: .*what failed: .*keyword argument 'keepdim'",
    ),
    (lambda: scored(lambda q: np.exp(q).sum()), TypeError, "scorer: .*what failed: .*does not support ufuncs"),
    (lambda: prepare_arrays(attention_fn=3), TypeError, "attention_fn: expects a function or None, but got int"),
    (lambda: prepare_arrays(attention_fn=print), TypeError, "attention_fn: expects q, k, v to be torch tensors"),
    (lambda: attend_packed(q=packed()[0].numpy()), TypeError, "q: expects a torch tensor, but got ndarray"),
    (
        lambda: attend_packed(torch.empty(2, dtype=torch.int32, device="meta")),
        TypeError,
        "cu_seqlens: .*on meta; a list",
    ),
    (lambda: attend_packed(torch.tensor([0, N]).int().to_sparse()), TypeError, "cu_seqlens: .*but got layout .*sparse"),
    (lambda: module(None, None, None), TypeError, "query: expects a torch tensor, but got NoneType"),
    (lambda: module(cu_seqlens=[0, N], g=[1]), TypeError, "g: expects a torch tensor, but got list"),
    (lambda: module(dense=True, scale=float("nan")), ValueError, "scale: expects a finite number above 0"),
    (lambda: resume(None), TypeError, "state: expects what state_dict returned, but got NoneType"),
    (lambda: resume({1: 2, "a": 3}), ValueError, r"state: expects the key 'current_step', but got the keys \[1, 'a'\]"),
    (lambda: plot([[1], [1, 2]]), TypeError, "indices: expects a tensor or an array, but got list"),
    (lambda: plot(torch.empty(1, 2, 406, device="meta")), TypeError, "indices: expects a tensor or an array, but got"),
    (lambda: plot(np.zeros((1, 2, 406), "m8[s]")), TypeError, "indices: expects integers, but got timedelta64"),
    (lambda: plot(heads=3), TypeError, r"heads: expects numbers of heads such as \[0, 1\], or None, but got 3"),
    (lambda: plot(file=3), TypeError, "file: expects a file name, but got 3"),
    (lambda: plot(file="\0.png"), TypeError, r"file: expects a file name, but got '\\x00\.png'"),
    (lambda: suggest(gpu="\ud800"), ValueError, r"gpu: expects a model's name such as 'H100', but got '\\ud800'"),
    (lambda: suggest(budget=10**400), ValueError, "budget: expects milliseconds above 0, but got 1000"),
    (
        lambda: suggest(budget=DAY),
        TypeError,
        "budget: expects milliseconds as a number, or None, but got .*timedelta64",
    ),
    (lambda: tune(kernels=3), TypeError, "kernels: expects a list of names such as 'forward_attend', but got 3"),
    (lambda: tune(kernels=[3]), TypeError, r"kernels: expects a list of names such as 'forward_attend', but got \[3\]"),
    (lambda: tune(database=3), TypeError, "database: expects a file's name or None, but got 3"),
    (lambda: tune(progress="no"), TypeError, r"progress: expects True or False, but got 'no' \(str\)"),
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=lambda x: x[:40] if isinstance(x, str) else "")
def test_refused(call: Callable[[], Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        call()


def test_a_folder_is_no_file_to_plot_into(tmp_path: Path) -> None:
    folder = tmp_path / "a.png"
    folder.mkdir()
    with pytest.raises(ValueError, match=r"file: expects a file, but got the folder '.*a\.png'"):
        plot(file=folder)


def test_an_error_of_the_scorer_itself_passes_through() -> None:
    with pytest.raises(TypeError, match=r"^mine$"):
        scored(lambda q: (_ for _ in ()).throw(TypeError("mine")))


def test_numpy_s_flags_are_flags() -> None:
    assert len(attend(return_aux=np.bool_(True))) == 2


@pytest.mark.parametrize("shift", [10**8, -(10**8)])
def test_operators_refuse_numbers_of_no_entry(shift: int) -> None:
    """Kernels would leave their memory."""
    ops, (q, k, v) = torch.ops.lighthouse, tensors()
    levels, stride = (2, 2, 128), list(q.stride())
    qs, ks, vs, indices = ops.gather(q, k, v, *levels, "norm", 0.0, 4, None)
    wrong = indices + shift
    text = "indices: expects those of gather, 0 to 449, but got"
    with pytest.raises(ValueError, match=text):
        ops.scatter(qs, wrong, stride, N, *levels)
    with pytest.raises(ValueError, match=text):
        ops.scatter_backward(q, wrong, *levels)
    with pytest.raises(ValueError, match=text):
        ops.gather_backward(qs, ks, vs, wrong, stride, stride, stride, 2, N, *levels, "norm", 0.0, 4)


def test_operators_refuse_other_ranks_and_missing_gates() -> None:
    ops, (q, k, v) = torch.ops.lighthouse, tensors()
    with pytest.raises(ValueError, match=r"gather: expects 4 dimensions, but got shape \[2, 300, 16\]"):
        ops.gather(q[0], k, v, 2, 2, 128, "norm", 0.0, 4, None)
    with pytest.raises(ValueError, match="g: expects a float32 tensor, but got None"):
        ops.attention(q, k, v, 2, 2, 128, "gla", 0.0, 4, None)


def test_operators_of_documents_refuse_other_memory() -> None:
    """Kernels would leave it."""
    ops, (q, k, v), cu_seqlens = torch.ops.lighthouse, packed(), torch.tensor([0, N], dtype=torch.int32)
    settings = (2, 2, 128, "norm", 0.0, 4)
    attend_packed()  # The first call registers them.
    with pytest.raises(ValueError, match=r"v: expects a float32 tensor of shape \[300, 2, 16\]"):
        ops.varlen_attention(q, k, v[:1], cu_seqlens, -1, *settings, None)
    with pytest.raises(ValueError, match=r"k: expects a float32 tensor .*but got torch\.float16"):
        ops.varlen_attention(q, k.half(), v, cu_seqlens, -1, *settings, None)
    kept = torch.empty(10, dtype=torch.uint8)
    with pytest.raises(ValueError, match=r"kept: expects [0-9]+ bytes, but got torch\.uint8 \[10\]"):
        ops.varlen_attention_backward(q, q, k, v, q, kept, cu_seqlens.long(), *settings)


@pytest.mark.parametrize("levels", [1, 2])
@pytest.mark.parametrize("change", [torch.Tensor.double, lambda x: x[..., :1]], ids=["dtype", "shape"])
def test_saved_tensors_that_come_back_as_others_are_refused(levels: int, change: Callable[[Tensor], Tensor]) -> None:
    q, k, v = (x.requires_grad_() for x in tensors())
    with torch.autograd.graph.saved_tensors_hooks(lambda x: x, change):
        out = attend(q=q, k=k, v=v, num_levels=levels)
    with pytest.raises(ValueError, match=r"expects .*but got torch"):
        out.sum().backward()


@pytest.mark.parametrize("attention_fn", [None, torch.nn.functional.scaled_dot_product_attention])
def test_forward_derivatives_are_refused(attention_fn: Any) -> None:
    """They would be zeros."""
    q, _, _ = tensors()
    with pytest.raises(NotImplementedError, match="q: expects no tangent, as derivatives are in reverse mode only"):
        torch.func.jvp(lambda q: attend(q=q, attention_fn=attention_fn), (q,), (q,))
    with pytest.raises(NotImplementedError, match="k: expects no tangent"):
        torch.func.jvp(lambda k: attend_packed(k=k), (packed()[1],), (packed()[1],))


def test_own_attention_gives_a_dense_tensor() -> None:
    with pytest.raises(
        TypeError, match=r"attention_fn: expects its result to be dense, but got layout torch\.sparse_coo"
    ):
        attend(attention_fn=lambda q, *_, **__: q.to_sparse())


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["compile", "--seq-len", "100", "--head-dim", "8", "--scorer", "\udcff"], "scorer: expects one of q, k"),
        (["compile", "--seq-len", "100", "--head-dim", "8", "\udcff"], "Unknown command line argument"),
        (["bench", "--seq-len", "1" + "0" * 20, "--head-dim", "8", "--device", "cpu"], "seq_len: expects an int of"),
        (["bench", "--seq-len", "100", "--head-dim", "8", "--device", "cpu", "--scorer", "\udcff"], "scorer: .*ASCII"),
    ],
    ids=lambda x: x[0] if isinstance(x, list) else "",
)
def test_arguments_of_the_command(arguments: list[str], text: str) -> None:
    """As Python gives bytes that are no UTF-8."""
    code = f"import sys, lighthouse.__main__ as m; sys.argv[1:] = {arguments!a}; sys.exit(m.main())"
    result = python("-c", code)
    assert result.returncode == 2, result.stderr
    assert "Traceback" not in result.stderr
    assert re.search(text, result.stderr)
