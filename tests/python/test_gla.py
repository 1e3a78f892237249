# SPDX-License-Identifier: Apache-2.0
"""The scorer "gla": its selection against scores in float64, its arguments, and what it refuses."""

from dataclasses import dataclass

import lighthouse
import numpy as np
import pytest
import torch
from helpers import DTYPES, moved, tensors
from lighthouse.nn import LighthouseAttention
from reference import Settings, gla_scores
from reference import lighthouse as rendering
from selections import check_selection
from torch import Tensor

TWO_LEVELS = Settings(2, 2, 128)


@dataclass(frozen=True)
class Case:
    """Sizes; ``settings`` holds the levels, and the scorer is "gla"."""

    seq_len: int
    heads: int = 2
    kv_heads: int = 1
    head_dim: int = 16
    batch: int = 1
    dilation: int = 4
    settings: Settings = TWO_LEVELS
    gate: float = 0.05  # size of the gates
    shift: float = 0.0  # added to them

    def inputs(self, dtype: torch.dtype) -> list[Tensor]:
        """q, k, v, g. Sizes of values differ a lot, so that most scores are far apart."""
        kv = (self.batch, self.kv_heads, self.seq_len, self.head_dim)
        q, k, v, loud = tensors((self.batch, self.heads, *kv[2:]), kv, kv, (*kv[:3], 1), seed=self.seq_len)
        (g,) = tensors((self.batch, self.heads, self.seq_len), seed=1)
        return [*(x.to(dtype) for x in (q, k, v * loud.exp2())), -self.gate * g.abs() + self.shift]


CASES = {
    "plain": Case(600),
    "odd length, grouped": Case(601, heads=4, kv_heads=2, head_dim=40, settings=Settings(3, 2, 128)),
    "two tiles, batch": Case(1100, batch=2, settings=Settings(3, 2, 256), head_dim=8),
    "one class": Case(300, dilation=1, head_dim=64),
    "more classes than a block": Case(400, dilation=300),
    "wide": Case(300, heads=1, head_dim=136),
    "widest": Case(270, heads=1, head_dim=256, dilation=2),
    "parts of 48 columns": Case(300, heads=1, head_dim=80, dilation=3),
    "128 columns": Case(600, heads=1, head_dim=128),
    "strong gates": Case(500, gate=30.0),
    "growing states": Case(500, gate=0.2, shift=0.1),
}


def score_errors(case: Case, inputs: list[Tensor], device: str) -> list[Tensor]:
    """Bounds of the errors of token scores [B, Hq, N]: so many roundings of all terms' absolute values.

    Of float32 in a product's columns, a block's tokens, a state's updates and the sums of gates that decays are powers
    of; GPUs round weights, states and decayed keys or values to 16 bits.
    """
    q, k, v, g = inputs
    of_class = -(-case.seq_len // case.dilation)
    gates = float(g.clamp(min=-104).abs().max()) * min(64, of_class)
    roundings = 2 * case.head_dim + 64 + 4 * (of_class // 32 + 1) + 2 * gates + 32
    error = roundings * 2.0**-24
    if device != "cpu" and q.dtype != torch.float32:
        error += 4 * torch.finfo(q.dtype).eps
    return [error * each for each in gla_scores(q.abs(), k.abs(), v.abs(), g, case.dilation)]


def indices_of(case: Case, inputs: list[Tensor], device: str = "cpu", **options) -> Tensor:
    q, k, v, g = (moved(x, device) for x in inputs)
    sizes = {name: getattr(case.settings, name) for name in ("num_levels", "pooling_factor", "topk")}
    _, aux = lighthouse.attention(
        q, k, v, **sizes, scorer="gla", dilation=case.dilation, g=g, return_aux=True, **options
    )
    return aux.indices.cpu().long()


def check(case: Case, dtype: torch.dtype, device: str = "cpu") -> None:
    inputs = case.inputs(dtype)
    indices = indices_of(case, inputs, device)
    scores = gla_scores(*inputs, case.dilation)
    check_selection(indices, scores, score_errors(case, inputs, device), case.settings)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_selection(case: Case, dtype: torch.dtype) -> None:
    check(case, dtype)


def test_gates_that_forget_all() -> None:
    case = CASES["plain"]
    q, k, v, g = case.inputs(torch.float32)
    g[:, :, 100:110] = -torch.inf
    g[:, :, 300] = -1e30
    with_reset = indices_of(case, [q, k, v, g])
    scores = gla_scores(q, k, v, g, case.dilation)
    check_selection(with_reset, scores, score_errors(case, [q, k, v, g], "cpu"), case.settings)
    assert not torch.equal(with_reset, indices_of(case, case.inputs(torch.float32)))


def test_values_and_gradients_follow_the_selection() -> None:
    case = CASES["odd length, grouped"]
    q, k, v, g = case.inputs(torch.float32)
    leaves = [x.requires_grad_() for x in (q, k, v, g)]
    sizes = {"num_levels": 3, "pooling_factor": 2, "topk": 128}
    out, aux = lighthouse.attention(*leaves[:3], **sizes, scorer="gla", g=g, return_aux=True)
    dout = torch.ones_like(out)
    *grads, dg = torch.autograd.grad(out, leaves, dout, allow_unused=True)
    assert dg is None
    expected = rendering(q, k, v, case.settings, dout=dout, indices=aux.indices.long())
    torch.testing.assert_close(out.double(), expected.out, rtol=1e-4, atol=1e-4)
    for name, grad in zip(("dq", "dk", "dv"), grads, strict=True):
        torch.testing.assert_close(grad.double(), getattr(expected, name), rtol=1e-3, atol=1e-3)


def test_every_way_to_call_selects_the_same() -> None:
    case = CASES["plain"]
    inputs = case.inputs(torch.float32)
    expected = indices_of(case, inputs)
    own = indices_of(case, inputs, attention_fn=torch.nn.functional.scaled_dot_product_attention)
    assert torch.equal(own, expected)
    q, k, v, g = inputs
    far_apart = torch.zeros(*g.shape, 2)
    far_apart[..., 0] = g
    assert torch.equal(indices_of(case, [q, k, v, far_apart[..., 0]]), expected)
    settings = {"num_levels": 2, "pooling_factor": 2, "topk": 128, "scorer": "gla"}
    _, aux = lighthouse.attention(*(x.numpy() for x in (q, k, v)), **settings, g=g.numpy(), return_aux=True)
    assert np.array_equal(aux.indices, expected.numpy())
    operator = torch.ops.lighthouse.attention(q, k, v, 2, 2, 128, "gla", 0.0, 4, g)
    assert torch.equal(operator[1].long(), expected)
    out = lighthouse.attention(q, k, v, **settings, g=g)
    assert torch.equal(LighthouseAttention(2, 2, 128, "gla")(q, k, v, enable_gqa=True, g=g), out)
    lighthouse.prepare(q, k, v, **settings, g=g)


def test_one_level_needs_no_scores() -> None:
    q, k, v, g = CASES["plain"].inputs(torch.float32)
    plain = lighthouse.attention(q, k, v, num_levels=1)
    assert torch.equal(lighthouse.attention(q, k, v, num_levels=1, scorer="gla", g=g), plain)


def refusal(error: type[Exception], q: Tensor, k: Tensor, v: Tensor, **options) -> str:
    """The one text that every way to call refuses with."""
    settings = {"num_levels": 2, "pooling_factor": 2, "topk": 128, "scorer": "gla", **options}
    arrays = {name: x.numpy() if isinstance(x, Tensor) else x for name, x in settings.items()}
    calls = [
        lambda: lighthouse.attention(q, k, v, **settings),
        lambda: lighthouse.attention(
            q, k, v, **settings, attention_fn=torch.nn.functional.scaled_dot_product_attention
        ),
        lambda: lighthouse.prepare(q, k, v, **settings),
        lambda: lighthouse.attention(*(x.numpy() for x in (q, k, v)), **arrays),
    ]
    texts = set()
    for call in calls:
        with pytest.raises(error) as raised:
            call()
        texts.add(str(raised.value))
    (text,) = texts
    return text


def test_refusals() -> None:
    q, k, v, g = CASES["plain"].inputs(torch.float32)
    text = refusal(ValueError, q, k, v)
    assert text == "g: expects log gates [batch, heads, tokens] of float32 for scorer='gla', but got None"
    text = refusal(ValueError, q, k, v, g=g[:, :, 1:])
    assert text == "g: expects shape [batch, heads, tokens] of q, [1, 2, 600], but got [1, 2, 599]"
    text = refusal(ValueError, q, k, v, g=g[:, :1])
    assert text == "g: expects shape [batch, heads, tokens] of q, [1, 2, 600], but got [1, 1, 600]"
    text = refusal(TypeError, q, k, v, g=g.double())
    assert text == "g: expects dtype float32, whatever that of q, but got float64; convert it first"
    text = refusal(ValueError, q, k, v, g=g, scorer="norm")
    assert text == "g: expects None for scorer='norm', but got log gates; scorer='gla' reads them"
    with pytest.raises(TypeError, match="g: expects a torch tensor, as q is one, but got list"):
        lighthouse.attention(q, k, v, 2, 2, 128, "gla", g=[0.0])
    with pytest.raises(TypeError, match="g: expects a numpy array, as q is one, but got Tensor"):
        lighthouse.attention(*(x.numpy() for x in (q, k, v)), 2, 2, 128, "gla", g=g)
    with pytest.raises(ValueError, match="dilation: expects 1 to seq_len=600, but got 0; 4 fits"):
        lighthouse.attention(q, k, v, 2, 2, 128, "gla", g=g, dilation=0)
    with pytest.raises(ValueError, match="g: expects None for scorer='norm'"):
        LighthouseAttention(2, 2, 128)(q, k, v, enable_gqa=True, g=g)


@pytest.mark.parametrize("own", [False, True], ids=["ours", "attention_fn"])
def test_compiled_graphs_pass_gradients(own: bool) -> None:
    """Log gates are an input of the operators in a graph too, without a gradient."""
    q, k, v, g = CASES["plain"].inputs(torch.float32)
    options = {"attention_fn": torch.nn.functional.scaled_dot_product_attention} if own else {}

    def call(q: Tensor, k: Tensor, v: Tensor, g: Tensor) -> Tensor:
        return lighthouse.attention(q, k, v, 2, 2, 128, "gla", g=g, **options)

    results = []
    for function in (call, torch.compile(call, backend="aot_eager", fullgraph=True)):
        leaves = [x.detach().requires_grad_() for x in (q, k, v)]
        out = function(*leaves, g)
        results.append([out, *torch.autograd.grad(out.square().sum(), leaves)])
    for eager, compiled in zip(*results, strict=True):
        torch.testing.assert_close(eager, compiled)
