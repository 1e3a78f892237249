# SPDX-License-Identifier: Apache-2.0
"""NVIDIA GPUs: what there are, and NVIDIA's tools among the installed Python packages."""

import functools
import importlib.util
import sys
from pathlib import Path
from typing import NamedTuple

from lighthouse import _lighthouse

# Packages with a ptxas: PyPI's nvidia-cuda-nvcc-cu12 and nvidia-cuda-nvcc, and Triton, which comes with torch.
TOOLS = {"nvidia": "*/bin/ptxas", "triton": "backends/nvidia/bin/ptxas"}


class Device(NamedTuple):
    """A GPU as its driver describes it.

    ``arch`` is the architecture that ops are compiled for; empty where the GPU or its driver is too old, which
    ``trouble`` then tells.
    """

    device: str
    name: str
    capability: tuple[int, int]
    arch: str
    trouble: str
    memory_bytes: int
    multiprocessors: int


def devices() -> list[Device]:
    """Returns the NVIDIA GPUs of this machine; an empty list without a driver. Needs no torch."""
    return [Device(*each) for each in _lighthouse.devices()]


def refuse_in_capture() -> None:
    """Raises RuntimeError while torch captures a CUDA graph: nothing can be loaded then."""
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available() and torch.cuda.is_current_stream_capturing():
        raise RuntimeError(
            "expects sizes that are compiled and loaded already while a CUDA graph is captured, but got new ones; call "
            "lighthouse.prepare(q, k, v, ...) before the capture"
        )


@functools.cache
def add_tool_folders() -> None:
    """Lets the library find the ptxas of a Python package, where there is none of a toolkit."""
    folders = []
    for package, pattern in TOOLS.items():
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            folders += [str(path.parent) for path in sorted(Path(place).glob(pattern), reverse=True)]
    _lighthouse.add_tool_folders(folders)
