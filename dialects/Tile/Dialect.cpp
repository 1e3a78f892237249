// SPDX-License-Identifier: Apache-2.0
//
// Registers the dialect's layouts, types and ops, and short aliases for layouts.
#include "dialects/Tile/Tile.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/Tile/TileDialect.cpp.inc"
#include "dialects/Tile/TileEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Tile/TileAttributes.cpp.inc"
#define GET_TYPEDEF_CLASSES
#include "dialects/Tile/TileTypes.cpp.inc"

using namespace mlir;

namespace {
struct LayoutAlias : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;
  AliasResult getAlias(Attribute attr, raw_ostream &os) const override {
    if (auto slice = dyn_cast<lighthouse::tile::SliceAttr>(attr)) {
      os << (slice.getDim() == 1 ? "a_row" : "a_column");
      return AliasResult::FinalAlias;
    }
    if (isa<lighthouse::tile::RowsAttr>(attr))
      os << "rows";
    else if (isa<lighthouse::tile::MmaAttr>(attr))
      os << "mma";
    else if (isa<lighthouse::tile::LinearAttr>(attr))
      os << "linear";
    else
      return AliasResult::NoAlias;
    return AliasResult::FinalAlias;
  }
};
} // namespace

void lighthouse::tile::TileDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Tile/TileAttributes.cpp.inc"
      >();
  addTypes<
#define GET_TYPEDEF_LIST
#include "dialects/Tile/TileTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Tile/TileOps.cpp.inc"
      >();
  addInterfaces<LayoutAlias>();
}
