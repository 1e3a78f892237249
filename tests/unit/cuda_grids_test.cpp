// SPDX-License-Identifier: Apache-2.0
//
// setGrids: what the lowering writes on a kernel comes into its launch.
#include "compiler/Cuda/Grids.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

using namespace lighthouse;

namespace {

/// The launch of a kernel with these attributes beside its grid.
class SetGrids : public testing::Test {
protected:
  std::string set(const std::string &attributes) {
    mlir::MLIRContext context;
    context.loadDialect<mlir::LLVM::LLVMDialect>();
    context.allowUnregisteredDialects();
    auto module = mlir::parseSourceString<mlir::ModuleOp>(
        "llvm.func @attend() attributes {lighthouse.items = 7 : i64, lighthouse.threads = 128 : i64, "
        "lighthouse.shared_bytes = 1024 : i64" +
            attributes + "}",
        &context);
    if (!module)
      return "does not parse";
    std::vector<LaunchPlan> plans(1);
    plans[0].launches = {launch};
    std::string message = llvm::toString(setGrids(plans, *module));
    launch = plans[0].launches[0];
    return message;
  }

  Launch launch = {"attend", 0, {}};
};

} // namespace

TEST_F(SetGrids, Grid) {
  EXPECT_EQ(set(""), "");
  EXPECT_EQ(launch.items, 7);
  EXPECT_EQ(launch.threads, 128);
  EXPECT_EQ(launch.shared_bytes, 1024);
  EXPECT_TRUE(launch.maps.empty());
  EXPECT_FALSE(launch.programmatic);
}

TEST_F(SetGrids, TensorMaps) {
  EXPECT_EQ(set(", lighthouse.tensor_maps = [{view = 2, rows = 128, columns = 64, swizzle = 128}, "
                "{view = 0, rows = 80, columns = 16, swizzle = 0}]"),
            "");
  ASSERT_EQ(launch.maps.size(), 2u);
  EXPECT_EQ(launch.maps[0].buffer, 2);
  EXPECT_EQ(launch.maps[0].box_rows, 128);
  EXPECT_EQ(launch.maps[0].box_columns, 64);
  EXPECT_EQ(launch.maps[0].swizzle, 128);
  EXPECT_EQ(launch.maps[1].box_rows, 80);
  EXPECT_FALSE(launch.maps[1].flat);
}

TEST_F(SetGrids, FlatTensorMaps) {
  EXPECT_EQ(set(", lighthouse.tensor_maps = [{view = 3, rows = 1, columns = 68, swizzle = 0, flat}]"), "");
  ASSERT_EQ(launch.maps.size(), 1u);
  EXPECT_EQ(launch.maps[0].box_columns, 68);
  EXPECT_TRUE(launch.maps[0].flat);
}

TEST_F(SetGrids, Zeroed) {
  EXPECT_EQ(set(""), "");
  EXPECT_TRUE(launch.zeroed.empty());
  EXPECT_EQ(set(", lighthouse.zeroed = array<i64: 6, 2>"), "");
  EXPECT_EQ(launch.zeroed, (std::vector<int64_t>{6, 2}));
}

TEST_F(SetGrids, RefusesMapsWithoutAField) {
  EXPECT_EQ(set(", lighthouse.tensor_maps = [{view = 2, rows = 128, columns = 64}]"),
            "lighthouse.tensor_maps of kernel attend expects dictionaries of i64 with view, rows, columns and swizzle, "
            "but got one without swizzle");
  EXPECT_EQ(set(", lighthouse.tensor_maps = [3]"),
            "lighthouse.tensor_maps of kernel attend expects dictionaries of i64 with view, rows, columns and swizzle, "
            "but got one without view");
}

TEST_F(SetGrids, Programmatic) {
  EXPECT_EQ(set(", lighthouse.programmatic"), "");
  EXPECT_TRUE(launch.programmatic);
}

TEST_F(SetGrids, NoKernel) {
  launch.kernel = "gather";
  EXPECT_EQ(set(""), "the lowering made no kernel gather");
}
