// SPDX-License-Identifier: Apache-2.0
//
// The stage IR of a spec: where the compiler starts.
#pragma once

#include "lighthouse_ops/Spec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

namespace lighthouse {

/// A module with @forward of the spec's op, unoptimised. The spec is valid, the dialects are registered.
mlir::OwningOpRef<mlir::ModuleOp> buildStageIR(const Spec &spec, mlir::MLIRContext &context);

} // namespace lighthouse
