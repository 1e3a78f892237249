// SPDX-License-Identifier: Apache-2.0
//
// Reverse-mode differentiation of @forward, one adjoint an op.
#include "compiler/Passes.h"
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace lighthouse {
#define GEN_PASS_DEF_DIFFERENTIATE
#include "compiler/Passes.h.inc"
namespace {

/// A value of @forward as callers know it.
struct NamedValue {
  std::string name;
  bool strided = false, varlen = false;
};

StringRef nameOf(DictionaryAttr attrs) {
  auto name = attrs ? attrs.getAs<StringAttr>(kNameAttr) : StringAttr();
  return name ? name.getValue() : "";
}

class Differentiator {
public:
  explicit Differentiator(func::FuncOp forward)
      : forward(forward), block(forward.front()), results(cast<func::ReturnOp>(block.getTerminator())),
        builder(forward.getContext()) {}

  LogicalResult run() {
    builder.setInsertionPointAfter(forward);
    backward = func::FuncOp::create(builder, forward.getLoc(), "backward", builder.getFunctionType({}, {}));
    builder.setInsertionPointToStart(backward.addEntryBlock());
    if (failed(addGradientArguments()))
      return failure();
    if (gradients.empty())
      return forward.emitError("expects a result marked ") << kDifferentiableAttr << ", but got none";
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (failed(differentiate(op)))
        return failure();
    if (failed(returnGradients()))
      return failure();
    saveUsedValues();
    return success();
  }

private:
  DictionaryAttr attributes(const NamedValue &named) {
    SmallVector<NamedAttribute> attrs{builder.getNamedAttr(kNameAttr, builder.getStringAttr(named.name))};
    if (named.strided)
      attrs.push_back(builder.getNamedAttr(kStridedAttr, builder.getUnitAttr()));
    if (named.varlen)
      attrs.push_back(builder.getNamedAttr(kVarlenAttr, builder.getUnitAttr()));
    return builder.getDictionaryAttr(attrs);
  }

  Value addArgument(Type type, const NamedValue &named) {
    unsigned index = backward.getNumArguments();
    (void)backward.insertArgument(index, type, attributes(named), forward.getLoc());
    return backward.getArgument(index);
  }

  /// A gradient comes from the user's code, so it may have any strides.
  LogicalResult addGradientArguments() {
    for (auto [i, value] : llvm::enumerate(results.getOperands())) {
      DictionaryAttr attrs = forward.getResultAttrDict(i);
      if (!attrs || !attrs.contains(kDifferentiableAttr))
        continue;
      if (gradients.contains(value))
        return forward.emitError("expects a value to be one result marked ")
               << kDifferentiableAttr << ", but got it again as result " << i;
      gradients[value] =
          addArgument(value.getType(),
                      {.name = ("d" + nameOf(attrs)).str(), .strided = true, .varlen = attrs.contains(kVarlenAttr)});
    }
    return success();
  }

  LogicalResult differentiate(Operation &op) {
    auto differentiable = dyn_cast<Differentiable>(op);
    if (!differentiable)
      return success();
    SmallVector<Value> incoming =
        llvm::map_to_vector(op.getResults(), [&](Value value) { return gradients.lookup(value); });
    if (llvm::none_of(incoming, [](Value value) { return bool(value); }))
      return success();
    FailureOr<SmallVector<Value>> outgoing = differentiable.buildAdjoint(builder, incoming);
    if (failed(outgoing))
      return failure();
    for (auto [operand, gradient] : llvm::zip_equal(op.getOperands(), *outgoing)) {
      if (!gradient)
        continue;
      if (!gradients.try_emplace(operand, gradient).second)
        return op.emitOpError("expects to be the only op that differentiates through its operand, but got another use");
    }
    return success();
  }

  LogicalResult returnGradients() {
    SmallVector<Value> values;
    SmallVector<Attribute> attrs;
    for (BlockArgument argument : block.getArguments()) {
      Value gradient = gradients.lookup(argument);
      if (!gradient)
        continue;
      NamedValue named = *known(argument);
      named.name = "d" + named.name;
      values.push_back(named.varlen ? inElementsOf(argument, gradient) : gradient);
      attrs.push_back(attributes(named));
    }
    if (values.empty())
      return forward.emitError("expects an argument that a gradient reaches, but got none");
    func::ReturnOp::create(builder, forward.getLoc(), values);
    backward.setType(builder.getFunctionType(backward.getArgumentTypes(), ValueRange(values).getTypes()));
    backward.setAllResultAttrs(attrs);
    return success();
  }

  /// Calls of any length share one tensor for the gradient of theirs, so it has the elements of the argument.
  Value inElementsOf(Value argument, Value gradient) {
    Type element = cast<RankedTensorType>(argument.getType()).getElementType();
    if (cast<RankedTensorType>(gradient.getType()).getElementType() == element)
      return gradient;
    return RoundOp::create(builder, forward.getLoc(), gradient, element);
  }

  static NamedValue named(DictionaryAttr attrs) {
    return {nameOf(attrs).str(), attrs && attrs.contains(kStridedAttr), attrs && attrs.contains(kVarlenAttr)};
  }

  /// How callers know `value` already: as an argument or a result of @forward.
  std::optional<NamedValue> known(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value))
      return named(forward.getArgAttrDict(argument.getArgNumber()));
    for (auto [i, result] : llvm::enumerate(results.getOperands()))
      if (result == value)
        return named(forward.getResultAttrDict(i));
    return std::nullopt;
  }

  /// Makes `value` a further result of @forward, under the name its op gives it.
  NamedValue save(Value value) {
    NamedValue named;
    value.getDefiningOp<OpAsmOpInterface>().getAsmResultNames([&](Value each, StringRef name) {
      if (each == value)
        named.name = name.str();
    });
    unsigned index = forward.getNumResults();
    DictionaryAttr attrs =
        builder.getDictionaryAttr(builder.getNamedAttr(kNameAttr, builder.getStringAttr(named.name)));
    (void)forward.insertResult(index, value.getType(), attrs);
    results.getOperandsMutable().append(value);
    return named;
  }

  void saveUsedValues() {
    llvm::SetVector<Value> used;
    backward.walk([&](Operation *op) {
      for (Value operand : op->getOperands())
        if (operand.getParentBlock() == &block)
          used.insert(operand);
    });
    for (Value value : used) {
      std::optional<NamedValue> named = known(value);
      if (!named)
        named = save(value);
      Value argument = addArgument(value.getType(), *named);
      value.replaceUsesWithIf(
          argument, [&](OpOperand &use) { return use.getOwner()->getParentOfType<func::FuncOp>() == backward; });
    }
  }

  func::FuncOp forward, backward;
  Block &block;
  func::ReturnOp results;
  OpBuilder builder;
  DenseMap<Value, Value> gradients;
};

struct DifferentiatePass : impl::DifferentiateBase<DifferentiatePass> {
  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward || getOperation().lookupSymbol("backward"))
      return;
    if (!forward.getBody().hasOneBlock()) {
      forward.emitError("expects @forward to have a body of one block");
      return signalPassFailure();
    }
    if (failed(Differentiator(forward).run()))
      signalPassFailure();
  }
};

} // namespace
} // namespace lighthouse
