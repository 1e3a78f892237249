# SPDX-License-Identifier: Apache-2.0
"""The operators ``gather``, ``scatter`` and their backward operators: our two ends around a caller's own attention.

All are functional: they return fresh tensors.
"""

from collections.abc import Sequence

from torch import Tensor
from torch.library import custom_op

from lighthouse._program import Function, Outline, Program
from lighthouse._torch_run import allocate, inputs_of, named, program_of, run


def prepare(q: Tensor, k: Tensor, *settings) -> None:
    """Compiles and loads all four operators for q [B, Hq, N, D] and k [B, Hkv, N, D]."""
    program_of("gather", q, k.shape[1], q.shape[2], *settings)
    _scatter_program(q, q.shape[2], settings[:3])


def _check_indices(indices: Tensor, function: Function) -> None:
    """Refuses numbers of no entry, by which kernels would leave their memory. On a GPU that would take a wait."""
    if not indices.is_cpu or indices.numel() == 0:
        return
    spec = function.op.spec
    entries = sum(spec.padded_length() // spec.pooling_factor**level for level in range(spec.num_levels))
    for number in map(int, indices.aminmax()):
        if not 0 <= number < entries:
            raise ValueError(f"indices: expects those of gather, 0 to {entries - 1}, but got {number}")


# gather --------------------------------------------------------------------------------------------------------------


def _gather(q: Tensor, k: Tensor, v: Tensor, settings: tuple, g: Tensor | None, compute: bool) -> tuple:
    function = program_of("gather", q, k.shape[1], q.shape[2], *settings, compute=compute).forward
    outputs = run(function, inputs_of(function, q, k, v, g), {}) if compute else allocate(function, {}, q.device)
    return outputs["qs"], outputs["ks"], outputs["vs"], outputs["indices"]


@custom_op("lighthouse::gather", mutates_args=(), device_types=("cpu", "cuda"))
def gather(
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
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Returns qs, ks, vs [B, Hq, S, D] and indices [B, Hq, S]."""
    return _gather(q, k, v, (num_levels, pooling_factor, topk, scorer, scale, dilation), g, compute=True)


@gather.register_fake
def _(q, k, v, num_levels, pooling_factor, topk, scorer, scale, dilation, g):
    return _gather(q, k, v, (num_levels, pooling_factor, topk, scorer, scale, dilation), g, compute=False)


def _gather_backward(
    grads: Sequence[Tensor],
    indices: Tensor,
    layouts: tuple,
    num_kv_heads: int,
    seq_len: int,
    settings: tuple,
    compute: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    function = program_of("gather", grads[0], num_kv_heads, seq_len, *settings, compute=compute).backward
    by_name = dict(zip(("dq", "dk", "dv"), layouts, strict=True))
    if compute:
        _check_indices(indices, function)
        tensors = dict(zip(("dqs", "dks", "dvs", "indices"), (*grads, indices), strict=True))
        outputs = run(function, named(function.inputs, tensors), by_name)
    else:
        outputs = allocate(function, by_name, grads[0].device)
    return outputs["dq"], outputs["dk"], outputs["dv"]


@custom_op("lighthouse::gather_backward", mutates_args=(), device_types=("cpu", "cuda"))
def gather_backward(
    dqs: Tensor,
    dks: Tensor,
    dvs: Tensor,
    indices: Tensor,
    q_stride: Sequence[int],
    k_stride: Sequence[int],
    v_stride: Sequence[int],
    num_kv_heads: int,
    seq_len: int,
    num_levels: int,
    pooling_factor: int,
    topk: int,
    scorer: str,
    scale: float,
    dilation: int,
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns dq, dk, dv in the layouts of q, k, v."""
    layouts, settings = (q_stride, k_stride, v_stride), (num_levels, pooling_factor, topk, scorer, scale, dilation)
    return _gather_backward((dqs, dks, dvs), indices, layouts, num_kv_heads, seq_len, settings, compute=True)


@gather_backward.register_fake
def _(
    dqs,
    dks,
    dvs,
    indices,
    q_stride,
    k_stride,
    v_stride,
    num_kv_heads,
    seq_len,
    num_levels,
    pooling_factor,
    topk,
    scorer,
    scale,
    dilation,
):
    layouts, settings = (q_stride, k_stride, v_stride), (num_levels, pooling_factor, topk, scorer, scale, dilation)
    return _gather_backward((dqs, dks, dvs), indices, layouts, num_kv_heads, seq_len, settings, compute=False)


def _gather_setup(ctx, inputs, output):
    q, k, v, *settings, _ = inputs
    ctx.save_for_backward(output[3])
    ctx.mark_non_differentiable(output[3])
    ctx.strides = [list(tensor.stride()) for tensor in (q, k, v)]
    ctx.num_kv_heads, ctx.seq_len = k.shape[1], q.shape[2]
    ctx.settings = settings


def _gather_grad(ctx, dqs, dks, dvs, _):
    (indices,) = ctx.saved_tensors
    grads = gather_backward(dqs, dks, dvs, indices, *ctx.strides, ctx.num_kv_heads, ctx.seq_len, *ctx.settings)
    return *grads, *[None] * 7


gather.register_autograd(_gather_grad, setup_context=_gather_setup)


# scatter -------------------------------------------------------------------------------------------------------------


def _scatter_program(os: Tensor, seq_len: int, levels: tuple[int, int, int], compute: bool = True) -> Program | Outline:
    return program_of("scatter", os, os.shape[1], seq_len, *levels, compute=compute)


def _scatter(
    os: Tensor, indices: Tensor, out_stride: Sequence[int], seq_len: int, levels: tuple[int, int, int], compute: bool
) -> Tensor:
    function = _scatter_program(os, seq_len, levels, compute).forward
    layouts = {"out": out_stride}
    if compute:
        _check_indices(indices, function)
        outputs = run(function, named(function.inputs, {"os": os, "indices": indices}), layouts)
    else:
        outputs = allocate(function, layouts, os.device)
    return outputs["out"]


@custom_op("lighthouse::scatter", mutates_args=(), device_types=("cpu", "cuda"))
def scatter(
    os: Tensor,
    indices: Tensor,
    out_stride: Sequence[int],
    seq_len: int,
    num_levels: int,
    pooling_factor: int,
    topk: int,
) -> Tensor:
    """Returns out [B, H, N, D], axes in the order of out_stride, for os [B, H, S, D] and the indices of ``gather``."""
    return _scatter(os, indices, out_stride, seq_len, (num_levels, pooling_factor, topk), compute=True)


@scatter.register_fake
def _(os, indices, out_stride, seq_len, num_levels, pooling_factor, topk):
    return _scatter(os, indices, out_stride, seq_len, (num_levels, pooling_factor, topk), compute=False)


def _scatter_backward(dout: Tensor, indices: Tensor, levels: tuple[int, int, int], compute: bool) -> Tensor:
    function = _scatter_program(dout, dout.shape[2], levels, compute).backward
    if compute:
        _check_indices(indices, function)
        outputs = run(function, named(function.inputs, {"dout": dout, "indices": indices}), {})
    else:
        outputs = allocate(function, {}, dout.device)
    return outputs["dos"]


@custom_op("lighthouse::scatter_backward", mutates_args=(), device_types=("cpu", "cuda"))
def scatter_backward(dout: Tensor, indices: Tensor, num_levels: int, pooling_factor: int, topk: int) -> Tensor:
    """Returns dos [B, H, S, D]."""
    return _scatter_backward(dout, indices, (num_levels, pooling_factor, topk), compute=True)


@scatter_backward.register_fake
def _(dout, indices, num_levels, pooling_factor, topk):
    return _scatter_backward(dout, indices, (num_levels, pooling_factor, topk), compute=False)


def _scatter_setup(ctx, inputs, output):
    _, indices, _, _, *levels = inputs
    ctx.save_for_backward(indices)
    ctx.levels = levels


def _scatter_grad(ctx, dout):
    (indices,) = ctx.saved_tensors
    return scatter_backward(dout, indices, *ctx.levels), *[None] * 6


scatter.register_autograd(_scatter_grad, setup_context=_scatter_setup)
