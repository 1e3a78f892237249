// SPDX-License-Identifier: Apache-2.0
//
// What the assembly of the stages shows: names of results, and the syntax of ops whose operands share few types.
#include "dialects/Lighthouse/Lighthouse.h"

using namespace mlir;

namespace lighthouse {

//===-- Names ------------------------------------------------------------===//

namespace {
void nameResults(Operation *op, ArrayRef<StringRef> names, OpAsmSetValueNameFn set) {
  for (auto [result, name] : llvm::zip_equal(op->getResults(), names))
    set(result, name);
}
} // namespace

void PoolOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"pq", "pk", "pv"}, set); }
void ScoreOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"sq", "sk"}, set); }
void GlaSquaresOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"oq", "ok"}, set); }
void PartNormsOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"tq", "tk"}, set); }
void ScoreByOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"sq", "sk"}, set); }
void SelectOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"indices"}, set); }
void GatherOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"qs", "ks", "vs"}, set); }
void AttendOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"os", "lse"}, set); }
void DilateOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"qd", "kd", "vd"}, set); }
void TokenNormOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"norms"}, set); }
void MaxPoolOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"sq", "sk"}, set); }
void ScatterOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"out"}, set); }
void ScatterBackwardOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"dos"}, set); }
void AttendBackwardOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"dqs", "dks", "dvs"}, set); }
void RowDotOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"delta"}, set); }
void AttendBackwardJoinedOp::getAsmResultNames(OpAsmSetValueNameFn set) {
  nameResults(*this, {"dqs", "dks", "dvs"}, set);
}
void AttendBackwardKeysOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"dks", "dvs"}, set); }
void AttendBackwardQueriesOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"dqs"}, set); }
void SumPartsOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"dqs"}, set); }
void RoundOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"rounded"}, set); }
void GatherBackwardOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"dpq", "dpk", "dpv"}, set); }
void PoolBackwardOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"dq", "dk", "dv"}, set); }
void InvertOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"slots"}, set); }
void CoarseOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"coarse"}, set); }
void StackOp::getAsmResultNames(OpAsmSetValueNameFn set) { nameResults(*this, {"pyramid"}, set); }

//===-- Syntax -----------------------------------------------------------===//
// The operands of these two share few types; each is printed once.

namespace {

/// Type inference reads attributes before the verifier sees them: this one is there and an integer. Absent, it becomes
/// `otherwise`.
ParseResult expectInteger(OpAsmParser &parser, SMLoc loc, OperationState &result, StringAttr name,
                          std::optional<int64_t> otherwise = {}) {
  Attribute given = result.attributes.get(name);
  if (!given && otherwise)
    result.addAttribute(name, parser.getBuilder().getI64IntegerAttr(*otherwise));
  else if (!isa_and_nonnull<IntegerAttr>(given))
    return given ? parser.emitError(loc, "expects ") << name << " to be an integer, but got " << given
                 : parser.emitError(loc, "expects the attribute ") << name << ", but got none";
  return success();
}

/// Ends a custom parser: result types from what was parsed.
template <typename Op> ParseResult parseInferredTypes(OpAsmParser &parser, OperationState &result) {
  SmallVector<Type> types;
  DictionaryAttr attributes = result.attributes.getDictionary(parser.getContext());
  auto emit = [&] { return mlir::emitError(result.location); };
  // Inference reads properties; what was parsed are attributes.
  if (failed(Op::setPropertiesFromAttr(result.getOrAddProperties<typename Op::Properties>(), attributes, emit)) ||
      failed(Op::inferReturnTypes(parser.getContext(), result.location, result.operands, attributes,
                                  result.getRawProperties(), result.regions, types)))
    return failure();
  result.addTypes(types);
  return success();
}

} // namespace

void AttendBackwardOp::print(OpAsmPrinter &p) {
  p << ' ' << getOperands();
  SmallVector<StringRef> elided;
  if (getParts() == 1)
    elided.push_back(getPartsAttrName());
  p.printOptionalAttrDict((*this)->getAttrs(), elided);
  p << " : " << getQs().getType() << ", " << getKs().getType() << ", " << getVs().getType();
}

ParseResult AttendBackwardOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  SmallVector<Type> types;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperandList(operands, 6) || parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonTypeList(types))
    return failure();
  auto q = types.size() == 3 ? dyn_cast<RankedTensorType>(types[0]) : RankedTensorType();
  if (!q || q.getRank() != 4)
    return parser.emitError(loc, "expects the types of qs, ks and vs, tensors of rank 4, but got ") << types;
  if (expectInteger(parser, loc, result, getPartsAttrName(result.name), /*otherwise=*/1))
    return failure();
  Type lse = RankedTensorType::get(q.getShape().drop_back(), parser.getBuilder().getF32Type());
  if (parser.resolveOperands(operands, {types[0], types[1], types[2], q, lse, q}, loc, result.operands))
    return failure();
  return parseInferredTypes<AttendBackwardOp>(parser, result);
}

void GatherBackwardOp::print(OpAsmPrinter &p) {
  p << ' ' << getDqs() << ", " << getDks() << ", " << getDvs() << '[' << (getInverse() ? "inverse " : "")
    << getIndices() << ']';
  p.printOptionalAttrDict((*this)->getAttrs(), {getInverseAttrName()});
  p << " : " << getDqs().getType() << ", " << getIndices().getType();
}

ParseResult GatherBackwardOp::parse(OpAsmParser &parser, OperationState &result) {
  SmallVector<OpAsmParser::UnresolvedOperand> operands;
  OpAsmParser::UnresolvedOperand indices;
  Type type, indexType;
  SMLoc loc = parser.getCurrentLocation();
  if (parser.parseOperandList(operands, 3) || parser.parseLSquare())
    return failure();
  if (succeeded(parser.parseOptionalKeyword("inverse")))
    result.addAttribute(getInverseAttrName(result.name), parser.getBuilder().getUnitAttr());
  if (parser.parseOperand(indices) || parser.parseRSquare() || parser.parseOptionalAttrDict(result.attributes) ||
      parser.parseColonType(type) || parser.parseComma() || parser.parseType(indexType) ||
      expectInteger(parser, loc, result, getNumKvHeadsAttrName(result.name)))
    return failure();
  operands.push_back(indices);
  if (parser.resolveOperands(operands, {type, type, type, indexType}, loc, result.operands))
    return failure();
  return parseInferredTypes<GatherBackwardOp>(parser, result);
}

} // namespace lighthouse
