# SPDX-License-Identifier: Apache-2.0
"""Short packed documents in batches, as they run on a GPU: here on the CPU, to the last bit as one by one."""

from collections.abc import Iterator
from dataclasses import replace

import lighthouse
import pytest
import torch
from lighthouse import _arguments, _torch_batches
from reference import Settings
from test_varlen import ONE_LEVEL, TWO, bounds_of, one_by_one, packed, packed_inputs

SHORT = [1, 128, 127, 64, 2, 100, 128, 3, 90, 128, 57]  # of one capacity
MIXED = [300, *SHORT, 0, 200, 1500, 129, 256, 255, *SHORT[:4], 40]


@pytest.fixture(autouse=True)
def on_a_cpu_too(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(_torch_batches.LEAST, "cpu", 3)
    lighthouse.clear_memory_cache()
    yield
    lighthouse.clear_memory_cache()


def assert_same(lengths: list[int], options: Settings, **sizes: object) -> None:
    inputs, cu_seqlens = packed_inputs(sum(lengths), **sizes), bounds_of(lengths)
    got, expected = packed(inputs, cu_seqlens, options), one_by_one(inputs, cu_seqlens, options)
    for name, x, y in zip(("out", "dq", "dk", "dv"), got, expected, strict=True):
        assert torch.equal(x, y), name


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("options", [TWO, ONE_LEVEL], ids=["two levels", "one level"])
def test_equals_one_by_one(options: Settings, dtype: torch.dtype) -> None:
    assert_same(MIXED, options, dtype=dtype)
    assert_same(SHORT, options, dtype=dtype, heads=4, kv_heads=2, head_dim=40)


def test_scorers_of_long_documents_stay() -> None:
    assert_same(MIXED, replace(TWO, scorer="dilated"))


def test_no_document_hears_another() -> None:
    inputs, lengths = packed_inputs(sum(SHORT)), [0, *bounds_of(SHORT).tolist()[1:]]
    before = packed(inputs, lengths, ONE_LEVEL)
    begin, end = lengths[4], lengths[5]
    *qkv, dout = (x.detach().clone() for x in inputs)
    for x in (*qkv, dout):
        x[:begin] = x[end:] = float("nan")
    after = packed([x.requires_grad_() for x in qkv] + [dout], lengths, ONE_LEVEL)
    assert all(torch.equal(x[begin:end], y[begin:end]) for x, y in zip(before, after, strict=True))


def test_layouts() -> None:
    """Heads outside, and all of them in one tensor."""
    inputs, cu_seqlens = packed_inputs(sum(SHORT)), bounds_of(SHORT)
    expected = packed(inputs, cu_seqlens, ONE_LEVEL)
    *qkv, dout = (x.detach().transpose(0, 1).contiguous().transpose(0, 1) for x in inputs)
    got = packed([x.requires_grad_() for x in qkv] + [dout], cu_seqlens, ONE_LEVEL)
    assert all(map(torch.equal, got, expected))
    assert got[0].stride() == qkv[0].stride()


def test_which_documents() -> None:
    """Short ones of up to 1,024 tokens, where a capacity has enough of them."""
    settings = _arguments.settings(2, 2, 128, "norm", None, 4)
    groups = _torch_batches.group(bounds_of(MIXED).tolist(), settings, "cpu")
    lengths = {tokens: sorted(MIXED[number] for number in numbers) for tokens, numbers in groups.items()}
    assert lengths == {128: sorted([*SHORT, *SHORT[:4], 40])}  # 200 and 129 are two; from 255 on there are two levels.
    settings = _arguments.settings(1, 2, 128, "norm", None, 4)
    groups = _torch_batches.group(bounds_of([*MIXED, 1024, 1000, 700, 1025]).tolist(), settings, "cpu")
    assert sorted(groups) == [128, 256, 1024]
    assert len(groups[256]) == 4
    assert not _torch_batches.group(bounds_of(SHORT[:2]).tolist(), settings, "cpu")
    assert list(_torch_batches.group(bounds_of(SHORT[:8]).tolist(), settings, "cuda:0")) == [128]
    assert not _torch_batches.group(bounds_of(SHORT[:7]).tolist(), settings, "cuda:0")


def test_not_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """There one by one is no slower."""
    monkeypatch.undo()
    settings = _arguments.settings(1, 2, 128, "norm", None, 4)
    assert not _torch_batches.group(bounds_of(SHORT).tolist(), settings, "cpu")


def test_a_document_is_in_one_part() -> None:
    for count in (1, 3, 8, 63, 85, 500):
        batch = _torch_batches.Batch.of(list(range(count)), [1] * count, 128)
        parts = list(batch.parts())
        assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
        assert count <= parts[-1].stop < count + 8
        assert len(parts) <= count // 128 + 6
        assert batch.on("cpu").real.tolist() == list(range(count))


def test_bad_settings_are_refused_as_elsewhere() -> None:
    *qkv, _ = packed_inputs(sum(SHORT))
    for options, text in (
        ({"topk": 100}, "topk: expects a positive multiple of 128, but got 100"),
        ({"topk": 128, "num_levels": 0}, "num_levels: expects 1 to 8, but got 0"),
        ({"topk": 128, "pooling_factor": 0}, "pooling_factor: expects a power of two"),
    ):
        with pytest.raises(ValueError, match=text):
            lighthouse.varlen_attention(*qkv, bounds_of(SHORT), **options)
    with pytest.raises(ValueError, match="cu_seqlens: expects entries that do not decrease"):
        lighthouse.varlen_attention(*qkv, [0, 9, 8, 20, 30, sum(SHORT)], num_levels=1)
    with pytest.raises(ValueError, match="left_out: expects increasing numbers of the 2 documents, but got 1, 1"):
        lighthouse._lighthouse.get_varlen_op(
            lighthouse._lighthouse.Spec(seq_len=20, head_dim=8), [0, 9, 20], left_out=[1, 1]
        )


def test_documents_left_out() -> None:
    spec = lighthouse._lighthouse.Spec(seq_len=20, head_dim=8)
    op = lighthouse._lighthouse.get_varlen_op(spec, [0, 9, 9, 20], left_out=[2])
    assert [(begin, length) for begin, length, _ in op.documents()] == [(0, 9)]
