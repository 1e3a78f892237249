// SPDX-License-Identifier: Apache-2.0
//
// lighthouse-opt: the usual MLIR driver, with our dialect and passes.
#include "compiler/Passes.h"
#include "compiler/Pipelines.h"
#include "lighthouse_ops/Op.h"

#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int lighthouse_opt_main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  lighthouse::registerDialects(registry);
  lighthouse::registerPipelines();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "Lighthouse's optimizer driver\n", registry));
}
