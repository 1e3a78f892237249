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
  bool strided = false;
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
  Value addArgument(Type type, StringRef name, bool strided) {
    SmallVector<NamedAttribute> attrs{builder.getNamedAttr(kNameAttr, builder.getStringAttr(name))};
    if (strided)
      attrs.push_back(builder.getNamedAttr(kStridedAttr, builder.getUnitAttr()));
    unsigned index = backward.getNumArguments();
    (void)backward.insertArgument(index, type, builder.getDictionaryAttr(attrs), forward.getLoc());
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
      gradients[value] = addArgument(value.getType(), ("d" + nameOf(attrs)).str(), /*strided=*/true);
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
      SmallVector<NamedAttribute> named{builder.getNamedAttr(
          kNameAttr, builder.getStringAttr("d" + nameOf(forward.getArgAttrDict(argument.getArgNumber()))))};
      if (forward.getArgAttr(argument.getArgNumber(), kStridedAttr))
        named.push_back(builder.getNamedAttr(kStridedAttr, builder.getUnitAttr()));
      values.push_back(gradient);
      attrs.push_back(builder.getDictionaryAttr(named));
    }
    if (values.empty())
      return forward.emitError("expects an argument that a gradient reaches, but got none");
    func::ReturnOp::create(builder, forward.getLoc(), values);
    backward.setType(builder.getFunctionType(backward.getArgumentTypes(), ValueRange(values).getTypes()));
    backward.setAllResultAttrs(attrs);
    return success();
  }

  /// How callers know `value` already: as an argument or a result of @forward.
  std::optional<NamedValue> known(Value value) {
    if (auto argument = dyn_cast<BlockArgument>(value)) {
      unsigned i = argument.getArgNumber();
      return NamedValue{nameOf(forward.getArgAttrDict(i)).str(), bool(forward.getArgAttr(i, kStridedAttr))};
    }
    for (auto [i, result] : llvm::enumerate(results.getOperands()))
      if (result == value)
        return NamedValue{nameOf(forward.getResultAttrDict(i)).str(), bool(forward.getResultAttr(i, kStridedAttr))};
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
      Value argument = addArgument(value.getType(), named->name, named->strided);
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
