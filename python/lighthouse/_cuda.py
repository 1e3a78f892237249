# SPDX-License-Identifier: Apache-2.0
"""NVIDIA GPUs: what there are, and NVIDIA's tools among the installed Python packages."""

import functools
import importlib.util
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


@functools.cache
def add_tool_folders() -> None:
    """Lets the library find the ptxas of a Python package, where there is none of a toolkit."""
    folders = []
    for package, pattern in TOOLS.items():
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            folders += [str(path.parent) for path in sorted(Path(place).glob(pattern), reverse=True)]
    _lighthouse.add_tool_folders(folders)
