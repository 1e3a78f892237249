# SPDX-License-Identifier: Apache-2.0
"""Packed documents: to the last bit what each document gives by itself; refusals; operators and torch.compile."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import accumulate, pairwise
from typing import Any

import lighthouse
import pytest
import torch
from helpers import tensors
from hypothesis import given, settings
from hypothesis import strategies as st
from lighthouse import _torch_varlen
from reference import Settings
from torch import Tensor

TWO = Settings(2, 2, 128)  # at least 255 tokens
THREE = Settings(3, 2, 256)  # at least 1017 tokens in units of 8
ONE_LEVEL = Settings(num_levels=1)
D = 16


def bounds_of(lengths: Sequence[int]) -> Tensor:
    return torch.tensor([0, *accumulate(lengths)], dtype=torch.int32)


def packed_inputs(total: int, heads: int = 2, kv_heads: int = 1, head_dim: int = D, **options: Any) -> list[Tensor]:
    """q [total, Hq, D], k and v [total, Hkv, D] that ask for gradients, and dout like q."""
    q, kv = (total, heads, head_dim), (total, kv_heads, head_dim)
    *qkv, dout = tensors(q, kv, kv, q, **options)
    return [x.requires_grad_() for x in qkv] + [dout]


def packed(inputs: list[Tensor], cu_seqlens: Any, options: Settings, **more: Any) -> list[Tensor]:
    """out, dq, dk, dv."""
    *qkv, dout = inputs
    out = lighthouse.varlen_attention(*qkv, cu_seqlens, **asdict(options), **more)
    return [out.detach(), *torch.autograd.grad(out, qkv, dout)]


def one_by_one(
    inputs: list[Tensor], cu_seqlens: Tensor, options: Settings, g: Tensor | None = None, **more: Any
) -> list[Tensor]:
    """The same of each document by itself, through ``lighthouse.attention``."""
    results = []
    for begin, end in pairwise(cu_seqlens.tolist()):
        if begin == end:
            continue
        short = options.num_levels > 1 and end - begin < options.least_length
        q, k, v, dout = (x.detach()[begin:end].transpose(0, 1)[None] for x in inputs)
        qkv = [x.requires_grad_() for x in (q, k, v)]
        gates = None if g is None or short else g[begin:end].t().contiguous()[None]
        out = lighthouse.attention(*qkv, **asdict(ONE_LEVEL if short else options), **more, g=gates)
        grads = torch.autograd.grad(out, qkv, dout)
        results.append([x.detach()[0].transpose(0, 1) for x in (out, *grads)])
    return [torch.cat(each) for each in zip(*results, strict=True)]


def assert_same(lengths: Sequence[int], options: Settings, more: dict | None = None, **sizes: Any) -> None:
    cu_seqlens = bounds_of(lengths)
    inputs = packed_inputs(sum(lengths), **sizes)
    got = packed(inputs, cu_seqlens, options, **more or {})
    expected = one_by_one(inputs, cu_seqlens, options, **more or {})
    for name, x, y in zip(("out", "dq", "dk", "dv"), got, expected, strict=True):
        assert x.dtype == y.dtype
        assert torch.equal(x, y), (name, lengths)


# Results -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_equals_one_by_one(dtype: torch.dtype) -> None:
    """Long, short and one-token documents, documents of one padded length, and one without tokens."""
    assert_same([300, 1, 299, 0, 40, 255, 254, 129, 128], TWO, dtype=dtype)


@pytest.mark.parametrize("options", [TWO, THREE], ids=["two levels", "three levels, two tiles"])
@settings(max_examples=8)
@given(data=st.data())
def test_random_lengths(options: Settings, data: st.DataObject) -> None:
    least = options.least_length
    length = st.one_of(st.integers(1, 20), st.integers(least - 5, least + 40), st.integers(1, least))
    assert_same(
        data.draw(st.lists(length, min_size=1, max_size=4)),
        options,
        kv_heads=data.draw(st.sampled_from([1, 2])),
        heads=data.draw(st.sampled_from([2, 4])),
        dtype=data.draw(st.sampled_from([torch.float32, torch.bfloat16])),
        seed=data.draw(st.integers(0, 99)),
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_gradients_of_queries_in_parts(dtype: torch.dtype) -> None:
    """Dense documents of one capacity whose keys are cut into different numbers of runs: 2, 3 and 1."""
    assert_same([2100, 3500, 900], ONE_LEVEL, heads=1, head_dim=8, dtype=dtype)


def test_scale_and_wide_heads() -> None:
    assert_same([300, 20], TWO, {"scale": 0.37}, head_dim=72)


def test_layouts() -> None:
    """Gaps and heads outside are read in place, a last dimension with steps is copied; out and gradients follow."""
    cu_seqlens = bounds_of([270, 30])
    inputs = packed_inputs(300, heads=2, kv_heads=2)
    expected = packed(inputs, cu_seqlens, TWO)
    for order in ((0, 1, 2), (1, 0, 2), (0, 2, 1)):
        back = [order.index(axis) for axis in range(3)]
        *qkv, dout = (x.detach().permute(order).contiguous().permute(back) for x in inputs)
        got = packed([x.requires_grad_() for x in qkv] + [dout], cu_seqlens, TWO)
        assert all(map(torch.equal, got, expected))
        assert order == (0, 2, 1) or all(x.stride() == y.stride() for x, y in zip(got[:2], (qkv[0],) * 2, strict=True))
    (x,) = tensors((300, 3, 2, D))
    q, k, v = x.requires_grad_().unbind(1)
    lighthouse.varlen_attention(q, k, v, cu_seqlens, **asdict(TWO)).backward(dout)
    separate = [part.detach().clone().requires_grad_() for part in (q, k, v)]
    assert torch.equal(x.grad, torch.stack(packed([*separate, dout], cu_seqlens, TWO)[1:], dim=1))


def test_forms_of_cu_seqlens() -> None:
    inputs = packed_inputs(300)
    expected = packed(inputs, bounds_of([270, 30]), TWO)
    for cu_seqlens in ([0, 270, 300], (0, 270, 300), torch.tensor([0, 270, 300], dtype=torch.int32)):
        assert all(map(torch.equal, packed(inputs, cu_seqlens, TWO, max_seqlen=270), expected))


def test_documents_share_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """One op for all short documents up to a power of two, one for those of a padded length."""
    lighthouse.prepare_varlen(*packed_inputs(700)[:3], bounds_of([400, 300]), **asdict(TWO))
    spec = lighthouse._lighthouse.Spec(seq_len=1500, head_dim=D, **{**asdict(TWO), "num_levels": 2})
    lengths = [130, 200, 254, 3, 128, 299, 300, 186]
    op = lighthouse._lighthouse.get_varlen_op(spec, bounds_of(lengths).tolist())
    specs = [document.spec for *_, document in op.documents()]
    assert [(spec.num_levels, spec.seq_len) for spec in specs] == [
        (1, 256), (1, 256), (1, 256), (1, 128), (1, 128), (2, 300), (2, 300), (1, 256),
    ]  # fmt: skip
    assert len({id(document) for *_, document in op.documents()}) == 3
    assert op.reads_tokens


def test_autocast() -> None:
    *qkv, dout = packed_inputs(300)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = lighthouse.varlen_attention(*qkv, [0, 300], **asdict(TWO))
    assert out.dtype == torch.bfloat16
    assert all(grad.dtype == torch.float32 for grad in torch.autograd.grad(out, qkv, dout.bfloat16()))


# Refusals ------------------------------------------------------------------------------------------------------------

REFUSALS = [
    (
        [0],
        ValueError,
        r"cu_seqlens: expects an entry for each document and one more, at least 2, but got 1; \[0, 300\]",
    ),
    ([1, 300], ValueError, "cu_seqlens: expects 0 as its first entry, where the first document begins, but got 1"),
    ([0, 200, 100, 300], ValueError, "entries that do not decrease, but got 100 behind 200, as entry 2"),
    ([0, 299], ValueError, "cu_seqlens: expects the number of tokens, 300, as its last entry, but got 299"),
    ([0, 301], ValueError, "cu_seqlens: expects the number of tokens, 300, as its last entry, but got 301"),
    ([0, 300.0], TypeError, r"cu_seqlens: expects an int, but got 300\.0"),
    ("0300", TypeError, "cu_seqlens: expects an int32 tensor or a sequence of ints, but got str"),
    (torch.tensor([0, 300]), TypeError, r"cu_seqlens: expects dtype int32, but got torch\.int64; use cu_seqlens\.int"),
    (torch.zeros(1, 2).int(), ValueError, r"cu_seqlens: expects one dimension \[documents \+ 1\], but got \[1, 2\]"),
]


@pytest.mark.parametrize(("cu_seqlens", "error", "text"), REFUSALS, ids=lambda x: x if isinstance(x, str) else "")
def test_bad_cu_seqlens(cu_seqlens: Any, error: type[Exception], text: str) -> None:
    *qkv, _ = packed_inputs(300)
    with pytest.raises(error, match=text):
        lighthouse.varlen_attention(*qkv, cu_seqlens, **asdict(TWO))


def test_other_bad_arguments() -> None:
    q, k, v, _ = packed_inputs(300)
    cu_seqlens = bounds_of([270, 30])

    def refuses(error: type[Exception], text: str, q: Any = q, k: Any = k, v: Any = v, **options: Any) -> None:
        with pytest.raises(error, match=text):
            lighthouse.varlen_attention(q, k, v, cu_seqlens, **{**asdict(TWO), **options})

    refuses(ValueError, "max_seqlen: expects at least the longest document's 270 tokens, but got 200", max_seqlen=200)
    refuses(TypeError, "max_seqlen: expects an int", max_seqlen=2.5)
    refuses(ValueError, r"q: expects 3 dimensions \[tokens of all documents, heads, head_dim\]", q=q[None])
    refuses(ValueError, "k: expects the tokens of q, 300, in dimension 0, but got 299", k=k[1:], v=v[1:])
    refuses(ValueError, "num_kv_heads: expects a divisor", k=k.expand(-1, 3, -1), v=v.expand(-1, 3, -1))
    refuses(ValueError, "topk: expects a positive multiple of 128, but got 100", topk=100)
    refuses(ValueError, "pooling_factor: expects a power of two", pooling_factor=3)
    refuses(ValueError, "scorer: expects one of 'norm', .* but got 'loud'", scorer="loud")
    refuses(ValueError, "g: expects log gates .* for scorer='gla', but got None", scorer="gla")
    refuses(ValueError, "g: expects None for scorer='norm', but got log gates", g=torch.zeros(300, 2))
    refuses(
        ValueError, r"g: expects shape \[tokens, heads\] of q, \[300, 2\], but got", scorer="gla", g=torch.zeros(2, 300)
    )
    refuses(TypeError, "g: expects dtype float32", scorer="gla", g=torch.zeros(300, 2).bfloat16())
    refuses(ValueError, "dilation: expects 1 to seq_len=", scorer="dilated", dilation=301)
    refuses(TypeError, "q: expects a torch tensor", q=q.detach().numpy())


# Operators and torch.compile -----------------------------------------------------------------------------------------


def attend(q: Tensor, k: Tensor, v: Tensor, cu_seqlens: Tensor) -> Tensor:
    return lighthouse.varlen_attention(q, k, v, cu_seqlens, **asdict(TWO))


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_compile(backend: str) -> None:
    """No graph break, and other lengths of as many documents compile nothing anew."""
    torch.compiler.reset()
    compiled = torch.compile(attend, fullgraph=True, backend=backend)
    inputs = packed_inputs(400)
    *qkv, dout = inputs
    for index, lengths in enumerate(([300, 100], [130, 270], [20, 380])):
        cu_seqlens = bounds_of(lengths)
        with torch.compiler.set_stance("fail_on_recompile" if index else "default"):
            out = compiled(*qkv, cu_seqlens)
            got = [out.detach(), *torch.autograd.grad(out, qkv, dout)]
        assert all(map(torch.equal, got, packed(inputs, cu_seqlens, TWO)))


def test_opcheck() -> None:
    """Without the test by AOT: how many bytes backward keeps depends on the lengths."""
    tests = ("test_schema", "test_autograd_registration", "test_faketensor")
    *qkv, dout = packed_inputs(300)
    settings = (2, 2, 128, "gla", 0.0, 4)
    forward = (*qkv, bounds_of([270, 30]), -1, *settings, torch.randn(300, 2))
    torch.library.opcheck(_torch_varlen.varlen_attention, forward, test_utils=tests)
    with torch.no_grad():
        results = _torch_varlen.varlen_attention(*forward)
    backward = (dout, *(x.detach() for x in qkv), *results, *settings)
    torch.library.opcheck(_torch_varlen.varlen_attention_backward, backward, test_utils=tests)
