// SPDX-License-Identifier: Apache-2.0
//
// Shape inference of the stages. What a stage expects of its operands is checked here, at parse time and by the
// verifier alike.
#include "dialects/Lighthouse/Lighthouse.h"

#include <array>
#include <cmath>

#define GET_OP_CLASSES
#include "dialects/Lighthouse/LighthouseOps.cpp.inc"

using namespace mlir;

namespace lighthouse {
namespace {

using Types = SmallVectorImpl<Type>;

/// [B, H, ...] of rank r and static shape, or an error that names the operand.
FailureOr<RankedTensorType> ranked(std::optional<Location> loc, Value value, int64_t rank, StringRef name) {
  auto type = dyn_cast<RankedTensorType>(value.getType());
  if (!type || type.getRank() != rank || !type.hasStaticShape()) {
    (void)emitOptionalError(loc, "expects ", name, " to be a tensor of rank ", rank, " and static shape, but got ",
                            value.getType());
    return failure();
  }
  if (type.getDimSize(0) < 1 || type.getDimSize(1) < 1) {
    (void)emitOptionalError(loc, "expects ", name, " to have a batch and heads of at least 1, but got ", type);
    return failure();
  }
  return type;
}

/// [B, H, rows, D] with an allowed head size.
FailureOr<RankedTensorType> rows(std::optional<Location> loc, Value value, StringRef name) {
  FailureOr<RankedTensorType> type = ranked(loc, value, 4, name);
  if (failed(type))
    return failure();
  int64_t headDim = type->getDimSize(3);
  if (headDim < kHeadDimStep || headDim > kMaxHeadDim || headDim % kHeadDimStep != 0) {
    (void)emitOptionalError(loc, "expects head_dim of ", name, " to be a multiple of ", kHeadDimStep, " up to ",
                            kMaxHeadDim, ", but got ", headDim);
    return failure();
  }
  return type;
}

/// A tensor whose dimension 2 numbers `count(pyramid)` things of its encoding.
FailureOr<PyramidAttr> encoded(std::optional<Location> loc, RankedTensorType type, StringRef name,
                               function_ref<int64_t(PyramidAttr)> count = nullptr) {
  PyramidAttr pyramid = pyramidOf(type);
  if (!pyramid) {
    (void)emitOptionalError(loc, "expects ", name, " to have a #lighthouse.pyramid encoding, but got ", type);
    return failure();
  }
  if (count && type.getDimSize(2) != count(pyramid)) {
    (void)emitOptionalError(loc, "expects ", name, " to have ", count(pyramid), " rows as its encoding says, but got ",
                            type.getDimSize(2));
    return failure();
  }
  return pyramid;
}

int64_t allEntries(PyramidAttr pyramid) { return pyramid.numEntries(); }
int64_t coarseEntries(PyramidAttr pyramid) { return pyramid.numCoarse(); }

RankedTensorType tensorOf(ArrayRef<int64_t> shape, Type element, Attribute encoding = {}) {
  return RankedTensorType::get(shape, element, encoding);
}
/// `type` with `count` rows.
RankedTensorType withRows(RankedTensorType type, int64_t count, Attribute encoding = {}) {
  return tensorOf({type.getDimSize(0), type.getDimSize(1), count, type.getDimSize(3)}, type.getElementType(), encoding);
}

LogicalResult expectSame(std::optional<Location> loc, Type a, Type b, StringRef aName, StringRef bName) {
  if (a == b)
    return success();
  return emitOptionalError(loc, "expects ", aName, " and ", bName, " to have the same type, but got ", a, " and ", b);
}

/// What the descriptions call an op's queries, keys and values.
using Names = std::array<StringRef, 3>;

/// k and v alike; q and k of one batch, length, head size and dtype; key heads divide query heads.
LogicalResult expectQKV(std::optional<Location> loc, const Names &names, RankedTensorType q, RankedTensorType k,
                        RankedTensorType v) {
  if (failed(expectSame(loc, k, v, names[1], names[2])))
    return failure();
  if (q.getElementType() != k.getElementType() || q.getDimSize(0) != k.getDimSize(0) ||
      q.getDimSize(2) != k.getDimSize(2) || q.getDimSize(3) != k.getDimSize(3) || q.getEncoding() != k.getEncoding())
    return emitOptionalError(loc, "expects ", names[0], " and ", names[1],
                             " to differ in their number of heads only, but got ", q, " and ", k);
  if (q.getDimSize(1) % k.getDimSize(1) != 0)
    return emitOptionalError(loc, "expects the number of key heads to divide the number of query heads ",
                             q.getDimSize(1), ", but got ", k.getDimSize(1));
  return success();
}

struct Rows3 {
  RankedTensorType q, k, v;
};
FailureOr<Rows3> rowsQKV(std::optional<Location> loc, const Names &names, Value q, Value k, Value v) {
  SmallVector<RankedTensorType, 3> types;
  const Value values[] = {q, k, v};
  for (auto [name, value] : llvm::zip_equal(names, values)) {
    FailureOr<RankedTensorType> type = rows(loc, value, name);
    if (failed(type))
      return failure();
    types.push_back(*type);
  }
  if (failed(expectQKV(loc, names, types[0], types[1], types[2])))
    return failure();
  return Rows3{types[0], types[1], types[2]};
}

/// A selection [B, H, S], or with `inverse` its inverse [B, H, M].
FailureOr<PyramidAttr> selection(std::optional<Location> loc, Value indices, bool inverse, RankedTensorType of) {
  FailureOr<RankedTensorType> type = ranked(loc, indices, 3, "the selection");
  if (failed(type))
    return failure();
  FailureOr<PyramidAttr> pyramid =
      inverse ? encoded(loc, *type, "the inverse selection", allEntries) : encoded(loc, *type, "the selection");
  if (failed(pyramid))
    return failure();
  if (type->getDimSize(0) != of.getDimSize(0) || type->getDimSize(1) != of.getDimSize(1)) {
    (void)emitOptionalError(loc, "expects the selection to have the batch and query heads ", of.getDimSize(0), "x",
                            of.getDimSize(1), ", but got ", type->getDimSize(0), "x", type->getDimSize(1));
    return failure();
  }
  return pyramid;
}

} // namespace

//===-- Forward ----------------------------------------------------------===//

LogicalResult PoolOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<Rows3> types = rowsQKV(loc, {"q", "k", "v"}, op.getQ(), op.getK(), op.getV());
  if (failed(types))
    return failure();
  int64_t length = types->q.getDimSize(2), factor = op.getPoolingFactor(), levels = op.getNumLevels();
  auto emit = [&] { return mlir::emitError(loc.value_or(UnknownLoc::get(context))); };
  int64_t coarsest = 1;
  for (int64_t l = 1; l < std::min(levels, kMaxLevels); ++l)
    coarsest *= std::clamp<int64_t>(factor, 1, kMaxPoolingFactor);
  int64_t padded = op.getPaddedLen().value_or(llvm::divideCeil(length, coarsest) * coarsest);
  auto pyramid = PyramidAttr::getChecked(emit, context, length, padded, levels, factor);
  if (!pyramid)
    return failure();
  for (RankedTensorType type : {types->q, types->k, types->v})
    results.push_back(withRows(type, pyramid.numEntries(), pyramid));
  return success();
}

static LogicalResult scoreTypes(std::optional<Location> loc, Value pq, Value pk, Types &results) {
  FailureOr<Rows3> types = rowsQKV(loc, {"pq", "pk", "pk"}, pq, pk, pk);
  if (failed(types))
    return failure();
  FailureOr<PyramidAttr> pyramid = encoded(loc, types->q, "pq", allEntries);
  if (failed(pyramid))
    return failure();
  Type f32 = Float32Type::get(types->q.getContext());
  for (RankedTensorType type : {types->q, types->k})
    results.push_back(tensorOf({type.getDimSize(0), type.getDimSize(1), pyramid->numCoarse()}, f32, *pyramid));
  return success();
}

/// Columns of a part: whole blocks of what matrix instructions take.
static constexpr int64_t kPartStep = 16;
static int64_t partColumns(int64_t columns, int64_t parts) {
  return llvm::alignTo(llvm::divideCeil(columns, parts), kPartStep);
}

int64_t GlaSquaresOp::getPartColumns() {
  return partColumns(cast<RankedTensorType>(getV().getType()).getDimSize(3), getNumParts());
}

LogicalResult GlaSquaresOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                             Types &results) {
  FailureOr<Rows3> types = rowsQKV(loc, {"q", "k", "v"}, op.getQ(), op.getK(), op.getV());
  if (failed(types))
    return failure();
  Type f32 = Float32Type::get(context);
  ArrayRef<int64_t> shape = types->q.getShape();
  Type gates = tensorOf(shape.drop_back(), f32);
  if (failed(expectSame(loc, gates, op.getG().getType(), "[batch, heads, tokens] of f32", "g")))
    return failure();
  if (op.getDilation() < 1)
    return emitOptionalError(loc, "expects dilation of at least 1, but got ", op.getDilation());
  int64_t parts = op.getParts().value_or(1), columns = shape[3];
  if (parts < 1 || int64_t(llvm::divideCeil(columns, partColumns(columns, parts))) != parts)
    return emitOptionalError(loc, "expects parts that share the ", columns, " columns in steps of ", kPartStep,
                             ", but got ", parts);
  results.append(2, tensorOf({shape[0], shape[1], parts, shape[2]}, f32));
  return success();
}

LogicalResult PartNormsOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<RankedTensorType> type = ranked(loc, op.getOq(), 4, "oq");
  if (failed(type) || failed(expectSame(loc, *type, op.getOk().getType(), "oq", "ok")))
    return failure();
  ArrayRef<int64_t> shape = type->getShape();
  results.append(2, tensorOf({shape[0], shape[1], shape[3]}, type->getElementType()));
  return success();
}

LogicalResult ScoreOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  return scoreTypes(loc, op.getPq(), op.getPk(), results);
}

LogicalResult ScoreByOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  return scoreTypes(loc, op.getPq(), op.getPk(), results);
}

LogicalResult SelectOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                         Types &results) {
  FailureOr<RankedTensorType> sq = ranked(loc, op.getSq(), 3, "sq");
  if (failed(sq))
    return failure();
  FailureOr<RankedTensorType> sk = ranked(loc, op.getSk(), 3, "sk");
  if (failed(sk))
    return failure();
  FailureOr<PyramidAttr> pyramid = encoded(loc, *sq, "sq", coarseEntries);
  if (failed(pyramid))
    return failure();
  FailureOr<PyramidAttr> keyPyramid = encoded(loc, *sk, "sk", coarseEntries);
  if (failed(keyPyramid))
    return failure();
  if (*pyramid != *keyPyramid)
    return emitOptionalError(loc, "expects sk to be of sq's pyramid ", *pyramid, ", but got ", *keyPyramid);
  if (sq->getDimSize(0) != sk->getDimSize(0) || sq->getDimSize(1) % sk->getDimSize(1) != 0)
    return emitOptionalError(loc, "expects sk to have sq's batch and a number of heads that divides sq's, but got ",
                             *sq, " and ", *sk);
  int64_t topk = op.getTopk(), levels = pyramid->getNumLevels();
  int64_t selected = pyramid->numWindows(0);
  if (levels > 1) {
    if (topk < kKeptPerTile || topk % kKeptPerTile != 0)
      return emitOptionalError(loc, "expects topk to be a positive multiple of ", kKeptPerTile, ", but got ", topk);
    int64_t tiles = topk / kKeptPerTile, coarsest = pyramid->numWindows(levels - 1);
    if (coarsest % tiles != 0)
      return emitOptionalError(loc, "expects topk / ", kKeptPerTile, " tiles to share the ", coarsest,
                               " coarsest windows equally, but got ", tiles, " tiles");
    if (coarsest / tiles < kKeptPerTile)
      return emitOptionalError(loc, "expects at least ", kKeptPerTile, " coarsest windows a tile, but got ",
                               coarsest / tiles);
    selected = pyramid->numSelected(topk);
  }
  results.push_back(
      tensorOf({sq->getDimSize(0), sq->getDimSize(1), selected}, IntegerType::get(context, 32), *pyramid));
  return success();
}

LogicalResult GatherOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<Rows3> types = rowsQKV(loc, {"pq", "pk", "pv"}, op.getPq(), op.getPk(), op.getPv());
  if (failed(types) || failed(encoded(loc, types->q, "pq", allEntries)))
    return failure();
  FailureOr<PyramidAttr> pyramid = selection(loc, op.getIndices(), false, types->q);
  if (failed(pyramid))
    return failure();
  if (*pyramid != pyramidOf(types->q))
    return emitOptionalError(loc, "expects the selection to be of pq's pyramid ", pyramidOf(types->q), ", but got ",
                             *pyramid);
  int64_t count = cast<RankedTensorType>(op.getIndices().getType()).getDimSize(2);
  results.append(3, withRows(types->q, count));
  return success();
}

LogicalResult AttendOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                         Types &results) {
  SmallVector<RankedTensorType, 3> types;
  const std::pair<StringRef, Value> operands[] = {{"qs", op.getQs()}, {"ks", op.getKs()}, {"vs", op.getVs()}};
  int64_t heads = 0;
  for (auto [name, value] : operands) {
    FailureOr<RankedTensorType> type = rows(loc, value, name);
    if (failed(type))
      return failure();
    heads = std::max(heads, type->getDimSize(1));
    types.push_back(*type);
  }
  auto withHeads = [&](RankedTensorType type) {
    return tensorOf({type.getDimSize(0), heads, type.getDimSize(2), type.getDimSize(3)}, type.getElementType(),
                    type.getEncoding());
  };
  for (auto [operand, type] : llvm::zip_equal(operands, types)) {
    if (withHeads(type) != withHeads(types[0]))
      return emitOptionalError(loc, "expects qs and ", operand.first,
                               " to differ in their number of heads only, but got ", types[0], " and ", type);
    if (heads % type.getDimSize(1) != 0)
      return emitOptionalError(loc, "expects the number of heads of ", operand.first,
                               " to divide the largest of all three, ", heads, ", but got ", type.getDimSize(1));
  }
  RankedTensorType os = tensorOf(withHeads(types[0]).getShape(), types[0].getElementType());
  results.push_back(os);
  results.push_back(tensorOf(os.getShape().drop_back(), Float32Type::get(context)));
  return success();
}

LogicalResult ScatterOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<RankedTensorType> os = rows(loc, op.getOs(), "os");
  if (failed(os))
    return failure();
  FailureOr<PyramidAttr> pyramid = selection(loc, op.getIndices(), op.getInverse(), *os);
  if (failed(pyramid))
    return failure();
  int64_t count = cast<RankedTensorType>(op.getIndices().getType()).getDimSize(2);
  if (!op.getInverse() && count != os->getDimSize(2))
    return emitOptionalError(loc, "expects os to have a row for each of ", count, " selected entries, but got ",
                             os->getDimSize(2));
  results.push_back(withRows(*os, pyramid->getSeqLen()));
  return success();
}

//===-- Scores of tokens -------------------------------------------------===//

namespace {
/// Rows of a residue class of `length` tokens.
int64_t classLength(int64_t length, int64_t dilation) { return llvm::divideCeil(length, dilation); }

LogicalResult expectDilation(std::optional<Location> loc, int64_t dilation, int64_t length) {
  if (dilation >= 1 && dilation <= length)
    return success();
  return emitOptionalError(loc, "expects a dilation from 1 to the ", length, " tokens, but got ", dilation);
}
} // namespace

LogicalResult DilateOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<Rows3> types = rowsQKV(loc, {"q", "k", "v"}, op.getQ(), op.getK(), op.getV());
  if (failed(types))
    return failure();
  int64_t dilation = op.getDilation(), length = types->q.getDimSize(2);
  if (failed(expectDilation(loc, dilation, length)))
    return failure();
  for (RankedTensorType type : {types->q, types->k, types->v})
    results.push_back(
        tensorOf({type.getDimSize(0) * dilation, type.getDimSize(1), classLength(length, dilation), type.getDimSize(3)},
                 type.getElementType()));
  return success();
}

LogicalResult TokenNormOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                            Types &results) {
  FailureOr<RankedTensorType> type = rows(loc, op.getRows(), "the rows");
  if (failed(type))
    return failure();
  int64_t dilation = op.getDilation(), length = op.getSeqLen(), batch = type->getDimSize(0);
  if (failed(expectDilation(loc, dilation, length)))
    return failure();
  if (batch % dilation != 0)
    return emitOptionalError(loc, "expects a batch entry for each of ", dilation,
                             " residue classes, but got a batch of ", batch);
  if (type->getDimSize(2) != classLength(length, dilation))
    return emitOptionalError(loc, "expects ", classLength(length, dilation), " rows a residue class of ", length,
                             " tokens, but got ", type->getDimSize(2));
  results.push_back(tensorOf({batch / dilation, type->getDimSize(1), length}, Float32Type::get(context)));
  return success();
}

LogicalResult MaxPoolOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  PyramidAttr pyramid = op.getPyramid();
  for (auto [name, value] : {std::pair("tq", op.getTq()), std::pair("tk", op.getTk())}) {
    FailureOr<RankedTensorType> type = ranked(loc, value, 3, name);
    if (failed(type))
      return failure();
    if (type->getDimSize(2) != pyramid.getSeqLen())
      return emitOptionalError(loc, "expects ", name, " to have a score for each of seq_len ", pyramid.getSeqLen(),
                               " tokens, but got ", type->getDimSize(2));
    results.push_back(
        tensorOf({type->getDimSize(0), type->getDimSize(1), pyramid.numCoarse()}, type->getElementType(), pyramid));
  }
  if (!op.getTokens())
    return success();
  FailureOr<RankedTensorType> tokens = rows(loc, op.getTokens(), "tokens");
  if (succeeded(tokens) && tokens->getDimSize(2) != pyramid.getSeqLen())
    return emitOptionalError(loc, "expects tokens to have a row for each of seq_len ", pyramid.getSeqLen(),
                             " tokens, but got ", tokens->getDimSize(2));
  return tokens;
}

//===-- Adjoints ---------------------------------------------------------===//

LogicalResult ScatterBackwardOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op,
                                                  Types &results) {
  FailureOr<RankedTensorType> dout = rows(loc, op.getDout(), "dout");
  if (failed(dout))
    return failure();
  FailureOr<PyramidAttr> pyramid = selection(loc, op.getIndices(), false, *dout);
  if (failed(pyramid))
    return failure();
  if (dout->getDimSize(2) != pyramid->getSeqLen())
    return emitOptionalError(loc, "expects dout to have seq_len ", pyramid->getSeqLen(), " rows, but got ",
                             dout->getDimSize(2));
  results.push_back(withRows(*dout, cast<RankedTensorType>(op.getIndices().getType()).getDimSize(2)));
  return success();
}

LogicalResult AttendBackwardOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                                 Types &results) {
  FailureOr<Rows3> types = rowsQKV(loc, {"qs", "ks", "vs"}, op.getQs(), op.getKs(), op.getVs());
  if (failed(types))
    return failure();
  Type f32 = Float32Type::get(context);
  Type lse = tensorOf(types->q.getShape().drop_back(), f32);
  if (failed(expectSame(loc, types->q, op.getOs().getType(), "qs", "os")) ||
      failed(expectSame(loc, types->q, op.getDos().getType(), "qs", "dos")) ||
      failed(expectSame(loc, lse, op.getLse().getType(), "[batch, heads, rows] of f32", "lse")))
    return failure();
  if (op.getParts() < 1)
    return emitOptionalError(loc, "expects parts of at least 1, but got ", op.getParts());
  RankedTensorType dqs = withRows(types->q, types->q.getDimSize(2) * op.getParts());
  for (RankedTensorType type : {dqs, types->k, types->v})
    results.push_back(type.clone(f32));
  return success();
}

LogicalResult RowDotOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                         Types &results) {
  FailureOr<RankedTensorType> a = rows(loc, op.getA(), "a");
  if (failed(a) || failed(expectSame(loc, *a, op.getB().getType(), "a", "b")))
    return failure();
  results.push_back(tensorOf(a->getShape().drop_back(), Float32Type::get(context)));
  return success();
}

/// The types of q, k and v of a part of attention's backward, whose other operands go with q.
template <typename Adaptor> static FailureOr<Rows3> partOperands(std::optional<Location> loc, Adaptor op) {
  FailureOr<Rows3> types = rowsQKV(loc, {"qs", "ks", "vs"}, op.getQs(), op.getKs(), op.getVs());
  if (failed(types))
    return failure();
  Type scores = tensorOf(types->q.getShape().drop_back(), Float32Type::get(types->q.getContext()));
  if (failed(expectSame(loc, types->q, op.getDos().getType(), "qs", "dos")) ||
      failed(expectSame(loc, scores, op.getLse().getType(), "[batch, heads, rows] of f32", "lse")) ||
      failed(expectSame(loc, scores, op.getDelta().getType(), "[batch, heads, rows] of f32", "delta")))
    return failure();
  return types;
}

LogicalResult AttendBackwardKeysOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                                     Types &results) {
  FailureOr<Rows3> types = partOperands(loc, op);
  if (failed(types))
    return failure();
  for (RankedTensorType type : {types->k, types->v})
    results.push_back(type.clone(Float32Type::get(context)));
  return success();
}

LogicalResult AttendBackwardJoinedOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                                       Types &results) {
  FailureOr<Rows3> types = partOperands(loc, op);
  if (failed(types))
    return failure();
  if (op.getNarrow() && types->q != types->k)
    return emitOptionalError(loc, "expects narrow only where each query head has keys of its own, but got ",
                             types->q.getDimSize(1), " and ", types->k.getDimSize(1), " heads");
  results.push_back(types->q.clone(Float32Type::get(context)));
  for (RankedTensorType type : {types->k, types->v})
    results.push_back(op.getNarrow() ? type : type.clone(Float32Type::get(context)));
  return success();
}

LogicalResult AttendBackwardQueriesOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                                        Types &results) {
  FailureOr<Rows3> types = partOperands(loc, op);
  if (failed(types))
    return failure();
  results.push_back(types->q.clone(Float32Type::get(context)));
  return success();
}

LogicalResult SumPartsOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<RankedTensorType> split = rows(loc, op.getSplit(), "the parts");
  if (failed(split))
    return failure();
  if (op.getParts() < 1 || split->getDimSize(2) % op.getParts() != 0)
    return emitOptionalError(loc, "expects parts to divide the ", split->getDimSize(2), " rows, but got ",
                             op.getParts());
  results.push_back(withRows(*split, split->getDimSize(2) / op.getParts()));
  return success();
}

LogicalResult RoundOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<RankedTensorType> type = rows(loc, op.getRows(), "the rows");
  if (failed(type))
    return failure();
  if (!type->getElementType().isF32() || !isa<BFloat16Type, Float16Type>(op.getElementType()))
    return emitOptionalError(loc, "expects rows of f32 and element_type to be bf16 or f16, but got ",
                             type->getElementType(), " and ", op.getElementType());
  results.push_back(type->clone(op.getElementType()));
  return success();
}

int64_t partCount(int64_t rows, int64_t most) { return std::max<int64_t>(1, std::min(most, rows / kLeastPart)); }

double partShare(int64_t parts, int64_t part) {
  return 1.0 - std::sqrt(1.0 - static_cast<double>(part) / static_cast<double>(parts));
}

int64_t partBegin(int64_t rows, int64_t parts, int64_t part) {
  if (part >= parts)
    return rows;
  return static_cast<int64_t>(partShare(parts, part) * static_cast<double>(rows)) / kPartAlignment * kPartAlignment;
}

LogicalResult GatherBackwardOp::inferReturnTypes(MLIRContext *context, std::optional<Location> loc, Adaptor op,
                                                 Types &results) {
  FailureOr<RankedTensorType> dqs = rows(loc, op.getDqs(), "dqs");
  if (failed(dqs) || failed(expectSame(loc, *dqs, op.getDks().getType(), "dqs", "dks")) ||
      failed(expectSame(loc, *dqs, op.getDvs().getType(), "dqs", "dvs")))
    return failure();
  FailureOr<PyramidAttr> pyramid = selection(loc, op.getIndices(), op.getInverse(), *dqs);
  if (failed(pyramid))
    return failure();
  int64_t count = cast<RankedTensorType>(op.getIndices().getType()).getDimSize(2);
  if (!op.getInverse() && count != dqs->getDimSize(2))
    return emitOptionalError(loc, "expects dqs to have a row for each of ", count, " selected entries, but got ",
                             dqs->getDimSize(2));
  int64_t heads = dqs->getDimSize(1), kvHeads = op.getNumKvHeads();
  if (kvHeads < 1 || heads % kvHeads != 0)
    return emitOptionalError(loc, "expects num_kv_heads to divide the ", heads, " query heads, but got ", kvHeads);
  for (int64_t h : {heads, kvHeads, kvHeads})
    results.push_back(tensorOf({dqs->getDimSize(0), h, pyramid->numEntries(), dqs->getDimSize(3)},
                               Float32Type::get(context), *pyramid));
  return success();
}

LogicalResult PoolBackwardOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<Rows3> types = rowsQKV(loc, {"dpq", "dpk", "dpv"}, op.getDpq(), op.getDpk(), op.getDpv());
  if (failed(types))
    return failure();
  FailureOr<PyramidAttr> pyramid = encoded(loc, types->q, "dpq", allEntries);
  if (failed(pyramid))
    return failure();
  if (!isa<Float32Type, BFloat16Type, Float16Type>(op.getElementType()))
    return emitOptionalError(loc, "expects element_type to be f32, bf16 or f16, but got ", op.getElementType());
  for (RankedTensorType type : {types->q, types->k, types->v})
    results.push_back(tensorOf(withRows(type, pyramid->getSeqLen()).getShape(), op.getElementType()));
  return success();
}

//===-- What fusion adds -------------------------------------------------===//

LogicalResult InvertOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<RankedTensorType> type = ranked(loc, op.getIndices(), 3, "the selection");
  if (failed(type))
    return failure();
  FailureOr<PyramidAttr> pyramid = encoded(loc, *type, "the selection");
  if (failed(pyramid))
    return failure();
  results.push_back(
      tensorOf({type->getDimSize(0), type->getDimSize(1), pyramid->numEntries()}, type->getElementType(), *pyramid));
  return success();
}

LogicalResult CoarseOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<RankedTensorType> type = rows(loc, op.getPyramid(), "the pyramid");
  if (failed(type))
    return failure();
  FailureOr<PyramidAttr> pyramid = encoded(loc, *type, "the pyramid", allEntries);
  if (failed(pyramid))
    return failure();
  results.push_back(withRows(*type, pyramid->numCoarse(), *pyramid));
  return success();
}

LogicalResult StackOp::inferReturnTypes(MLIRContext *, std::optional<Location> loc, Adaptor op, Types &results) {
  FailureOr<RankedTensorType> tokens = rows(loc, op.getTokens(), "the tokens");
  if (failed(tokens))
    return failure();
  FailureOr<RankedTensorType> coarse = rows(loc, op.getCoarse(), "the coarse levels");
  if (failed(coarse))
    return failure();
  FailureOr<PyramidAttr> pyramid = encoded(loc, *coarse, "the coarse levels", coarseEntries);
  if (failed(pyramid) ||
      failed(expectSame(loc, *tokens, withRows(*coarse, pyramid->getSeqLen()), "the tokens", "level 0 of the pyramid")))
    return failure();
  results.push_back(withRows(*coarse, pyramid->numEntries(), *pyramid));
  return success();
}

//===-- Fusion -----------------------------------------------------------===//

// Joined stages work on what the kernel's registers hold: all of the producer's results, in its order.

static bool scores(Value pq, Value pk, Operation *producer) {
  auto pool = dyn_cast<PoolOp>(producer);
  return pool && pq == pool.getPq() && pk == pool.getPk();
}
bool TokenNormOp::joinsKernelOf(Operation *producer) { return isa<AttendOp>(producer); }
bool ScoreOp::joinsKernelOf(Operation *producer) { return scores(getPq(), getPk(), producer); }
bool ScoreByOp::joinsKernelOf(Operation *producer) { return scores(getPq(), getPk(), producer); }
bool InvertOp::joinsKernelOf(Operation *producer) { return isa<SelectOp>(producer); }
bool RowDotOp::joinsKernelOf(Operation *producer) { return isa<ScatterBackwardOp>(producer); }
bool RoundOp::joinsKernelOf(Operation *producer) { return isa<SumPartsOp>(producer); }
bool PoolBackwardOp::joinsKernelOf(Operation *producer) {
  return isa<GatherBackwardOp>(producer) && llvm::equal(getOperands(), producer->getResults());
}
bool GatherBackwardOp::joinsKernelOf(Operation *) { return false; }

} // namespace lighthouse
