// SPDX-License-Identifier: Apache-2.0
//
// Compilation: one spec on its way through the compiler; not installed.
#pragma once

#include "lighthouse_ops/Spec.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/Support/Error.h"

namespace lighthouse {

/// The stage IR of a spec in a context of its own, so that compilations share nothing, and what the passes say.
class Compilation {
public:
  explicit Compilation(const Spec &spec);

  mlir::ModuleOp stages() { return *module; }

  /// The value; else throws with the spec, the reason and every diagnostic. An error with the code invalid_argument is
  /// the caller's.
  template <typename T> T take(llvm::Expected<T> result) {
    if (result)
      return std::move(*result);
    fail(result.takeError());
  }

private:
  [[noreturn]] void fail(llvm::Error error) const;
  llvm::LogicalResult record(mlir::Diagnostic &diagnostic);

  mlir::MLIRContext context;
  std::string diagnostics;
  mlir::ScopedDiagnosticHandler handler;
  Spec spec;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

} // namespace lighthouse
