# SPDX-License-Identifier: Apache-2.0
"""TwoStage: when the dense stage starts, layers that are dense throughout, checkpoints, torch.compile."""

import lighthouse
import pytest
import torch
from lighthouse.nn import LighthouseAttention
from lighthouse.schedule import TwoStage, dense_step
from test_nn import LEAST, Block


def make_model(layers: int = 3) -> torch.nn.Sequential:
    torch.manual_seed(0)
    return torch.nn.Sequential(*(Block() for _ in range(layers)))


def dense(model: torch.nn.Module) -> list[bool]:
    return [module.dense for module in model.modules() if isinstance(module, LighthouseAttention)]


@pytest.mark.parametrize(
    ("dense_from", "total", "step"),
    [(7, None, 7), (0, 10, 0), (0.8, 10, 8), (0.0, 10, 0), (1.0, 10, 10), (0.25, 10, 2)],
)
def test_dense_step(dense_from: int | float, total: int | None, step: int) -> None:
    assert dense_step(dense_from, total) == step


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        ((0.8,), ValueError, r"total_steps: expects the steps .*fraction 0\.8, but got None"),
        ((-1,), ValueError, "dense_from: expects a step from 0 on, but got -1"),
        ((1.5, 10), ValueError, r"dense_from: expects an int step, or a float fraction from 0 to 1, but got 1\.5"),
        ((float("nan"), 10), ValueError, "dense_from: .*but got nan"),
        ((True,), TypeError, "dense_from: expects an int, but got True"),
        (("1",), TypeError, "dense_from: expects an int, but got '1'"),
        ((0.5, 0), ValueError, "total_steps: expects at least 1, but got 0"),
        ((0.5, 10.0), TypeError, r"total_steps: expects an int, but got 10\.0"),
    ],
    ids=str,
)
def test_dense_step_refuses(arguments: tuple, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        dense_step(*arguments)


def test_steps_of_a_training() -> None:
    model = make_model()
    lighthouse.set_dense(model, True)
    schedule = lighthouse.TwoStage(model, dense_from=0.5, total_steps=4, dense_layers=(0, -1))
    seen = []
    for _ in range(4):
        seen.append(dense(model))
        schedule.step()
    assert seen == [[True, False, True]] * 2 + [[True] * 3] * 2
    assert (schedule.dense_step, schedule.current_step, schedule.dense) == (2, 4, True)
    assert repr(schedule) == "TwoStage(dense_step=2, current_step=4, dense=True)"
    assert schedule.at(1) is False
    assert dense(model) == [True, False, True]


def test_checkpoint() -> None:
    first = TwoStage(make_model(), dense_from=3)
    for _ in range(3):
        first.step()
    state = first.state_dict()
    assert state == {"current_step": 3}
    model = make_model()
    resumed = TwoStage(model, dense_from=3)
    assert dense(model) == [False] * 3
    resumed.load_state_dict(state)
    assert dense(model) == [True] * 3
    later = make_model()
    TwoStage(later, dense_from=5).load_state_dict(state)  # A resumed training may move its dense stage.
    assert dense(later) == [False] * 3
    with pytest.raises(ValueError, match=r"state: expects the key 'current_step', but got the keys \['step'\]"):
        resumed.load_state_dict({"step": 1})


def test_switch_of_another_kind_of_model() -> None:
    model, calls = torch.nn.Linear(1, 1), []
    schedule = TwoStage(model, dense_from=2, set_dense=lambda *given: calls.append(given))
    for _ in range(4):
        schedule.step()
    assert calls == [(model, False), (model, True)]


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        (
            {"model": torch.nn.Linear(1, 1)},
            ValueError,
            "model: expects LighthouseAttention modules, but got a",
        ),
        ({"model": 3}, TypeError, "model: expects a torch.nn.Module, but got int"),
        ({"dense_layers": (3,)}, ValueError, "dense_layers: expects layers from -3 to 2, the model has 3, but got 3"),
        ({"dense_layers": (-4,)}, ValueError, "dense_layers: expects layers from -3 to 2.*but got -4"),
        ({"dense_layers": "01"}, TypeError, "dense_layers: expects numbers of layers .*but got '01'"),
        ({"dense_layers": 0}, TypeError, "dense_layers: expects numbers of layers .*but got 0"),
        ({"dense_layers": (0.0,)}, TypeError, r"dense_layers: expects an int, but got 0\.0"),
        ({"dense_layers": (0,), "set_dense": print}, ValueError, r"dense_layers: expects \(\) with set_dense"),
        ({"set_dense": 1}, TypeError, "set_dense: expects a function or None, but got int"),
    ],
    ids=str,
)
def test_refusals(change: dict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        TwoStage(**{"model": make_model(), "dense_from": 1, **change})


def test_compiled_model_follows() -> None:
    """One compilation a stage; steps in between compile nothing."""
    torch.compiler.reset()
    model = make_model(2)
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    schedule = TwoStage(compiled, dense_from=2, dense_layers=(0,))
    x = torch.randn(1, LEAST, 32)
    for step in range(4):
        with torch.compiler.set_stance("fail_on_recompile" if step in (1, 3) else "default"):
            out = compiled(x)
            out.square().mean().backward()
        torch.testing.assert_close(out, model(x), rtol=1e-6, atol=1e-6)
        schedule.step()


def test_same_result_as_modules_set_by_hand() -> None:
    model, by_hand = make_model(2), make_model(2)
    TwoStage(model, dense_from=1, dense_layers=(0,))
    by_hand[0].attend.dense = True
    x = torch.randn(1, LEAST, 32)
    assert torch.equal(model(x), by_hand(x))
    assert not torch.equal(model(x), make_model(2)(x))
