# SPDX-License-Identifier: Apache-2.0
"""Rows that attention fetches itself give the bits of rows that a kernel copies before it (sm_90a)."""

import pytest
import torch
from lighthouse import _lighthouse
from lighthouse._program import Program
from lighthouse._torch_run import run

pytestmark = pytest.mark.skipif(
    torch.cuda.is_available() and torch.cuda.get_device_capability() != (9, 0), reason="for compute capability 9.0"
)

# Batch, query heads, key heads, N, D, levels, factor, K: whole blocks; a ragged end, which also has zero rows behind
# the tokens; shared key heads; narrow heads and those that fill no panel; many levels.
SHAPES = [
    (1, 2, 2, 8192, 128, 3, 4, 256),
    (2, 2, 2, 8187, 128, 3, 4, 256),
    (1, 4, 1, 3001, 128, 2, 2, 128),
    (2, 4, 2, 8191, 64, 3, 4, 256),
    (1, 2, 2, 4100, 80, 2, 4, 384),
    (1, 3, 3, 5003, 40, 4, 2, 128),
    (1, 1, 1, 70_000, 96, 3, 4, 1024),
]


def results(shape: tuple[int, ...], dtype: str, transposed: bool, parameters: dict[str, int]) -> dict:
    batch, heads, kv_heads, tokens, head_dim, levels, factor, topk = shape
    spec = _lighthouse.Spec(
        dtype=dtype,
        batch=batch,
        num_heads=heads,
        num_kv_heads=kv_heads,
        seq_len=tokens,
        head_dim=head_dim,
        num_levels=levels,
        pooling_factor=factor,
        topk=topk,
    )
    torch.manual_seed(0)
    inputs = []
    for count in (heads, kv_heads, kv_heads):
        sizes = (batch, tokens, count, head_dim) if transposed else (batch, count, tokens, head_dim)
        x = torch.randn(sizes, device="cuda").to(getattr(torch, dtype))
        inputs.append(x.transpose(1, 2) if transposed else x)
    program = Program(spec, "cuda:0", schedules={"forward_attend": parameters})
    names = [launch.kernel for launch in program.forward.launches]
    assert ("forward_gather" in names) == (parameters["gather"] == 1)
    return run(program.forward, inputs, {"out": inputs[0].stride()})


@pytest.mark.parametrize("transposed", [False, True], ids=["heads first", "tokens first"])
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_both_ways_give_the_same_bits(shape: tuple[int, ...], dtype: str, transposed: bool) -> None:
    copied = results(shape, dtype, transposed, {"gather": 1, "block_columns": 128})
    for _ in range(3):
        fetched = results(shape, dtype, transposed, {"gather": 2, "block_columns": 128})
        assert copied.keys() == fetched.keys()
        for name, x in copied.items():
            assert torch.equal(x, fetched[name]), name


@pytest.mark.parametrize(
    "parameters", [{"block_columns": 64, "stages": 3}, {"block_columns": 80}, {"block_columns": 176}], ids=str
)
def test_sizes_of_blocks(parameters: dict[str, int]) -> None:
    copied, fetched = (results(SHAPES[1], "bfloat16", False, {"gather": way, **parameters}) for way in (1, 2))
    for name, x in copied.items():
        assert torch.equal(x, fetched[name]), name
