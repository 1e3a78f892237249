# SPDX-License-Identifier: Apache-2.0
"""The operators ``torch.ops.lighthouse.attention`` and ``attention_backward``.

Both are functional: they return fresh tensors. What backward keeps of forward is read from the compiled signatures by
name. Lists of tensors are in the order of their names, not in that of a signature: torch.compile stores graphs on disk,
and a graph may be run with another version of the library.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import is_fake
from torch.library import custom_op

from lighthouse._program import Outline, Program, Signature
from lighthouse._torch_run import allocate, inputs_of, named, program_of, run


def _attention_program(q: Tensor, k: Tensor, settings: Sequence, compute: bool) -> Program | Outline:
    return program_of("attention", q, k.shape[1], q.shape[2], *settings, compute=compute)


def _attention(q: Tensor, k: Tensor, v: Tensor, settings: tuple, g: Tensor | None, compute: bool) -> tuple:
    function = _attention_program(q, k, settings, compute).forward
    layouts = {"out": q.stride()}
    outputs = (
        run(function, inputs_of(function, q, k, v, g), layouts) if compute else allocate(function, layouts, q.device)
    )
    out, lse = outputs.pop("out"), outputs.pop("lse")
    indices = outputs.pop("indices", None)
    if indices is None:  # One level: every token, in order.
        indices = torch.empty([0], dtype=torch.int32, device=q.device)
    return out, indices, lse, [outputs[name] for name in sorted(outputs)]


def run_attention(q: Tensor, k: Tensor, v: Tensor, settings: tuple) -> tuple[Tensor, Tensor]:
    """out and lse, recorded nowhere."""
    out, _, lse, _ = _attention(q, k, v, settings, None, compute=True)
    return out, lse


@custom_op("lighthouse::attention", mutates_args=(), device_types=("cpu", "cuda"))
def attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    num_levels: int,
    pooling_factor: int,
    topk: int,
    scorer: str,
    scale: float,
    dilation: int,
    g: Tensor | None,
) -> tuple[Tensor, Tensor, Tensor, list[Tensor]]:
    """Returns out, indices (empty for one level), lse, and the other tensors that backward keeps."""
    return _attention(q, k, v, (num_levels, pooling_factor, topk, scorer, scale, dilation), g, compute=True)


@attention.register_fake
def _(q, k, v, num_levels, pooling_factor, topk, scorer, scale, dilation, g):
    return _attention(q, k, v, (num_levels, pooling_factor, topk, scorer, scale, dilation), g, compute=False)


def kept_names(backward: Signature) -> list[str]:
    return sorted(argument.name for argument in backward.inputs if argument.name != "dout")


def _attention_backward(
    dout: Tensor, kept: Sequence[Tensor], layouts: tuple, num_kv_heads: int, settings: tuple, compute: bool
) -> tuple[Tensor, Tensor, Tensor]:
    function = program_of("attention", dout, num_kv_heads, dout.shape[2], *settings, compute=compute).backward
    by_name = dict(zip(("dq", "dk", "dv"), layouts, strict=True))
    if compute:
        tensors = dict(zip(kept_names(function), kept, strict=True), dout=dout)
        outputs = run(function, named(function.inputs, tensors), by_name)
    else:
        outputs = allocate(function, by_name, dout.device)
    # Programs differ in what they round themselves, and graphs are traced with one and may be run with the other.
    return tuple(outputs[name].to(dout.dtype) for name in ("dq", "dk", "dv"))


def run_attention_backward(
    q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, dout: Tensor, settings: tuple
) -> tuple[Tensor, Tensor, Tensor]:
    """dq, dk, dv of one level, in the layouts of q, k, v."""
    kept = {"q": q, "k": k, "v": v, "out": out, "lse": lse}
    layouts = tuple(list(tensor.stride()) for tensor in (q, k, v))
    return _attention_backward(dout, [kept[name] for name in sorted(kept)], layouts, k.shape[1], settings, compute=True)


@custom_op("lighthouse::attention_backward", mutates_args=(), device_types=("cpu", "cuda"))
def attention_backward(
    dout: Tensor,
    kept: Sequence[Tensor],
    q_stride: Sequence[int],
    k_stride: Sequence[int],
    v_stride: Sequence[int],
    num_kv_heads: int,
    num_levels: int,
    pooling_factor: int,
    topk: int,
    scorer: str,
    scale: float,
    dilation: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns dq, dk, dv in the layouts and the dtype of q, k, v. ``kept``: the compiled backward's other inputs."""
    settings = (num_levels, pooling_factor, topk, scorer, scale, dilation)
    return _attention_backward(dout, kept, (q_stride, k_stride, v_stride), num_kv_heads, settings, compute=True)


@attention_backward.register_fake
def _(
    dout, kept, q_stride, k_stride, v_stride, num_kv_heads, num_levels, pooling_factor, topk, scorer, scale, dilation
):
    settings = (num_levels, pooling_factor, topk, scorer, scale, dilation)
    return _attention_backward(dout, kept, (q_stride, k_stride, v_stride), num_kv_heads, settings, compute=False)


def _attention_setup(ctx, inputs, output):
    q, k, v, *settings, _ = inputs
    out, indices, lse, others = output
    program = _attention_program(q, k, settings, compute=not is_fake(q))
    tensors = {"q": q, "k": k, "v": v, "out": out, "indices": indices, "lse": lse}
    names = sorted(argument.name for argument in program.forward.outputs if argument.name not in tensors)
    tensors.update(zip(names, others, strict=True))
    ctx.save_for_backward(*(tensors[name] for name in kept_names(program.backward)))
    ctx.mark_non_differentiable(indices, lse, *others)
    ctx.set_materialize_grads(False)  # The other outputs have no gradients; zeros for them would cost memory.
    ctx.strides = [list(tensor.stride()) for tensor in (q, k, v)]
    ctx.num_kv_heads = k.shape[1]
    ctx.settings = settings


def _attention_grad(ctx, dout, *_):
    kept = list(ctx.saved_tensors)
    return *attention_backward(dout, kept, *ctx.strides, ctx.num_kv_heads, *ctx.settings), *[None] * 7


attention.register_autograd(_attention_grad, setup_context=_attention_setup)
