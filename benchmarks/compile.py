# SPDX-License-Identifier: Apache-2.0
"""How long an op takes to be ready to run: compiled with empty caches, and loaded from the cache on disk.

    python benchmarks/compile.py [--device cuda:0] [--arch sm_90a] [--markdown]

Each figure is of forward and backward together and comes from a process of its own, so that a cold compile includes the
start of LLVM; loading is timed in another process than the one that stored. Medians of three. Exits with 1 when a cold
compile takes a second or more, or loading 50 ms or more; on a GPU 1.5 s and 60 ms, after the driver made its context
and without its own cache.

With --arch no GPU is needed: the time until there is PTX, and that of ptxas on all kernels at once, where there is one.
"""

import argparse
import ctypes
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lighthouse
from lighthouse import _lighthouse
from rich.console import Console
from rich.progress import track
from rich.table import Table

BARS = {"cpu": (1.0, 0.05), "cuda": (1.5, 0.06)}  # seconds: compiled, loaded
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


def make_context(ordinal: int) -> None:
    """What the driver needs once a process, whoever asks first."""
    driver = ctypes.CDLL(os.environ.get("LIGHTHOUSE_LIBCUDA", "libcuda.so.1"))
    if driver.cuInit(0) or driver.cuDevicePrimaryCtxRetain(ctypes.byref(ctypes.c_void_p()), ordinal):
        sys.exit(f"expects an NVIDIA GPU number {ordinal}, but the driver refuses it; --arch needs none")


def ready_here(name: str, dtype: str, device: str, origin: str) -> None:
    """Prints the seconds until the op is there; it must come from where it is expected to."""
    spec = _lighthouse.Spec(dtype=dtype, **SPECS[name])
    if device != "cpu":
        make_context(int(device.partition(":")[2]))
    begin = time.perf_counter()
    op = _lighthouse.get_op(spec, device)
    seconds = time.perf_counter() - begin
    if op.origin != origin:
        sys.exit(f"{name}, {dtype}: expects an op that is {origin}, but got one from {op.origin}")
    print(seconds)


def run_ptxas(program: str, arch: str, ptx: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "kernel.ptx"
        source.write_text(ptx)
        subprocess.run([program, f"-arch={arch}", source, "-o", source.with_suffix(".cubin")], check=True)


def assembled_here(name: str, dtype: str, arch: str) -> None:
    """Prints the seconds until there is PTX, and those of ptxas; the latter are 0 without one."""
    spec = _lighthouse.Spec(dtype=dtype, **SPECS[name])
    begin = time.perf_counter()
    ptx = _lighthouse.emit(spec, "ptx", "", arch)
    seconds = time.perf_counter() - begin
    found = re.search(r"\((.*)\)", _lighthouse.assembler(arch))
    if not found:
        print(seconds, 0)
        return
    kernels = [_lighthouse.emit(spec, "ptx", kernel, arch) for kernel in re.findall(r"\.entry (\w+)\(", ptx)]
    kernels.sort(key=len, reverse=True)
    begin = time.perf_counter()
    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        list(pool.map(lambda kernel: run_ptxas(found[1], arch, kernel), kernels))
    print(seconds, time.perf_counter() - begin)


def in_a_process(folder: str, *arguments: str) -> list[float]:
    environment = {**os.environ, "LIGHTHOUSE_CACHE_DIR": folder, "CUDA_CACHE_DISABLE": "1"}
    environment.pop("LIGHTHOUSE_CACHE", None)
    command = [sys.executable, __file__, "--here", *arguments]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment).stdout
    return [float(word) for word in text.split()]


def measure(name: str, dtype: str, device: str) -> tuple[float, float]:
    """Median seconds of compiling and of loading."""
    cold, loaded = [], []
    for _ in range(REPEATS):
        with tempfile.TemporaryDirectory() as folder:
            cold += in_a_process(folder, "ready", name, dtype, device, "compiled")
            loaded += in_a_process(folder, "ready", name, dtype, device, "disk")
    return statistics.median(cold), statistics.median(loaded)


def measure_arch(name: str, dtype: str, arch: str) -> tuple[float, float]:
    """Median seconds until there is PTX, and of ptxas."""
    times = [in_a_process("", "assembled", name, dtype, arch) for _ in range(REPEATS)]
    ptx, assembled = map(statistics.median, zip(*times, strict=True))
    return ptx, assembled


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", help="cpu (the default) or cuda:0, cuda:1, ...")
    parser.add_argument("--arch", help="a GPU architecture, for example sm_90a, to compile for without a GPU")
    parser.add_argument("--markdown", action="store_true", help="print the table as Markdown")
    parser.add_argument("--here", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        {"ready": ready_here, "assembled": assembled_here}[options.here[0]](*options.here[1:])
        return 0
    if not options.arch and options.device not in ("cpu", *(each.device for each in lighthouse.devices())):
        here = ", ".join(("cpu", *(each.device for each in lighthouse.devices())))
        sys.exit(f"--device expects one of {here}, but got {options.device!r}; --arch needs no GPU")
    what = "PTX, ptxas" if options.arch else "compiled, loaded"
    bar_cold, bar_loaded = BARS["cuda"][:1] * 2 if options.arch else BARS[options.device.partition(":")[0]]
    headers = ["spec", *(f"{dtype}: {what} (ms)" for dtype in DTYPES)]
    lines, missed = [], []
    console = Console(stderr=True)
    for name in track(SPECS, description="specs", console=console):
        if options.arch:
            times = {dtype: measure_arch(name, dtype, options.arch) for dtype in DTYPES}
        else:
            times = {dtype: measure(name, dtype, options.device) for dtype in DTYPES}
        lines.append([name, *(f"{first * 1e3:.0f}, {second * 1e3:.1f}" for first, second in times.values())])
        missed += [f"{name}, {dtype}: {t} s" for dtype, t in times.items() if t[0] >= bar_cold or t[1] >= bar_loaded]
    if options.markdown:
        for row in (headers, ["---"] * len(headers), *lines):
            print("| " + " | ".join(row) + " |")
    else:
        table = Table(*headers, title=f"Forward and backward for {options.arch or options.device}, until they can run")
        for row in lines:
            table.add_row(*row)
        Console().print(table)
    verdict = f"All compile in under {bar_cold:.1f} s and load in under {bar_loaded * 1e3:.0f} ms."
    if options.arch:
        verdict = f"All are PTX in under {bar_cold:.1f} s, and assembled in as much again."
    print("\n".join(missed) or verdict)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
