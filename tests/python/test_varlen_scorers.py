# SPDX-License-Identifier: Apache-2.0
"""Packed documents with scorers other than norms: to the last bit what each document gives by itself."""

from dataclasses import replace

import lighthouse
import pytest
import torch
from helpers import tensors
from lighthouse.nn import LighthouseAttention
from reference import Settings
from test_varlen import THREE, TWO, bounds_of, one_by_one, packed, packed_inputs
from torch import Tensor

# The second scores what lies behind the end of a document, rows of zeros, above all tokens.
SCORERS = ["sum(q * q), max(abs(k))", "1 / (1 + sum(q * q)), exp(-norm(k))", "dilated", "gla"]


def gates(total: int, heads: int = 2) -> Tensor:
    """Log gates [total, heads]."""
    (g,) = tensors((total, heads), seed=1)
    return -0.1 * g.abs()


def assert_same(lengths: list[int], options: Settings, heads: int = 2, **sizes: object) -> None:
    inputs, cu_seqlens = packed_inputs(sum(lengths), heads, **sizes), bounds_of(lengths)
    g = gates(sum(lengths), heads) if options.scorer == "gla" else None
    got, expected = packed(inputs, cu_seqlens, options, g=g), one_by_one(inputs, cu_seqlens, options, g=g)
    for name, x, y in zip(("out", "dq", "dk", "dv"), got, expected, strict=True):
        assert torch.equal(x, y), (name, lengths)


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_equals_one_by_one(dtype: torch.dtype, scorer: str) -> None:
    """Long, short and one-token documents, documents of one padded length, and one without tokens."""
    assert_same([300, 1, 299, 0, 40, 255, 257, 128], replace(TWO, scorer=scorer), dtype=dtype)
    assert_same([1017, 30, 1020, 1031], replace(THREE, scorer=scorer), heads=4, kv_heads=2, head_dim=40, dtype=dtype)


@pytest.mark.parametrize("scorer", ["dilated", "gla"])
@pytest.mark.parametrize("dilation", [1, 3, 299])
def test_dilation(dilation: int, scorer: str) -> None:
    """Classes of which some end a token earlier, and of one token."""
    assert_same([300, 299], replace(TWO, scorer=scorer, dilation=dilation))


def test_nothing_behind_the_end_is_scored() -> None:
    """A token behind the end attends to all of its class alike, so it would have a larger score than all late ones."""
    q, k, v, dout = packed_inputs(301, kv_heads=2)
    with torch.no_grad():
        k.copy_(q.mul_(8))
        v.fill_(1)[150:] *= 1e-3
    options = replace(TWO, scorer="dilated", dilation=1)
    got, expected = (run([q, k, v, dout], bounds_of([301]), options) for run in (packed, one_by_one))
    assert all(map(torch.equal, got, expected))


def test_a_function() -> None:
    def loud(q, k):
        return (q * q).sum(), abs(k).max()

    inputs = packed_inputs(300)
    got, expected = (packed(inputs, [0, 270, 300], replace(TWO, scorer=scorer)) for scorer in (loud, SCORERS[0]))
    assert all(map(torch.equal, got, expected))


def test_short_documents_share_code() -> None:
    """One level selects every token, whatever scores them."""
    ops = []
    for scorer in ("norm", "dilated", "gla"):
        spec = lighthouse._lighthouse.Spec(
            scorer=scorer, seq_len=330, head_dim=16, num_levels=2, pooling_factor=2, topk=128
        )
        documents = lighthouse._lighthouse.get_varlen_op(spec, [0, 300, 330]).documents()
        ops.append([op.spec for *_, op in documents])
    assert ops[0][1] == ops[1][1] == ops[2][1]
    assert ops[0][0] != ops[1][0]


def test_module() -> None:
    """Gates [1, Hq, N]; in the dense stage none are needed."""
    *qkv, _ = packed_inputs(330)
    g = gates(330)
    module = LighthouseAttention(2, 2, 128, scorer="gla", dilation=2)
    heads = [x.transpose(0, 1)[None] for x in qkv]
    options = {"enable_gqa": True, "cu_seqlens": [0, 300, 330]}
    out = module(*heads, g=g.t()[None], **options)
    expected = lighthouse.varlen_attention(*qkv, [0, 300, 330], None, 2, 2, 128, "gla", dilation=2, g=g)
    assert torch.equal(out[0].transpose(0, 1), expected)
    with pytest.raises(ValueError, match=r"g: expects \[1, heads, tokens of all documents\] with cu_seqlens, but got"):
        module(*heads, g=g, **options)
    with pytest.raises(ValueError, match=r"g: expects log gates .* for scorer='gla', but got None"):
        module(*heads, **options)
    module.dense = True
    dense = lighthouse.varlen_attention(*qkv, [0, 300, 330], num_levels=1)
    for given in (None, g.t()[None]):
        assert torch.equal(module(*heads, g=given, **options)[0].transpose(0, 1), dense)


def test_compile() -> None:
    torch.compiler.reset()
    options = replace(TWO, scorer="gla")
    compiled = torch.compile(lambda *given: packed_with_gates(given, options), fullgraph=True, backend="aot_eager")
    *qkv, dout = packed_inputs(400)
    for index, lengths in enumerate(([300, 100], [130, 270])):
        given = (*qkv, gates(400), bounds_of(lengths))
        with torch.compiler.set_stance("fail_on_recompile" if index else "default"):
            out = compiled(*given)
        got, expected = ((x, *torch.autograd.grad(x, qkv, dout)) for x in (out, packed_with_gates(given, options)))
        assert all(map(torch.equal, got, expected))


def packed_with_gates(given: tuple[Tensor, ...], options: Settings) -> Tensor:
    q, k, v, g, cu_seqlens = given
    levels = (options.num_levels, options.pooling_factor, options.topk, options.scorer)
    return lighthouse.varlen_attention(q, k, v, cu_seqlens, None, *levels, g=g)
