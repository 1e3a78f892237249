// SPDX-License-Identifier: Apache-2.0
//
// Registers the dialect's attributes and ops, and the alias #pyramid.
#include "dialects/Lighthouse/Lighthouse.h"

#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include "dialects/Lighthouse/LighthouseDialect.cpp.inc"
#include "dialects/Lighthouse/LighthouseEnums.cpp.inc"
#include "dialects/Lighthouse/LighthouseInterfaces.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Lighthouse/LighthouseAttributes.cpp.inc"

using namespace mlir;

namespace {
struct PyramidAlias : OpAsmDialectInterface {
  using OpAsmDialectInterface::OpAsmDialectInterface;
  AliasResult getAlias(Attribute attr, raw_ostream &os) const override {
    if (!isa<lighthouse::PyramidAttr>(attr))
      return AliasResult::NoAlias;
    os << "pyramid";
    return AliasResult::FinalAlias;
  }
};
} // namespace

void lighthouse::LighthouseDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Lighthouse/LighthouseAttributes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/Lighthouse/LighthouseOps.cpp.inc"
      >();
  addInterfaces<PyramidAlias>();
}
