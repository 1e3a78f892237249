// SPDX-License-Identifier: Apache-2.0
//
// Stage IR from a spec: the chain of spec.op, with the names and marks its callers and the passes go by.
#include "lighthouse_ops/StageIR.h"

#include "compiler/Passes.h"
#include "lighthouse_ops/ScoreRegion.h"
#include "lighthouse_ops/SpecRules.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/ImplicitLocOpBuilder.h"

using namespace mlir;

namespace lighthouse {

namespace {

/// Marks of an argument or a result besides its name. `kTokens`: a row for each token.
enum Mark : unsigned { kPlain = 0, kStrided = 1, kDifferentiable = 2, kTokens = 4 };

class ForwardBuilder {
public:
  ForwardBuilder(const Spec &spec, ModuleOp module)
      : spec(spec), builder(UnknownLoc::get(module.getContext()), module.getContext()) {
    builder.setInsertionPointToEnd(module.getBody());
    forward = func::FuncOp::create(builder, "forward", builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(forward.addEntryBlock());
  }

  void build() {
    switch (spec.op) {
    case OpKind::Attention:
      return buildAttention();
    case OpKind::Gather:
      return buildGather();
    case OpKind::Scatter:
      return buildScatter();
    }
  }

private:
  struct Result {
    StringRef name;
    Value value;
    unsigned marks;
  };
  struct Gathered {
    Value qs, ks, vs, indices;
  };
  /// Of windows.
  struct Scores {
    Value sq, sk;
  };

  void buildAttention() {
    Gathered gathered = addGathered();
    auto attend = AttendOp::create(builder, gathered.qs, gathered.ks, gathered.vs, llvm::APFloat(softmaxScale(spec)));
    auto scatter = ScatterOp::create(builder, attend.getOs(), gathered.indices);
    SmallVector<Result> results{{"out", scatter.getOut(), kStrided | kDifferentiable | kTokens}};
    if (spec.num_levels > 1) // One level selects every token, and its indices would say nothing.
      results.push_back({"indices", gathered.indices, kPlain});
    results.push_back({"lse", attend.getLse(), kPlain});
    addReturn(results);
  }

  void buildGather() {
    Gathered gathered = addGathered();
    addReturn({{"qs", gathered.qs, kDifferentiable},
               {"ks", gathered.ks, kDifferentiable},
               {"vs", gathered.vs, kDifferentiable},
               {"indices", gathered.indices, kPlain}});
  }

  void buildScatter() {
    int64_t selected = spec.subsequenceLength();
    Value os = addArgument("os", rowsType(spec.num_heads, selected), kStrided);
    Value indices = addArgument(
        "indices", RankedTensorType::get({spec.batch, spec.num_heads, selected}, builder.getI32Type(), pyramid()),
        kPlain);
    addReturn({{"out", ScatterOp::create(builder, os, indices), kStrided | kDifferentiable}});
  }

  /// The stages up to gather.
  Gathered addGathered() {
    Value q = addArgument("q", rowsType(spec.num_heads, spec.seq_len), kStrided | kTokens);
    Value k = addArgument("k", rowsType(spec.num_kv_heads, spec.seq_len), kStrided | kTokens);
    Value v = addArgument("v", rowsType(spec.num_kv_heads, spec.seq_len), kStrided | kTokens);
    int64_t coarsest = coarsestWindow(spec, spec.num_levels), padded = spec.paddedLength();
    bool is_default = padded == static_cast<int64_t>(llvm::alignTo(spec.seq_len, coarsest));
    // Before there are pooled rows: what scoring needs is done with by then.
    Scores scores;
    if (spec.scorer == Scorer::Dilated)
      scores = addDilatedScores(q, k, v);
    else if (spec.scorer == Scorer::Gla && spec.num_levels > 1) // One level selects every token.
      scores = addGlaScores(q, k, v);
    auto pool = PoolOp::create(builder, q, k, v, spec.num_levels, spec.pooling_factor,
                               is_default ? IntegerAttr() : builder.getI64IntegerAttr(padded));
    if (!scores.sq)
      scores = addScores(pool.getPq(), pool.getPk());
    Value indices =
        SelectOp::create(builder, scores.sq, scores.sk, spec.topk, /*is_signed=*/spec.scorer == Scorer::Expression);
    auto gather = GatherOp::create(builder, pool.getPq(), pool.getPk(), pool.getPv(), indices);
    return {gather.getQs(), gather.getKs(), gather.getVs(), indices};
  }

  Scores addScores(Value pq, Value pk) {
    if (spec.scorer == Scorer::Expression) {
      ScoreByOp score = buildScoreBy(builder, ScoreExpression::parse(spec.expression), pq, pk);
      return {score.getSq(), score.getSk()};
    }
    auto score = ScoreOp::create(builder, ScorerKind::norm, pq, pk);
    return {score.getSq(), score.getSk()};
  }

  /// Norms of what attention in the residue classes makes of (q, k, v), and of (k, q, v).
  Scores addDilatedScores(Value q, Value k, Value v) {
    auto classes = DilateOp::create(builder, q, k, v, spec.dilation);
    auto normsOf = [&](Value queries, Value keys) -> Value {
      auto attend = AttendOp::create(builder, queries, keys, classes.getVd(), llvm::APFloat(softmaxScale(spec)));
      return TokenNormOp::create(builder, attend.getOs(), spec.dilation, spec.seq_len);
    };
    Value tq = normsOf(classes.getQd(), classes.getKd()), tk = normsOf(classes.getKd(), classes.getQd());
    auto scores = MaxPoolOp::create(builder, tq, tk, spec.varlen ? q : Value(), pyramid());
    return {scores.getSq(), scores.getSk()};
  }

  /// Norms of what gated linear attention in the residue classes makes of (q, k, v), and of (k, q, v).
  Scores addGlaScores(Value q, Value k, Value v) {
    auto gates = RankedTensorType::get({spec.batch, spec.num_heads, spec.seq_len}, builder.getF32Type());
    Value g = addArgument("g", gates, spec.varlen ? kStrided : kPlain);
    auto squares =
        GlaSquaresOp::create(builder, q, k, v, g, spec.dilation, llvm::APFloat(softmaxScale(spec)), IntegerAttr());
    auto norms = PartNormsOp::create(builder, squares.getOq(), squares.getOk());
    auto scores = MaxPoolOp::create(builder, norms.getTq(), norms.getTk(), spec.varlen ? q : Value(), pyramid());
    return {scores.getSq(), scores.getSk()};
  }

  PyramidAttr pyramid() {
    return PyramidAttr::get(builder.getContext(), spec.seq_len, spec.paddedLength(), spec.num_levels,
                            spec.pooling_factor);
  }

  RankedTensorType rowsType(int64_t heads, int64_t rows) {
    return RankedTensorType::get({spec.batch, heads, rows, spec.head_dim}, elementType());
  }

  Type elementType() {
    switch (spec.dtype) {
    case DType::Float32:
      return builder.getF32Type();
    case DType::BFloat16:
      return builder.getBF16Type();
    case DType::Float16:
      return builder.getF16Type();
    }
    llvm_unreachable("unknown dtype");
  }

  DictionaryAttr attributes(StringRef name, unsigned marks) {
    NamedAttrList list;
    list.append(kNameAttr, builder.getStringAttr(name));
    if (marks & kStrided)
      list.append(kStridedAttr, builder.getUnitAttr());
    if ((marks & kTokens) && spec.varlen)
      list.append(kVarlenAttr, builder.getUnitAttr());
    if (marks & kDifferentiable)
      list.append(kDifferentiableAttr, builder.getUnitAttr());
    return list.getDictionary(builder.getContext());
  }

  Value addArgument(StringRef name, Type type, unsigned marks) {
    unsigned index = forward.getNumArguments();
    (void)forward.insertArgument(index, type, attributes(name, marks), builder.getLoc());
    return forward.getArgument(index);
  }

  void addReturn(ArrayRef<Result> results) {
    auto values = llvm::map_to_vector(results, [](const Result &result) { return result.value; });
    auto attrs = llvm::map_to_vector(
        results, [&](const Result &result) -> Attribute { return attributes(result.name, result.marks); });
    func::ReturnOp::create(builder, values);
    forward.setType(builder.getFunctionType(forward.getArgumentTypes(), ValueRange(values).getTypes()));
    forward.setAllResultAttrs(attrs);
  }

  const Spec &spec;
  ImplicitLocOpBuilder builder;
  func::FuncOp forward;
};

} // namespace

OwningOpRef<ModuleOp> buildStageIR(const Spec &spec, MLIRContext &context) {
  context.loadDialect<LighthouseDialect, arith::ArithDialect, func::FuncDialect, math::MathDialect,
                      vector::VectorDialect>();
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  ForwardBuilder(spec, *module).build();
  return module;
}

} // namespace lighthouse
