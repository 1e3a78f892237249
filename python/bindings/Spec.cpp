// SPDX-License-Identifier: Apache-2.0
//
// Spec for Python: keyword constructor, fields, enums as strings.

#include "python/bindings/bindings.h"
#include "python/bindings/names.h"

namespace py = pybind11;
using namespace py::literals;

namespace lighthouse::python {

namespace {

OpKind parseOp(const std::string &text) {
  static const Name<OpKind> names[] = {
      {name(OpKind::Attention), OpKind::Attention},
      {name(OpKind::Gather), OpKind::Gather},
      {name(OpKind::Scatter), OpKind::Scatter},
  };
  return parse<OpKind>("op", text, names);
}

DType parseDType(const std::string &text) {
  static const Name<DType> names[] = {
      {name(DType::Float32), DType::Float32},
      {name(DType::BFloat16), DType::BFloat16},
      {name(DType::Float16), DType::Float16},
  };
  return parse<DType>("dtype", text, names);
}

Spec makeSpec(const std::string &op, const std::string &dtype, const std::string &scorer, int64_t batch,
              int64_t numHeads, int64_t numKvHeads, int64_t seqLen, int64_t headDim, int64_t numLevels,
              int64_t poolingFactor, int64_t topk, double scale, int64_t dilation, bool varlen) {
  Spec spec{.op = parseOp(op),
            .dtype = parseDType(dtype),
            .batch = batch,
            .num_heads = numHeads,
            .num_kv_heads = numKvHeads,
            .seq_len = seqLen,
            .head_dim = headDim,
            .num_levels = numLevels,
            .pooling_factor = poolingFactor,
            .topk = topk,
            .scale = scale,
            .dilation = dilation,
            .varlen = varlen};
  spec.setScorer(scorer);
  return spec;
}

} // namespace

void bindSpec(py::module_ &module) {
  const Spec defaults;
  py::class_<Spec>(module, "Spec", "The sizes and settings that an op is compiled for.")
      .def(py::init(&makeSpec), py::kw_only(), "op"_a = name(defaults.op), "dtype"_a = name(defaults.dtype),
           "scorer"_a = name(defaults.scorer), "batch"_a = defaults.batch, "num_heads"_a = defaults.num_heads,
           "num_kv_heads"_a = defaults.num_kv_heads, "seq_len"_a = defaults.seq_len, "head_dim"_a = defaults.head_dim,
           "num_levels"_a = defaults.num_levels, "pooling_factor"_a = defaults.pooling_factor, "topk"_a = defaults.topk,
           "scale"_a = defaults.scale, "dilation"_a = defaults.dilation, "varlen"_a = defaults.varlen)
      .def_property(
          "op", [](const Spec &spec) { return name(spec.op); },
          [](Spec &spec, const std::string &text) { spec.op = parseOp(text); })
      .def_property(
          "dtype", [](const Spec &spec) { return name(spec.dtype); },
          [](Spec &spec, const std::string &text) { spec.dtype = parseDType(text); })
      .def_property(
          "scorer", [](const Spec &spec) { return spec.scorerText(); },
          [](Spec &spec, const std::string &text) { spec.setScorer(text); })
      .def_readwrite("batch", &Spec::batch)
      .def_readwrite("num_heads", &Spec::num_heads)
      .def_readwrite("num_kv_heads", &Spec::num_kv_heads)
      .def_readwrite("seq_len", &Spec::seq_len)
      .def_readwrite("head_dim", &Spec::head_dim)
      .def_readwrite("num_levels", &Spec::num_levels)
      .def_readwrite("pooling_factor", &Spec::pooling_factor)
      .def_readwrite("topk", &Spec::topk)
      .def_readwrite("scale", &Spec::scale)
      .def_readwrite("dilation", &Spec::dilation)
      .def_readwrite("varlen", &Spec::varlen)
      .def("validate", &Spec::validate, "Raises ValueError unless every field and their combination is allowed.")
      .def("effective_scale", &Spec::effectiveScale)
      .def("num_tiles", &Spec::numTiles)
      .def("padded_length", &Spec::paddedLength)
      .def("least_length", &Spec::leastLength)
      .def("subsequence_length", &Spec::subsequenceLength)
      .def("tile_length", &Spec::tileLength)
      .def(
          "__eq__", [](const Spec &a, const Spec &b) { return a == b; }, py::is_operator())
      .def("__repr__", [](const Spec &spec) { return "Spec(" + spec.str() + ")"; });
}

} // namespace lighthouse::python
