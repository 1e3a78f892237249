# SPDX-License-Identifier: Apache-2.0
"""LighthouseAttention: the call of scaled_dot_product_attention, its refusals, short sequences, set_dense, copies."""

import copy
import inspect
import pickle
from functools import partial
from pathlib import Path

import lighthouse
import pytest
import torch
from helpers import python, small_inputs, tensors
from lighthouse.nn import LighthouseAttention
from reference import Settings
from torch.nn.functional import scaled_dot_product_attention

SETTINGS = {"num_levels": 2, "pooling_factor": 2, "topk": 128}
LEAST = Settings(**SETTINGS).least_length


class Block(torch.nn.Module):
    """Attention inside of a model."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = torch.nn.Linear(32, 96)
        self.attend = LighthouseAttention(**SETTINGS)

    def forward(self, x):
        q, k, v = (part.transpose(1, 2) for part in self.qkv(x).unflatten(-1, (3, 2, 16)).unbind(2))
        return self.attend(q, k, v, is_causal=True).transpose(1, 2).flatten(2)


# The call ------------------------------------------------------------------------------------------------------------


def test_signature_is_that_of_scaled_dot_product_attention() -> None:
    """Its names and order, and its defaults but for is_causal; what is ours comes behind. The builtin has no signature,
    so they are told here."""
    parameters = inspect.signature(LighthouseAttention.forward).parameters
    order = ["query", "key", "value", "attn_mask", "dropout_p", "is_causal", "scale", "enable_gqa"]
    assert list(parameters)[1:] == [*order, "g", "cu_seqlens", "max_seqlen"]
    assert all(f"{name}=" in scaled_dot_product_attention.__doc__ for name in order[3:])
    defaults = {name: parameters[name].default for name in order[3:]}
    assert defaults == {"attn_mask": None, "dropout_p": 0.0, "is_causal": True, "scale": None, "enable_gqa": False}


def test_packed_documents() -> None:
    """Sparse and dense, document by document; what does not go together is refused."""
    q, k, v, _ = small_inputs(seq_len=700)
    module = LighthouseAttention(**SETTINGS)
    for dense in (False, True):
        lighthouse.set_dense(module, dense)
        out = module(q, k, v, enable_gqa=True, cu_seqlens=[0, 600, 700], max_seqlen=600)
        for begin, end in ((0, 600), (600, 700)):
            settings = {"num_levels": 1} if dense or begin else SETTINGS
            alone = lighthouse.attention(*(x[:, :, begin:end] for x in (q, k, v)), **settings)
            assert torch.equal(out[:, :, begin:end], alone)
    with pytest.raises(ValueError, match=r"query: expects \[1, heads, tokens of all documents, head_dim\] with"):
        module(*(x.expand(2, -1, -1, -1) for x in (q, k, v)), enable_gqa=True, cu_seqlens=[0, 700])
    own = LighthouseAttention(**SETTINGS, attention_fn=scaled_dot_product_attention)
    with pytest.raises(ValueError, match="attention_fn: expects None with cu_seqlens"):
        own(q, k, v, enable_gqa=True, cu_seqlens=[0, 700])


@pytest.mark.parametrize("scale", [None, 0.5])
def test_forward_is_attention(scale: float | None) -> None:
    q, k, v, _ = small_inputs()
    module = LighthouseAttention(**SETTINGS)
    expected = lighthouse.attention(q, k, v, **SETTINGS, scale=scale)
    assert torch.equal(module(q, k, v, is_causal=True, scale=scale, enable_gqa=True), expected)
    assert torch.equal(module(q, k, v, None, 0.0, True, scale, True), expected)


def test_forward_hands_on_attention_fn() -> None:
    q, _, _, _ = small_inputs()
    module = LighthouseAttention(**SETTINGS, attention_fn=scaled_dot_product_attention)
    expected = lighthouse.attention(q, q, q, **SETTINGS, attention_fn=scaled_dot_product_attention)
    assert torch.equal(module(q, q, q), expected)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"attn_mask": torch.ones(600, 600, dtype=torch.bool)}, "attn_mask: expects None, .*but got a mask"),
        ({"dropout_p": 0.1}, r"dropout_p: expects 0\.0, but got 0\.1"),
        ({"is_causal": False}, "is_causal: expects True, but got False"),
        ({"enable_gqa": False}, "enable_gqa: expects True where .*but got False .*4, 600, 16.*2, 600, 16"),
        ({"scale": -1.0}, r"scale: expects a finite number above 0.*but got -1\.0"),
    ],
    ids=lambda x: next(iter(x)) if isinstance(x, dict) else "",
)
def test_what_it_cannot_honour_is_refused(options: dict, text: str) -> None:
    q, k, v, _ = small_inputs()
    module = LighthouseAttention(**SETTINGS)
    with pytest.raises(ValueError, match=text):
        module(q, k, v, **{"enable_gqa": True, **options})
    if "scale" in options:
        return  # scaled_dot_product_attention takes any.
    module.dense = True  # Neither stage of a training takes them.
    with pytest.raises(ValueError, match=text):
        module(q, k, v, **{"enable_gqa": True, **options})


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"topk": None}, ValueError, "topk: expects a multiple of 128 .*got None"),
        ({"topk": 100}, ValueError, "topk: expects a positive multiple of 128, but got 100; 128 fits"),
        ({"topk": 128.0}, TypeError, "topk: expects an int, but got 128.0"),
        ({"num_levels": 9}, ValueError, "num_levels: expects 1 to 8, but got 9"),
        ({"num_levels": 0}, ValueError, "num_levels: expects 1 to 8, but got 0"),
        ({"num_levels": 8, "pooling_factor": 128}, ValueError, "pooling_factor: expects a power of two .*got 128"),
        ({"pooling_factor": 3}, ValueError, "pooling_factor: expects a power of two from 2 to 64, but got 3; 2 fits"),
        ({"scorer": "mean"}, ValueError, "scorer: expects .*norm.*mean"),
        ({"short": "pad"}, ValueError, "short: expects 'refuse' or 'dense', but got 'pad'"),
        ({"attention_fn": 3}, TypeError, "attention_fn: expects a function or None, but got int"),
    ],
    ids=str,
)
def test_settings_are_refused_when_made(options: dict, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        LighthouseAttention(**{**SETTINGS, **options})


# Short sequences -----------------------------------------------------------------------------------------------------

SHORT_SETTINGS = [(2, 2, 128), (3, 2, 128), (2, 4, 256), (3, 2, 384)]


@pytest.mark.parametrize("settings", [Settings(*x) for x in SHORT_SETTINGS], ids=str)
def test_short(settings: Settings) -> None:
    """One token too few: "refuse" names the length, "dense" takes over; at the least length both run the pyramid."""
    make = partial(LighthouseAttention, settings.num_levels, settings.pooling_factor, settings.topk)
    least = settings.least_length
    long = tensors((1, 1, least, 8), (1, 1, least, 8), (1, 1, least, 8))
    short = [x[:, :, 1:] for x in long]
    with pytest.raises(ValueError, match=f"seq_len: expects .*at least {least} tokens, but got {least - 1}"):
        make()(*short)
    dense = scaled_dot_product_attention(*short, is_causal=True)
    assert torch.equal(make(short="dense")(*short), dense)
    pyramid = make()(*long)
    assert torch.equal(make(short="dense")(*long), pyramid)
    assert not torch.allclose(pyramid, scaled_dot_product_attention(*long, is_causal=True), atol=1e-3)


def test_one_level_is_never_short() -> None:
    q, k, v = tensors((1, 1, 1, 8), (1, 1, 1, 8), (1, 1, 1, 8))
    for short in ("refuse", "dense"):
        assert torch.equal(LighthouseAttention(num_levels=1, short=short)(q, k, v), v)


# set_dense -----------------------------------------------------------------------------------------------------------


def test_set_dense_counts_and_switches() -> None:
    model = torch.nn.Sequential(Block(), torch.nn.ReLU(), Block())
    modules = [module for module in model.modules() if isinstance(module, LighthouseAttention)]
    for dense in (True, True, False):
        assert lighthouse.set_dense(model, dense) == 2
        assert [module.dense for module in modules] == [dense, dense]
    assert lighthouse.set_dense(LighthouseAttention(**SETTINGS), True) == 1
    assert lighthouse.set_dense(torch.nn.ReLU(), True) == 0


def test_set_dense_counts_a_shared_module_once() -> None:
    shared = LighthouseAttention(**SETTINGS)
    assert lighthouse.set_dense(torch.nn.ModuleList([shared, shared]), True) == 1


@pytest.mark.parametrize(
    ("model", "dense", "text"),
    [
        (lighthouse.attention, True, "model: expects a torch.nn.Module, but got function"),
        (LighthouseAttention(**SETTINGS), 1, "dense: expects True or False, but got 1"),
        (LighthouseAttention(**SETTINGS), None, "dense: expects True or False, but got None"),
    ],
)
def test_set_dense_refuses(model, dense, text: str) -> None:
    with pytest.raises(TypeError, match=text):
        lighthouse.set_dense(model, dense)


@pytest.mark.parametrize("scale", [None, 0.5])
def test_dense_is_scaled_dot_product_attention(scale: float | None) -> None:
    q, k, v, dout = small_inputs()
    q, k, v = (x.requires_grad_() for x in (q, k, v))
    module = LighthouseAttention(**SETTINGS)
    sparse = module(q, k, v, enable_gqa=True, scale=scale)
    lighthouse.set_dense(module, True)
    out = module(q, k, v, enable_gqa=True, scale=scale)
    expected = scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=True, scale=scale)
    assert torch.equal(out, expected)
    for grad, want in zip(*(torch.autograd.grad(x, (q, k, v), dout) for x in (out, expected)), strict=True):
        assert torch.equal(grad, want)
    lighthouse.set_dense(module, False)
    assert torch.equal(module(q, k, v, enable_gqa=True, scale=scale), sparse)
    assert not torch.allclose(out, sparse, atol=1e-3)


# Copies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
@pytest.mark.parametrize("dense", [False, True])
def test_copies_are_equal_and_separate(duplicate, dense: bool) -> None:
    options = {**SETTINGS, "short": "dense", "attention_fn": scaled_dot_product_attention}
    module = LighthouseAttention(**options)
    lighthouse.set_dense(module, dense)
    other = duplicate(module)
    assert repr(other) == repr(module)
    assert (other.dense, other.short, other.attention_fn) == (dense, "dense", scaled_dot_product_attention)
    q, _, _, _ = small_inputs()
    assert torch.equal(other(q, q, q), module(q, q, q))
    lighthouse.set_dense(other, not dense)
    assert module.dense is dense


def test_a_model_with_it_trains_and_is_saved() -> None:
    torch.manual_seed(0)
    model, other = Block(), Block()
    assert list(model.state_dict()) == ["qkv.weight", "qkv.bias"]  # The module has no state of its own.
    assert LighthouseAttention(**SETTINGS).state_dict() == {}
    lighthouse.set_dense(model, True)
    other.load_state_dict(model.state_dict())
    assert other.attend.dense is False  # A stage of training is no weight.
    lighthouse.set_dense(model, False)
    x = torch.randn(2, LEAST + 3, 32)
    assert torch.equal(model(x), other(x))
    model(x).square().mean().backward()
    assert all(p.grad.isfinite().all() and p.grad.any() for p in model.parameters())


def test_repr_tells_the_settings() -> None:
    assert repr(LighthouseAttention(**SETTINGS)) == (
        "LighthouseAttention(num_levels=2, pooling_factor=2, topk=128, scorer='norm', short='refuse', dense=False)"
    )


def test_compile_without_graph_breaks() -> None:
    torch.compiler.reset()
    model = Block()
    compiled = torch.compile(model, fullgraph=True, backend="aot_eager")
    x = torch.randn(1, LEAST, 32)
    for dense in (False, True, False):
        lighthouse.set_dense(model, dense)
        torch.testing.assert_close(compiled(x), model(x), rtol=1e-6, atol=1e-6)


def test_exported_models_run_in_another_process(tmp_path: Path) -> None:
    """Importing lighthouse.nn is enough for a program that has none of its modules."""
    torch.manual_seed(0)
    model, x, file = Block(), torch.randn(1, LEAST, 32), tmp_path / "model.pt2"
    torch.export.save(torch.export.export(model, (x,)), file)
    torch.save({"x": x, "y": model(x).detach()}, tmp_path / "tensors.pt")
    code = f"""
import lighthouse.nn, torch
given = torch.load({str(tmp_path / "tensors.pt")!r})
assert torch.equal(torch.export.load({str(file)!r}).module()(given["x"]), given["y"])
assert torch.ops.lighthouse.varlen_attention
"""
    result = python("-c", code)
    assert result.returncode == 0, result.stderr
