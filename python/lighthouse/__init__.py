# SPDX-License-Identifier: Apache-2.0
"""Lighthouse Attention, compiled for the CPU or NVIDIA GPU at hand.

``import lighthouse`` needs numpy only; torch is imported when a torch tensor comes, or with ``lighthouse.nn``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lighthouse import _lighthouse
from lighthouse._attention import Aux, attention, prepare
from lighthouse._cuda import Device, devices
from lighthouse._program import clear_memory_cache
from lighthouse._selection_plot import plot_selection
from lighthouse._suggest import Suggestion, Suggestions, suggest
from lighthouse._tuning import KernelTuning, Tuning, autotune
from lighthouse._varlen import prepare_varlen, varlen_attention

if TYPE_CHECKING:
    from lighthouse import nn
    from lighthouse.nn import set_dense
    from lighthouse.schedule import TwoStage

__all__ = [
    "Aux",
    "Device",
    "KernelTuning",
    "Suggestion",
    "Suggestions",
    "Tuning",
    "TwoStage",
    "__version__",
    "attention",
    "autotune",
    "clear_memory_cache",
    "devices",
    "nn",
    "plot_selection",
    "prepare",
    "prepare_varlen",
    "set_dense",
    "suggest",
    "varlen_attention",
]
__version__: str = _lighthouse.version()


def __getattr__(name: str) -> Any:
    """Imports what needs torch on first use."""
    if name == "nn":
        return importlib.import_module("lighthouse.nn")
    if name == "set_dense":
        return importlib.import_module("lighthouse.nn").set_dense
    if name == "TwoStage":
        return importlib.import_module("lighthouse.schedule").TwoStage
    raise AttributeError(f"module 'lighthouse' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(set(globals()) | set(__all__))
