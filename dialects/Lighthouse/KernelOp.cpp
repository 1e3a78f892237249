// SPDX-License-Identifier: Apache-2.0
//
// Syntax and rules of lighthouse.kernel.
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/Dialect/UB/IR/UBOps.h"

using namespace mlir;

namespace lighthouse {

void YieldOp::build(OpBuilder &, OperationState &) {}

void KernelOp::getAsmResultNames(OpAsmSetValueNameFn set) {
  if (getBody().empty())
    return;
  // A result has the name that its value has in the region.
  auto yield = dyn_cast<YieldOp>(getBody().front().back());
  if (!yield || yield.getNumOperands() != getNumResults())
    return;
  for (auto [result, value] : llvm::zip_equal(getResults(), yield.getValues())) {
    auto named = value.getDefiningOp<OpAsmOpInterface>();
    if (!named)
      continue;
    named.getAsmResultNames([&, value = value, result = result](Value each, StringRef name) {
      if (each == value)
        set(result, name);
    });
  }
}

void KernelOp::print(OpAsmPrinter &p) {
  p << ' ';
  p.printAttribute(getSymNameAttr());
  p << " reads(";
  Block &block = getBody().front();
  llvm::interleaveComma(llvm::zip_equal(block.getArguments(), getInputs()), p, [&](auto pair) {
    p.printRegionArgument(std::get<0>(pair), {}, /*omitType=*/true);
    p << " = " << std::get<1>(pair);
  });
  p << ")";
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {getSymNameAttrName()});
  p << " : ";
  p.printFunctionalType(getOperation());
  p << ' ';
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

ParseResult KernelOp::parse(OpAsmParser &parser, OperationState &result) {
  StringAttr name;
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  FunctionType type;
  if (parser.parseAttribute(name, getSymNameAttrName(result.name), result.attributes) || parser.parseKeyword("reads"))
    return failure();
  SMLoc loc = parser.getCurrentLocation();
  auto parseBinding = [&]() -> ParseResult {
    return failure(parser.parseArgument(arguments.emplace_back()) || parser.parseEqual() ||
                   parser.parseOperand(operands.emplace_back()));
  };
  if (parser.parseCommaSeparatedList(OpAsmParser::Delimiter::Paren, parseBinding) ||
      parser.parseOptionalAttrDictWithKeyword(result.attributes) || parser.parseColonType(type))
    return failure();
  if (type.getNumInputs() != operands.size())
    return parser.emitError(loc, "expects a type for each of the ")
           << operands.size() << " tensors read, but got " << type.getNumInputs();
  for (auto [argument, input] : llvm::zip_equal(arguments, type.getInputs()))
    argument.type = input;
  result.addTypes(type.getResults());
  if (parser.resolveOperands(operands, type.getInputs(), loc, result.operands) ||
      parser.parseRegion(*result.addRegion(), arguments))
    return failure();
  ensureTerminator(*result.regions.front(), parser.getBuilder(), result.location);
  return success();
}

LogicalResult KernelOp::verify() {
  Block &block = getBody().front();
  if (block.getArgumentTypes() != getInputs().getTypes())
    return emitOpError("expects the region's arguments to have the types of what is read, (")
           << getInputs().getTypes() << "), but got (" << block.getArgumentTypes() << ")";
  auto yield = cast<YieldOp>(block.back());
  if (yield.getValues().getTypes() != getResultTypes())
    return emitOpError("expects the region to yield values of the result types, (")
           << getResultTypes() << "), but got (" << yield.getValues().getTypes() << ")";
  for (Operation &op : block.without_terminator())
    if (!isa<Fusible, CoarseOp, StackOp, ub::PoisonOp>(op))
      return op.emitOpError("expects to stand outside of a kernel, whose region holds stages only");
  return success();
}

} // namespace lighthouse
