# SPDX-License-Identifier: Apache-2.0
# Types of the binding in python/bindings.

from collections.abc import Mapping, Sequence

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
    dilation: int
    varlen: bool

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
        dilation: int = 4,
        varlen: bool = False,
    ) -> None: ...
    def validate(self) -> None: ...
    def effective_scale(self) -> float: ...
    def num_tiles(self) -> int: ...
    def padded_length(self) -> int: ...
    def least_length(self) -> int: ...
    def subsequence_length(self) -> int: ...
    def tile_length(self) -> int: ...
    def __eq__(self, other: object) -> bool: ...

class Op:
    @property
    def spec(self) -> Spec: ...
    @property
    def device(self) -> str: ...
    @property
    def origin(self) -> str: ...
    def signature(self, direction: str) -> tuple[tuple[tuple[str, str, tuple[int, ...], bool, bool], ...], int]: ...
    def launches(self, direction: str) -> tuple[tuple[str, int, int, int, float], ...]: ...
    def run(
        self,
        direction: str,
        pointers: Sequence[int],
        strides: Sequence[Sequence[int]],
        workspace: int,
        num_threads: int = 0,
        stream: int = 0,
        first_launch: int = 0,
        end_launch: int = -1,
    ) -> None: ...

class Call:
    def __init__(self, op: Op, direction: str, places: Sequence[tuple[int, int, Sequence[int]]]) -> None: ...
    def __call__(self, addresses: list[int], num_threads: int = 0, stream: int = 0) -> None: ...

class VarlenOp:
    @property
    def reads_tokens(self) -> bool: ...
    def documents(self) -> tuple[tuple[int, int, Op], ...]: ...
    def signature(self, direction: str) -> tuple[tuple[tuple[str, str, tuple[int, ...], bool, bool], ...], int]: ...
    def run(
        self,
        direction: str,
        pointers: Sequence[int],
        strides: Sequence[Sequence[int]],
        workspace: int,
        num_threads: int = 0,
        stream: int = 0,
    ) -> None: ...

def get_varlen_op(
    spec: Spec,
    cu_seqlens: Sequence[int],
    device: str = "cpu",
    deterministic: bool = False,
    left_out: Sequence[int] = (),
) -> VarlenOp: ...
def get_op(spec: Spec, device: str = "cpu", deterministic: bool = False) -> Op: ...
def signatures(
    spec: Spec, device: str = "cpu", deterministic: bool = False
) -> tuple[
    tuple[tuple[tuple[str, str, tuple[int, ...], bool, bool], ...], int],
    tuple[tuple[tuple[str, str, tuple[int, ...], bool, bool], ...], int],
]: ...
def emit(
    spec: Spec, stage: str, kernel: str = "", arch: str = "", schedules: Mapping[str, Mapping[str, int]] = {}
) -> str: ...
def tune(
    spec: Spec, device: str, kernels: Sequence[str], database: str, progress: bool, deterministic: bool
) -> tuple[
    str,
    str,
    str,
    list[
        tuple[
            str,
            dict[str, int],
            dict[str, int],
            float,
            float,
            int,
            list[tuple[dict[str, int], str]],
            list[tuple[dict[str, int], str]],
        ]
    ],
    str,
]: ...
def tuning_entries(gpu: str) -> tuple[str, tuple[tuple[str, str, int, int, int, int, float, int, float], ...]]: ...
def tuned_gpus() -> list[str]: ...
def launch_costs(
    spec: Spec, arch: str
) -> tuple[tuple[tuple[str, int, int, int, float], ...], tuple[tuple[str, int, int, int, float], ...]]: ...
def tuned_schedules(spec: Spec, device: str = "cuda:0") -> dict[str, dict[str, int]]: ...
def devices() -> list[tuple[str, str, tuple[int, int], str, str, int, int]]: ...
def driver() -> tuple[str, str]: ...
def assembler(arch: str) -> str: ...
def add_tool_folders(folders: Sequence[str]) -> None: ...
def clear_memory_cache() -> None: ...
def version() -> str: ...
def main(argv: list[bytes]) -> int: ...
