# SPDX-License-Identifier: Apache-2.0
"""Small calls of every kind, forward and backward, for scripts/gpu/sanitize.sh. Results are not looked at.

    python tests/gpu/small_calls.py [--plain]

``--plain`` leaves out the calls whose attention copies tensors by the GPU's copy unit, 16-bit heads of up to 128 on
sm_90a, or makes them in float32. compute-sanitizer's initcheck does not see what the unit writes.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1] / "python"))

import lighthouse
from helpers import DTYPES, SMALL, deterministic_algorithms, run, tensors
from reference import Settings
from test_gla import Case, indices_of
from test_scorer import squares_and_largest
from test_varlen import TWO, packed, packed_inputs

ONE_LEVEL = Settings(num_levels=1)
SCORERS = {"dilated": Settings(3, 2, 128, "dilated", 2), "of a user": Settings(3, 2, 128, squares_and_largest)}


def attend(dtype: torch.dtype, head_dim: int, settings: Settings, heads: int = 2) -> None:
    """With fewer heads of keys, and a length that neither blocks nor windows divide."""
    q, kv = (1, heads, 701, head_dim), (1, 1, 701, head_dim)
    run(*tensors(q, kv, kv, q, dtype=dtype), settings, "cuda")


def attend_documents(dtype: torch.dtype, settings: Settings) -> None:
    lengths = [300, 1, 0, 255, 129]
    *qkv, dout = (x.detach().cuda() for x in packed_inputs(sum(lengths), 2, 1, 64, dtype=dtype))
    bounds = torch.tensor([0, *lengths]).cumsum(0).tolist()
    packed([x.requires_grad_() for x in qkv] + [dout], bounds, settings)


def calls(plain: bool) -> Iterator[tuple[str, object]]:
    for dtype in DTYPES:
        for head_dim in (256,) if plain and dtype != torch.float32 else (40, 64, 128, 256):
            for settings in (SMALL, ONE_LEVEL):
                yield f"{dtype} {head_dim} {settings}", lambda d=dtype, n=head_dim, s=settings: attend(d, n, s)
    dtype = torch.float32 if plain else torch.bfloat16
    for name, settings in SCORERS.items():
        yield f"scorer {name}", lambda s=settings: attend(dtype, 64, s)
    for head_dim in (40, 128):
        case = Case(601, heads=2, kv_heads=1, head_dim=head_dim, settings=Settings(3, 2, 128))
        yield f"scorer gla {head_dim}", lambda c=case: indices_of(c, c.inputs(dtype), "cuda")
    for settings in (TWO, ONE_LEVEL):
        yield f"documents {settings}", lambda s=settings: attend_documents(dtype, s)


def main() -> None:
    print(*lighthouse.devices(), sep="\n")
    torch.utils.deterministic.fill_uninitialized_memory = False  # or initcheck would find all of it written
    for deterministic in (False, True):
        with deterministic_algorithms(deterministic):
            for name, call in calls("--plain" in sys.argv[1:]):
                call()
                torch.cuda.synchronize()
                print("deterministic" if deterministic else "", name, flush=True)


if __name__ == "__main__":
    main()
