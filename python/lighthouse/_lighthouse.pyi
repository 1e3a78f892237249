# SPDX-License-Identifier: Apache-2.0
# Types of the binding in python/bindings.

from collections.abc import Sequence

class Spec:
    op: str
    dtype: str
    scorer: str
    batch: int
    num_heads: int
    num_kv_heads: int
    seq_len: int
    head_dim: int
    num_levels: int
    pooling_factor: int
    topk: int
    scale: float

    def __init__(
        self,
        *,
        op: str = "attention",
        dtype: str = "float32",
        scorer: str = "norm",
        batch: int = 1,
        num_heads: int = 1,
        num_kv_heads: int = 1,
        seq_len: int = 0,
        head_dim: int = 0,
        num_levels: int = 1,
        pooling_factor: int = 2,
        topk: int = 128,
        scale: float = 0.0,
    ) -> None: ...
    def validate(self) -> None: ...
    def effective_scale(self) -> float: ...
    def num_tiles(self) -> int: ...
    def padded_length(self) -> int: ...
    def subsequence_length(self) -> int: ...
    def tile_length(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...

class Op:
    @property
    def spec(self) -> Spec: ...
    @property
    def origin(self) -> str: ...
    def signature(self, direction: str) -> tuple[tuple[tuple[str, str, tuple[int, ...], bool, bool], ...], int]: ...
    def run(
        self,
        direction: str,
        pointers: Sequence[int],
        strides: Sequence[Sequence[int]],
        workspace: int,
        num_threads: int = 0,
    ) -> None: ...

def get_op(spec: Spec) -> Op: ...
def emit(spec: Spec, stage: str, kernel: str = "") -> str: ...
def clear_memory_cache() -> None: ...
def version() -> str: ...
def main(argv: list[str]) -> int: ...
