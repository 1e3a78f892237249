# SPDX-License-Identifier: Apache-2.0
"""``lighthouse.attention`` in eager mode, by a shorter way than through ``torch.ops.lighthouse.attention``.

The dispatcher's way to a Python operator with autograd costs more than 100 us a call. Where only autograd looks at the
call (no compiler, mode, transform or subclass), an ``autograd.Function`` does the same for a tenth of that, and what
backward keeps beside q, k, v and out lies in one piece of memory.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad
from torch.autograd.function import once_differentiable

from lighthouse import _arguments
from lighthouse._program import Program, cached
from lighthouse._program import program as _program
from lighthouse._torch_attention import attention_backward, kept_names
from lighthouse._torch_run import DTYPES, ROW_ALIGNMENT, Bound, check, check_kept, is_deterministic

PLAIN = (Tensor, torch.nn.Parameter)


def is_plain(tensors: Sequence[Any]) -> bool:
    """Whether only autograd looks at what is done with these tensors, and kernels can read where they start."""
    if (
        torch.compiler.is_compiling()
        or torch._C._len_torch_dispatch_stack()
        or torch._C._are_functorch_transforms_active()
        or torch._C._get_tracing_state()
        or forward_ad._current_level >= 0
    ):
        return False
    for tensor in tensors:
        if type(tensor) not in PLAIN or tensor.layout is not torch.strided or tensor.is_nested or tensor.is_neg():
            return False
        if tensor.is_cuda:
            if tensor.data_ptr() % ROW_ALIGNMENT:
                return False
        elif not tensor.is_cpu:
            return False
    return True


class Layout:
    """Forward and backward of a program, bound to the strides of q, k, v and, where it reads them, log gates.

    Backward is that of the deterministic program or of the other, as torch wants it when it runs. Forward is the same
    in both, and comes from the one that is wanted when the layout is made.

    ``program_of`` gives the program by whether it is deterministic. ``apart``: the outputs that are tensors of their
    own; ``outputs`` are their names in the order of the results.
    """

    def __init__(
        self,
        program_of: Callable[[bool], Program],
        device: torch.device,
        strides: tuple,
        settings: _arguments.Settings,
        apart: tuple,
    ) -> None:
        program = program_of(is_deterministic())
        self.program_of, self.settings, self.device = program_of, settings, device
        self.num_inputs = len(program.forward.inputs)
        strides = strides[: self.num_inputs]
        self.strides = dict(zip("qkv", strides[:3], strict=True))
        self.num_kv_heads = program.forward.inputs[1].shape[1]
        self.forward = Bound(program.forward, device, strides, {"out": strides[0]}, apart=apart)
        self.function, self.backwards = program.backward, ({}, {})  # False, True
        self.outputs = [argument.name for argument in program.forward.outputs if argument.name in apart]
        self.out = self.outputs.index("out")

        # Of q, k, v and the outputs that are apart, those that backward reads are saved one by one.
        known = [*(argument.name for argument in program.forward.inputs), *self.outputs]
        inputs = [argument.name for argument in self.function.inputs if argument.name in (*known, "dout")]
        self.dout = inputs.index("dout")
        by_name = {argument.name: argument for argument in self.function.inputs}
        self.wanted = [(torch.Size(by_name[name].shape), DTYPES[by_name[name].dtype], by_name[name]) for name in inputs]
        self.saved_names = [name for name in inputs if name != "dout"]
        self.saved = [known.index(name) for name in self.saved_names]

    def run(self, inputs: list[Tensor]) -> tuple[list[Tensor], list[Tensor], Tensor | None]:
        """Returns the outputs that are apart, the tensors to save, and the block of the others."""
        outputs, block = self.forward(inputs)
        tensors = inputs + outputs
        return outputs, [tensors[index] for index in self.saved], block

    def run_backward(self, dout: Tensor, saved: list[Tensor], block: Tensor | None) -> list[Tensor]:
        """Returns dq, dk, dv. Hooks on saved tensors may have given them other strides than forward saw."""
        inputs = saved.copy()
        inputs.insert(self.dout, dout)
        for tensor, (shape, dtype, argument) in zip(inputs, self.wanted, strict=True):
            if tensor.shape != shape or tensor.dtype is not dtype:  # by a hook
                check(argument, tensor, self.device)
        if block is not None:
            check_kept(block, self.forward.block.bytes)
            block = block.contiguous()
        if not is_plain((*inputs, block) if block is not None else inputs):
            return self._through_operator(dout, saved, block)
        strides = tuple(tensor.stride() for tensor in inputs)
        deterministic = is_deterministic()
        bound = self.backwards[deterministic].get(strides)
        if bound is None:
            layouts = {"d" + name: each for name, each in self.strides.items()}
            function = self.program_of(deterministic).backward
            bound = Bound(function, self.device, strides, layouts, block=self.forward.block)
            self.backwards[deterministic][strides] = bound
        return bound(inputs, block)[0]

    def _through_operator(self, dout: Tensor, saved: list[Tensor], block: Tensor | None) -> list[Tensor]:
        tensors = dict(zip(self.saved_names, saved, strict=True))
        for argument in self.function.inputs:
            if argument.name in self.forward.block.offsets:
                tensors[argument.name] = self.forward.block.view(block, argument)
        kept = [tensors[name] for name in kept_names(self.function)]
        strides = [list(each) for each in self.strides.values()]
        return list(attention_backward(dout, kept, *strides, self.num_kv_heads, *self.settings))


class _Attention(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, q: Tensor, k: Tensor, v: Tensor, g: Tensor | None, layout: Layout, outputs: list) -> Tensor:
        """Also appends all outputs that are apart to ``outputs``."""
        results, saved, block = layout.run([q, k, v, g][: layout.num_inputs])
        ctx.save_for_backward(block, *saved)
        ctx.layout = layout
        outputs += results
        return results[layout.out]

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, dout: Tensor) -> tuple[Tensor | None, ...]:
        block, *saved = ctx.saved_tensors
        dq, dk, dv = ctx.layout.run_backward(dout, saved, block)
        return dq, dk, dv, None, None, None


# What Function.apply comes to where no functorch transform is active (is_plain), with less Python in between: tensors
# that outlived such a transform are unwrapped.
_apply = super(torch.autograd.Function, _Attention).apply
_unwrap = torch._C._functorch.unwrap_if_dead


@cached
def layout_of(
    shapes: tuple, strides: tuple, dtypes: tuple, devices: tuple, settings: _arguments.Settings, want_aux: bool
) -> Layout:
    """The layout for q, k, v, and log gates if there are some, of these properties, which are checked first."""
    _arguments.devices(*map(str, devices))
    dtype, *_ = names = [str(each).removeprefix("torch.") for each in dtypes]
    _arguments.dtypes(*names[:3])
    _arguments.shapes(*shapes[:3])
    for gate_shape, gate_dtype in zip(shapes[3:], names[3:], strict=True):
        _arguments.gates(gate_shape, gate_dtype, shapes[0])
    (batch, num_heads, seq_len, head_dim), (_, num_kv_heads, _, _), *_ = shapes
    device = devices[0]
    sizes = (batch, num_heads, num_kv_heads, seq_len, head_dim)
    program_of = partial(_program, "attention", str(device), dtype, *sizes, *settings)
    return Layout(program_of, device, strides, settings, ("out", "indices", "lse") if want_aux else ("out",))


def prepare(
    q: Tensor, k: Tensor, v: Tensor, settings: _arguments.Settings, want_aux: bool, g: Tensor | None = None
) -> Layout:
    """The layout for these tensors; see ``layout_of``."""
    if g is None:
        return layout_of(
            (q.shape, k.shape, v.shape),
            (q.stride(), k.stride(), v.stride()),
            (q.dtype, k.dtype, v.dtype),
            (q.device, k.device, v.device),
            settings,
            want_aux,
        )
    return layout_of(
        (q.shape, k.shape, v.shape, g.shape),
        (q.stride(), k.stride(), v.stride(), g.stride()),
        (q.dtype, k.dtype, v.dtype, g.dtype),
        (q.device, k.device, v.device, g.device),
        settings,
        want_aux,
    )


def attention(
    q: Tensor, k: Tensor, v: Tensor, settings: _arguments.Settings, want_aux: bool, g: Tensor | None = None
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Returns out, and indices and lse where they are wanted; indices are None with one level too."""
    layout = prepare(q, k, v, settings, want_aux, g)
    if torch.is_grad_enabled() and (q.requires_grad or k.requires_grad or v.requires_grad):
        outputs = []
        out = _apply(_unwrap(q), _unwrap(k), _unwrap(v), g if g is None else _unwrap(g), layout, outputs)
    else:
        outputs, _ = layout.forward([q, k, v, g][: layout.num_inputs], keep=False)
        out = outputs[layout.out]
    if not want_aux:
        return out, None, None
    by_name = dict(zip(layout.outputs, outputs, strict=True))
    return out, by_name.get("indices"), by_name["lse"]
