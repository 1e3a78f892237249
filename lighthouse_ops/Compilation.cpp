// SPDX-License-Identifier: Apache-2.0
//
// Compilation: see Compilation.h. Errors become exceptions here.
#include "lighthouse_ops/Compilation.h"

#include "compiler/Pipelines.h"
#include "lighthouse_ops/Op.h"
#include "lighthouse_ops/StageIR.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

static mlir::DialectRegistry dialects() {
  mlir::DialectRegistry registry;
  registerDialects(registry);
  return registry;
}

Compilation::Compilation(const Spec &spec)
    : context(dialects(), mlir::MLIRContext::Threading::DISABLED),
      handler(&context, [this](mlir::Diagnostic &diagnostic) { return record(diagnostic); }), spec(spec),
      module(buildStageIR(spec, context)) {}

void Compilation::fail(Error error) const {
  std::string reason;
  std::error_code code;
  handleAllErrors(std::move(error), [&](const ErrorInfoBase &each) {
    reason = each.message();
    code = each.convertToErrorCode();
  });
  if (code == std::errc::invalid_argument)
    throw InvalidArgument(reason);
  throw CompileError(fmt::format("compiling [{}] failed: {}{}", spec.str(), reason, diagnostics));
}

LogicalResult Compilation::record(mlir::Diagnostic &diagnostic) {
  if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
    return failure(); // to the default handler
  diagnostics += "\n  " + diagnostic.str();
  for (mlir::Diagnostic &note : diagnostic.getNotes())
    diagnostics += "\n    " + note.str();
  return success();
}

} // namespace lighthouse
