# SPDX-License-Identifier: Apache-2.0
"""How long an op takes to be ready to run: compiled with empty caches, and loaded from the cache on disk.

    python benchmarks/compile.py [--device cuda:0] [--markdown]

Each figure is of forward and backward together and comes from a process of its own, so that a cold compile includes the
start of LLVM; loading is timed in another process than the one that stored. Medians of three. Exits with 1 when a cold
compile takes a second or more, or loading 50 ms or more; on a GPU 1.5 s and 60 ms, from where its context is there on,
and without the driver's own cache.
"""

import argparse
import ctypes
import os
import statistics
import subprocess
import sys
import tempfile
import time

from lighthouse import _lighthouse
from rich.console import Console
from rich.table import Table

BARS = {"cpu": (1.0, 0.05), "cuda": (1.5, 0.06)}  # seconds, cold and loaded
BASE = {"num_heads": 8, "num_kv_heads": 8, "head_dim": 64}
PYRAMID = {"num_levels": 3, "pooling_factor": 4}
SPECS = {
    "N = 8,192, K = 256": {**BASE, **PYRAMID, "seq_len": 8192, "topk": 256},
    "N = 32,768, K = 1,024": {**BASE, **PYRAMID, "seq_len": 32768, "topk": 1024},
    "head_dim 128, 2 key heads": {**BASE, **PYRAMID, "seq_len": 8192, "topk": 256, "head_dim": 128, "num_kv_heads": 2},
    "head_dim 256": {**BASE, **PYRAMID, "seq_len": 8192, "topk": 256, "head_dim": 256},
    "5 levels of 2": {**BASE, "seq_len": 8192, "topk": 256, "num_levels": 5, "pooling_factor": 2},
    "8 levels of 2": {**BASE, "seq_len": 32768, "topk": 128, "num_levels": 8, "pooling_factor": 2},
    "one level": {**BASE, "seq_len": 8192},
}
DTYPES = ("float32", "bfloat16", "float16")
REPEATS = 3


def create_context(ordinal: int) -> None:
    """Makes the device's primary context and keeps it, as torch would."""
    driver = ctypes.CDLL(os.environ.get("LIGHTHOUSE_LIBCUDA", "libcuda.so.1"))
    if driver.cuInit(0) or driver.cuDevicePrimaryCtxRetain(ctypes.byref(ctypes.c_void_p()), ordinal):
        sys.exit(f"expects an NVIDIA GPU number {ordinal}, but the driver refuses it")


def measure_here(name: str, dtype: str, origin: str, device: str) -> None:
    """Prints the seconds until the op is there; it must come from where it is expected to."""
    spec = _lighthouse.Spec(dtype=dtype, **SPECS[name])
    if device != "cpu":
        create_context(int(device.partition(":")[2]))
    begin = time.perf_counter()
    op = _lighthouse.get_op(spec, device)
    seconds = time.perf_counter() - begin
    if op.origin != origin:
        sys.exit(f"{name}, {dtype}: expects an op that is {origin}, but got one from {op.origin}")
    print(seconds)


def in_a_process(name: str, dtype: str, origin: str, device: str, folder: str) -> float:
    environment = {**os.environ, "LIGHTHOUSE_CACHE_DIR": folder, "CUDA_CACHE_DISABLE": "1"}
    environment.pop("LIGHTHOUSE_CACHE", None)
    command = [sys.executable, __file__, "--here", name, dtype, origin, device]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout)


def measure(name: str, dtype: str, device: str) -> tuple[float, float]:
    """Median seconds of compiling and of loading."""
    cold, loaded = [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            cold.append(in_a_process(name, dtype, "compiled", device, folder))
            loaded.append(in_a_process(name, dtype, "disk", device, folder))
    return statistics.median(cold), statistics.median(loaded)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--device", default="cpu", help="cpu (the default) or cuda:0, cuda:1, ...")
    parser.add_argument("--here", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        measure_here(*options.here)
        return 0
    headers = ["spec", *(f"{dtype}: compiled, loaded (ms)" for dtype in DTYPES)]
    lines, missed = [], []
    cold_bar, loaded_bar = BARS[options.device.partition(":")[0]]
    for name in SPECS:
        times = {dtype: measure(name, dtype, options.device) for dtype in DTYPES}
        lines.append([name, *(f"{cold * 1e3:.0f}, {loaded * 1e3:.1f}" for cold, loaded in times.values())])
        missed += [f"{name}, {dtype}: {t} s" for dtype, t in times.items() if t[0] >= cold_bar or t[1] >= loaded_bar]
    if options.markdown:
        for row in (headers, ["---"] * len(headers), *lines):
            print("| " + " | ".join(row) + " |")
    else:
        table = Table(*headers, title="Forward and backward, until they can run")
        for row in lines:
            table.add_row(*row)
        Console().print(table)
    verdict = f"All compile in under {cold_bar:g} s and load in under {loaded_bar * 1e3:.0f} ms."
    print("\n".join(missed) or verdict)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
