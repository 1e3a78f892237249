# SPDX-License-Identifier: Apache-2.0
"""``TwoStage``: which layers stay dense throughout a training, and when all of them become dense."""

from collections.abc import Callable, Collection, Mapping
from typing import Any

import torch

from lighthouse import _arguments
from lighthouse.nn import LighthouseAttention, set_dense

__all__ = ["TwoStage", "dense_step"]


def dense_step(dense_from: int | float, total_steps: int | None = None) -> int:
    """The first optimiser step, counted from 0, of the dense stage.

    Args:
        dense_from: a step (int), or a fraction of ``total_steps`` (float, 0 to 1). 1.0 means never.
        total_steps: steps of the whole training; needed for a fraction.

    Raises:
        TypeError, ValueError: a value that is no step or fraction.
    """
    if total_steps is not None and _arguments.integer("total_steps", total_steps) < 1:
        raise ValueError(f"total_steps: expects at least 1, but got {total_steps}")
    if not isinstance(dense_from, float):
        step = _arguments.integer("dense_from", dense_from)
        if step < 0:
            raise ValueError(f"dense_from: expects a step from 0 on, but got {step}")
        return step
    if not 0.0 <= dense_from <= 1.0:  # Also refuses NaN.
        raise ValueError(f"dense_from: expects an int step, or a float fraction from 0 to 1, but got {dense_from}")
    if total_steps is None:
        raise ValueError(f"total_steps: expects the steps of the training for the fraction {dense_from}, but got None")
    return round(dense_from * total_steps)


class TwoStage:
    """Two stages of a training: Lighthouse Attention first, plain causal attention from a step on.

    Made before the first step, it sets the model's attention for step 0. Call ``step`` after every step of the
    optimiser, as with a learning rate's schedule, or ``at`` with the number of the step to come. ``state_dict`` and
    ``load_state_dict`` go with the checkpoint; the settings are those of the new object, so a resumed training may
    move its dense stage.

    Args:
        model: holds ``LighthouseAttention`` modules, counted as layers in the order of ``model.modules()``.
        dense_from: the first dense step: a number, or a fraction of ``total_steps``; see ``dense_step``.
        total_steps: steps of the whole training; needed for a fraction.
        dense_layers: layers that are dense in both stages; -1 is the last one.
        set_dense: switches a model of another kind, called as ``set_dense(model, dense)`` when the stage changes; for
            example ``lighthouse.integrations.transformers.set_dense``. Its layers are then its own to choose.

    Attributes:
        dense_step: the first step of the dense stage, counted from 0.
        current_step: the step that the model is set for.
        dense: whether that step belongs to the dense stage.

    Raises:
        TypeError, ValueError: a value that does not fit, or a model without ``LighthouseAttention``.
    """

    def __init__(
        self,
        model: torch.nn.Module,
        dense_from: int | float,
        total_steps: int | None = None,
        dense_layers: Collection[int] = (),
        set_dense: Callable[[torch.nn.Module, bool], Any] | None = None,
    ) -> None:
        if not isinstance(model, torch.nn.Module):
            raise TypeError(f"model: expects a torch.nn.Module, but got {type(model).__name__}")
        self.dense_step = dense_step(dense_from, total_steps)
        if set_dense is not None:
            _arguments.function("set_dense", set_dense)
            if dense_layers:
                raise ValueError(f"dense_layers: expects () with set_dense, which chooses, but got {dense_layers!r}")
        self._model, self._set_dense = model, set_dense or _SetLayers(model, dense_layers)
        self.dense: bool | None = None
        self.current_step = 0
        self.at(0)

    def step(self) -> bool:
        """Sets the model for the next step. Returns whether that one is dense."""
        return self.at(self.current_step + 1)

    def at(self, step: int) -> bool:
        """Sets the model for this step, counted from 0. Returns whether it is dense."""
        step = _arguments.integer("step", step)
        if step < 0:
            raise ValueError(f"step: expects a step from 0 on, but got {step}")
        dense = step >= self.dense_step
        if dense is not self.dense:
            self._set_dense(self._model, dense)
        self.current_step, self.dense = step, dense
        return dense

    def state_dict(self) -> dict[str, int]:
        """What a checkpoint keeps: the number of the step that the model is set for."""
        return {"current_step": self.current_step}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Sets the model for the step that ``state_dict`` kept."""
        if not isinstance(state, Mapping):
            raise TypeError(f"state: expects what state_dict returned, but got {type(state).__name__}")
        if "current_step" not in state:
            raise ValueError(f"state: expects the key 'current_step', but got the keys {list(state)}")
        self.at(state["current_step"])

    def __repr__(self) -> str:
        return f"TwoStage(dense_step={self.dense_step}, current_step={self.current_step}, dense={self.dense})"


class _SetLayers:
    """Switches the ``LighthouseAttention`` modules of a model, but for the layers that are dense throughout."""

    def __init__(self, model: torch.nn.Module, dense_layers: Collection[int]) -> None:
        layers = [module for module in model.modules() if isinstance(module, LighthouseAttention)]
        if not layers:
            raise ValueError("model: expects LighthouseAttention modules, but got a model without any")
        self.always = [layers[index] for index in layer_indices(dense_layers, len(layers))]

    def __call__(self, model: torch.nn.Module, dense: bool) -> None:
        set_dense(model, dense)
        for module in self.always:
            module.dense = True


def layer_indices(dense_layers: Collection[int], num_layers: int) -> frozenset[int]:
    """Checked ``dense_layers``, from 0 to num_layers - 1. Raises TypeError or ValueError."""
    if isinstance(dense_layers, str) or not isinstance(dense_layers, Collection):
        raise TypeError(f"dense_layers: expects numbers of layers such as (0, -1), but got {dense_layers!r}")
    for index in dense_layers:
        if not -num_layers <= _arguments.integer("dense_layers", index) < num_layers:
            raise ValueError(
                f"dense_layers: expects layers from {-num_layers} to {num_layers - 1}, the model has {num_layers}, but "
                f"got {index}"
            )
    return frozenset(index % num_layers for index in dense_layers)
