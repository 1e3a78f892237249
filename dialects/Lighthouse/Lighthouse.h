// SPDX-License-Identifier: Apache-2.0
//
// The stage dialect `lighthouse`: see docs/reference/LighthouseDialect.md.
#pragma once

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialects/Lighthouse/LighthouseDialect.h.inc"
#include "dialects/Lighthouse/LighthouseEnums.h.inc"
#define GET_ATTRDEF_CLASSES
#include "dialects/Lighthouse/LighthouseAttributes.h.inc"
#include "dialects/Lighthouse/LighthouseInterfaces.h.inc"
#define GET_OP_CLASSES
#include "dialects/Lighthouse/LighthouseOps.h.inc"

namespace lighthouse {

/// Levels a pyramid may have.
inline constexpr int64_t kMaxLevels = 8;
/// Largest pooling factor.
inline constexpr int64_t kMaxPoolingFactor = 64;
/// Entries a pyramid may have: selections number them in i32.
inline constexpr int64_t kMaxEntries = (int64_t(1) << 31) - 1;
/// Largest head size; head sizes are multiples of kHeadDimStep.
inline constexpr int64_t kMaxHeadDim = 256;
inline constexpr int64_t kHeadDimStep = 8;
/// Entries kept of a tile at each level: half by query score, half by key score.
inline constexpr int64_t kKeptPerTile = 128;

/// The pyramid encoding of a tensor type, null when it has none.
inline PyramidAttr pyramidOf(mlir::Type type) {
  return llvm::dyn_cast_or_null<PyramidAttr>(llvm::cast<mlir::RankedTensorType>(type).getEncoding());
}
inline PyramidAttr pyramidOf(mlir::Value value) { return pyramidOf(value.getType()); }

/// First key of run `part` when the keys of `rows` causal rows are cut into `parts` runs of about equal work: a
/// multiple of kPartAlignment, 0 for the first, `rows` past the last. A run of keys from b on has the work (rows - b)^2
/// less that of the runs behind it.
int64_t partBegin(int64_t rows, int64_t parts, int64_t part);
inline constexpr int64_t kPartAlignment = 96;
/// The share of the rows before run `part`.
double partShare(int64_t parts, int64_t part);
/// Runs that `rows` keys are cut into, `most` or fewer: one of fewer than kLeastPart keys is not worth a gradient of
/// its own.
int64_t partCount(int64_t rows, int64_t most);
inline constexpr int64_t kLeastPart = 1024;

} // namespace lighthouse
