# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.autotune``: the fastest parameters of a call's kernels on the GPU at hand."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from lighthouse import _arguments, _cuda, _lighthouse
from lighthouse._program import clear_memory_cache


class KernelTuning(NamedTuple):
    """What the search found for one kernel.

    ``defaults`` and ``best`` are parameters by name; ``best`` equals ``defaults`` where nothing is faster by more than
    1%. Times are medians with a cold L2 cache. ``tried`` counts the candidates that ran with right results; ``pruned``
    and ``rejected`` hold (parameters, reason) of those that cannot run, and of those that spill registers, fail, or
    give other results.
    """

    kernel: str
    defaults: dict[str, int]
    best: dict[str, int]
    default_microseconds: float
    microseconds: float
    tried: int
    pruned: list[tuple[dict[str, int], str]]
    rejected: list[tuple[dict[str, int], str]]


class Tuning(NamedTuple):
    """What ``autotune`` found. ``print`` shows it as a table.

    ``database`` is the file that has the results now, empty when they are not kept.
    """

    spec: str
    gpu: str
    database: str
    kernels: list[KernelTuning]
    table: str

    def __str__(self) -> str:
        return self.table


def autotune(
    seq_len: int,
    head_dim: int,
    *,
    dtype: Any = "bfloat16",
    batch: int = 1,
    num_heads: int = 1,
    num_kv_heads: int | None = None,
    num_levels: int = 3,
    pooling_factor: int = 4,
    topk: int | None = None,
    scorer: str | Callable[[Any, Any], tuple[Any, Any]] = "norm",
    scale: float | None = None,
    dilation: int = 4,
    device: Any = "cuda:0",
    kernels: list[str] | tuple[str, ...] = (),
    database: str | None = None,
    progress: bool = True,
    deterministic: bool = False,
) -> Tuning:
    """Searches the parameters of the kernels of such calls of ``attention``; calls from now on take what it finds.

    The command ``lighthouse tune`` does the same. Each candidate is compiled, run on random numbers, compared with the
    default's results and timed, kernel by kernel. Takes some minutes, and device memory for the call's tensors.

    Args:
        seq_len, head_dim, batch, num_heads, num_kv_heads: N, D, B, Hq and Hkv of the calls; None: Hq.
        dtype: of q, k and v: "float32", "bfloat16" or "float16", or torch's.
        num_levels, pooling_factor, topk, scorer, scale, dilation: as for ``attention``.
        device: the GPU, "cuda:0" or a ``torch.device``.
        kernels: names such as "forward_attend", to search these only.
        database: file to keep the results in; None for the user's, beside the cache.
        progress: show how far it is on stderr.
        deterministic: search the kernels of calls under ``torch.use_deterministic_algorithms(True)``.

    Returns:
        ``Tuning``, which prints as a table.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: sizes that do not go together, an unknown kernel, or the CPU, whose kernels have no such parameters.
        RuntimeError: there is no GPU or driver, the GPU refuses, or the database cannot be written.
    """
    settings = _arguments.settings(num_levels, pooling_factor, topk, scorer, scale, dilation)
    sizes = {"seq_len": seq_len, "head_dim": head_dim, "batch": batch, "num_heads": num_heads}
    sizes["num_kv_heads"] = num_heads if num_kv_heads is None else num_kv_heads
    spec = _lighthouse.Spec(
        dtype=str(dtype).removeprefix("torch."),
        **{name: _arguments.integer(name, value) for name, value in sizes.items()},
        **settings._asdict(),
    )
    if isinstance(kernels, str):
        raise TypeError(f"kernels: expects a list of names, but got {kernels!r}; [{kernels!r}] fits")
    if not isinstance(kernels, Iterable) or not all(isinstance(kernel, str) for kernel in kernels):
        raise TypeError(f"kernels: expects a list of names such as 'forward_attend', but got {kernels!r}")
    if database is not None and not isinstance(database, str):
        raise TypeError(f"database: expects a file's name or None, but got {database!r}")
    _arguments.flag("progress", progress)
    _arguments.flag("deterministic", deterministic)
    name = str(device)
    _cuda.refuse_in_capture()
    _cuda.add_tool_folders()
    spec_text, gpu, file, found, table = _lighthouse.tune(
        spec, "cuda:0" if name == "cuda" else name, list(kernels), database or "", bool(progress), bool(deterministic)
    )
    clear_memory_cache()
    return Tuning(spec_text, gpu, file, [KernelTuning(*each) for each in found], table)
