// SPDX-License-Identifier: Apache-2.0
//
// LaunchPlan: its JSON form and what a plan must hold.
#include "runtime/LaunchPlan.h"

#include <gtest/gtest.h>

using namespace lighthouse;
using namespace llvm;

static LaunchPlan smallPlan() {
  LaunchPlan plan;
  plan.name = "forward";
  plan.workspace_bytes = 256;
  plan.buffers = {{"q", BufferRole::Input, "bfloat16", {1, 2, 300, 64}, true, 0},
                  {"indices", BufferRole::Output, "int32", {1, 2, 40}, false, 0},
                  {"norms", BufferRole::Workspace, "float32", {16}, false, 64},
                  {"flags", BufferRole::Workspace, "int32", {32}, false, 128}};
  plan.launches = {{.kernel = "pool_score", .items = 7, .buffers = {0, 2}, .moved_bytes = 76800, .flops = 1e20},
                   {.kernel = "select", .items = 2, .buffers = {2, 1, 3}}};
  return plan;
}

/// The message with which a plan's JSON is refused.
static std::string refusal(const json::Value &value) {
  Expected<LaunchPlan> plan = planFromJSON(value);
  return plan ? "accepted" : toString(plan.takeError());
}

TEST(LaunchPlan, RoundTrip) {
  LaunchPlan plan = smallPlan();
  Expected<LaunchPlan> read = planFromJSON(toJSON(plan));
  ASSERT_TRUE(bool(read)) << toString(read.takeError());
  EXPECT_EQ(toJSON(*read), toJSON(plan));
  EXPECT_EQ(read->name, "forward");
  EXPECT_EQ(read->workspace_bytes, 256);
  ASSERT_EQ(read->buffers.size(), 4u);
  EXPECT_EQ(read->buffers[0].role, BufferRole::Input);
  EXPECT_EQ(read->buffers[0].shape, (std::vector<int64_t>{1, 2, 300, 64}));
  EXPECT_TRUE(read->buffers[0].strided);
  EXPECT_EQ(read->buffers[2].offset, 64);
  ASSERT_EQ(read->launches.size(), 2u);
  EXPECT_EQ(read->launches[0].moved_bytes, 76800);
  EXPECT_EQ(read->launches[0].flops, 1e20);
  EXPECT_EQ(read->launches[1].kernel, "select");
  EXPECT_EQ(read->launches[1].items, 2);
  EXPECT_EQ(read->launches[1].buffers, (std::vector<int64_t>{2, 1, 3}));
}

TEST(LaunchPlan, ElementBytes) {
  EXPECT_EQ(elementBytes("float32"), 4);
  EXPECT_EQ(elementBytes("int32"), 4);
  EXPECT_EQ(elementBytes("bfloat16"), 2);
  EXPECT_EQ(elementBytes("float16"), 2);
  EXPECT_EQ(elementBytes("float64"), 0);
}

TEST(LaunchPlan, EveryFieldIsRequired) {
  for (const char *key : {"name", "buffers", "launches", "workspace_bytes"}) {
    json::Value value = toJSON(smallPlan());
    value.getAsObject()->erase(key);
    EXPECT_NE(refusal(value).find(std::string("plan.") + key), std::string::npos) << refusal(value);
  }
  for (const char *key : {"name", "role", "dtype", "shape", "strided", "offset", "home", "varlen"}) {
    json::Value value = toJSON(smallPlan());
    (*value.getAsObject()->getArray("buffers"))[2].getAsObject()->erase(key);
    EXPECT_NE(refusal(value).find(std::string("plan.buffers[2].") + key), std::string::npos) << refusal(value);
  }
  for (const char *key : {"kernel", "items", "buffers", "threads", "shared_bytes", "maps", "zeroed", "programmatic",
                          "moved_bytes", "flops"}) {
    json::Value value = toJSON(smallPlan());
    (*value.getAsObject()->getArray("launches"))[1].getAsObject()->erase(key);
    EXPECT_NE(refusal(value).find(std::string("plan.launches[1].") + key), std::string::npos) << refusal(value);
  }
}

TEST(LaunchPlan, RefusesWrongTypes) {
  EXPECT_EQ(refusal(json::Array{}), "expected object when parsing plan");
  json::Value value = toJSON(smallPlan());
  (*(*value.getAsObject()->getArray("buffers"))[1].getAsObject())["role"] = "scratch";
  EXPECT_EQ(refusal(value), "expected input, output or workspace at plan.buffers[1].role");
  value = toJSON(smallPlan());
  (*value.getAsObject())["workspace_bytes"] = "256";
  EXPECT_EQ(refusal(value), "expected integer at plan.workspace_bytes");
  value = toJSON(smallPlan());
  (*value.getAsObject())["streams"] = 2;
  EXPECT_EQ(refusal(value), "unknown field when parsing plan");
}

/// smallPlan() for a GPU, where `select` reads q and norms through tensor maps, norms in one as a run of elements,
/// adds to the indices, and may begin early.
static LaunchPlan mappedPlan() {
  LaunchPlan plan = smallPlan();
  plan.buffers[2].shape = {2, 8};
  plan.launches[1].buffers = {0, 1, 2};
  plan.launches[1].threads = 128;
  plan.launches[1].maps = {{0, 128, 64, 128}, {2, 1, 8, 0}, {2, 1, 12, 0, true}};
  plan.launches[1].zeroed = {1};
  plan.launches[1].programmatic = true;
  return plan;
}

TEST(LaunchPlan, FlatMapsHaveRowsOfAnyLength) {
  LaunchPlan plan = mappedPlan();
  plan.launches[1].maps = {{2, 1, 8, 0, true}};
  for (const std::vector<int64_t> &shape : {std::vector<int64_t>{2, 8}, {2, 1, 3}, {3, 5}}) {
    plan.buffers[2].shape = shape;
    EXPECT_EQ(toString(verify(plan)), "");
  }
}

TEST(LaunchPlan, RoundTripForGpu) {
  LaunchPlan plan = mappedPlan();
  Expected<LaunchPlan> read = planFromJSON(toJSON(plan));
  ASSERT_TRUE(bool(read)) << toString(read.takeError());
  EXPECT_EQ(toJSON(*read), toJSON(plan));
  EXPECT_TRUE(read->launches[0].maps.empty());
  EXPECT_FALSE(read->launches[0].programmatic);
  EXPECT_TRUE(read->launches[1].programmatic);
  EXPECT_TRUE(read->launches[0].zeroed.empty());
  EXPECT_EQ(read->launches[1].zeroed, std::vector<int64_t>{1});
  ASSERT_EQ(read->launches[1].maps.size(), 3u);
  const TensorMap &q = read->launches[1].maps[0];
  EXPECT_EQ(q.buffer, 0);
  EXPECT_EQ(q.box_rows, 128);
  EXPECT_EQ(q.box_columns, 64);
  EXPECT_EQ(q.swizzle, 128);
  EXPECT_FALSE(q.flat);
  EXPECT_EQ(read->launches[1].maps[1].buffer, 2);
  EXPECT_TRUE(read->launches[1].maps[2].flat);
  for (const char *key : {"buffer", "box_rows", "box_columns", "swizzle", "flat"}) {
    json::Value value = toJSON(plan);
    json::Object &launch = *(*value.getAsObject()->getArray("launches"))[1].getAsObject();
    (*launch.getArray("maps"))[1].getAsObject()->erase(key);
    EXPECT_EQ(refusal(value), std::string("missing value at plan.launches[1].maps[1].") + key);
  }
}

/// A change that breaks a plan, and the message it must give.
struct BadPlan {
  const char *name;
  void (*change)(LaunchPlan &plan);
  const char *message;
};

class LaunchPlanRefusal : public testing::TestWithParam<BadPlan> {};
class MappedPlanRefusal : public testing::TestWithParam<BadPlan> {};

static void expectRefusal(LaunchPlan plan, const BadPlan &bad) {
  ASSERT_EQ(toString(verify(plan)), "");
  bad.change(plan);
  EXPECT_EQ(toString(verify(plan)), "launch plan 'forward': " + std::string(bad.message));
  EXPECT_EQ(refusal(toJSON(plan)), toString(verify(plan)));
}

TEST_P(LaunchPlanRefusal, NamesTheField) { expectRefusal(smallPlan(), GetParam()); }
TEST_P(MappedPlanRefusal, NamesTheField) { expectRefusal(mappedPlan(), GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    All, LaunchPlanRefusal,
    testing::Values(
        BadPlan{"Workspace", [](LaunchPlan &p) { p.workspace_bytes = -1; },
                "workspace_bytes expects at least 0, but got -1"},
        BadPlan{"BufferName", [](LaunchPlan &p) { p.buffers[1].name = ""; },
                "buffers[1].name expects a name, but got none"},
        BadPlan{"Order",
                [](LaunchPlan &p) {
                  p.buffers[0].role = BufferRole::Output;
                  p.buffers[1].role = BufferRole::Input;
                },
                "buffers[1].role expects inputs, then outputs, then workspace, but got input after output"},
        BadPlan{"DType", [](LaunchPlan &p) { p.buffers[0].dtype = "float64"; },
                "buffers[0].dtype expects float32, bfloat16, float16 or int32, but got 'float64'"},
        BadPlan{"Rank", [](LaunchPlan &p) { p.buffers[0].shape = {1, 1, 1, 1, 1}; },
                "buffers[0].shape expects a rank of at most 4, but got 5"},
        BadPlan{"NegativeSize", [](LaunchPlan &p) { p.buffers[1].shape = {2, -3}; },
                "buffers[1].shape expects sizes of at least 0 whose bytes fit into 63 bits, but got 2 x -3"},
        BadPlan{"HugeSize", [](LaunchPlan &p) { p.buffers[1].shape = {int64_t(1) << 31, int64_t(1) << 31}; },
                "buffers[1].shape expects sizes of at least 0 whose bytes fit into 63 bits, but got 2147483648 x "
                "2147483648"},
        BadPlan{"InputOffset", [](LaunchPlan &p) { p.buffers[0].offset = 8; },
                "buffers[0].offset expects 0, as for every input and output, but got 8"},
        BadPlan{"StridedWorkspace", [](LaunchPlan &p) { p.buffers[2].strided = true; },
                "buffers[2].strided expects false, as for all workspace, but got true"},
        BadPlan{"PastTheEnd", [](LaunchPlan &p) { p.buffers[3].offset = 192; },
                "buffers[3].offset expects its 128 bytes inside the workspace of 256, but got 192"},
        BadPlan{"NegativeOffset", [](LaunchPlan &p) { p.buffers[3].offset = -64; },
                "buffers[3].offset expects its 128 bytes inside the workspace of 256, but got -64"},
        BadPlan{"InputHome", [](LaunchPlan &p) { p.buffers[0].home = 1; },
                "buffers[0].home expects -1, as for every input and output, but got 1"},
        BadPlan{"HomeIsInput", [](LaunchPlan &p) { p.buffers[3].home = 0; },
                "buffers[3].home expects -1 or the index of an output that is not varlen, but got 0"},
        BadPlan{"VarlenInRows", [](LaunchPlan &p) { p.buffers[1].varlen = true; },
                "buffers[1].varlen expects a strided input or output of rank 4, but got 'indices'"},
        BadPlan{"PastTheHome",
                [](LaunchPlan &p) {
                  p.buffers[3].home = 1;
                  p.buffers[3].offset = 1 << 30;
                },
                "buffers[3].offset expects its 128 bytes inside the output of 320, but got 1073741824"},
        BadPlan{"Kernel", [](LaunchPlan &p) { p.launches[0].kernel = ""; },
                "launches[0].kernel expects a symbol, but got none"},
        BadPlan{"Items", [](LaunchPlan &p) { p.launches[1].items = -1; },
                "launches[1].items expects at least 0, but got -1"},
        BadPlan{"Threads", [](LaunchPlan &p) { p.launches[0].threads = 1025; },
                "launches[0].threads expects 0 to 1024, but got 1025"},
        BadPlan{"Blocks",
                [](LaunchPlan &p) {
                  p.launches[1].threads = 32;
                  p.launches[1].items = int64_t(1) << 31;
                },
                "launches[1].items expects at most 2147483647 blocks, but got 2147483648"},
        BadPlan{"SharedOfHost", [](LaunchPlan &p) { p.launches[0].shared_bytes = 16; },
                "launches[0].shared_bytes expects 0, as for every host kernel, but got 16"},
        BadPlan{"Shared",
                [](LaunchPlan &p) {
                  p.launches[0].threads = 32;
                  p.launches[0].shared_bytes = -1;
                },
                "launches[0].shared_bytes expects 0 to 1048576, but got -1"},
        BadPlan{"Index", [](LaunchPlan &p) { p.launches[1].buffers[1] = 4; },
                "launches[1].buffers expects indices from 0 to 3, but got 4"}),
    [](const testing::TestParamInfo<BadPlan> &info) { return std::string(info.param.name); });

INSTANTIATE_TEST_SUITE_P(
    All, MappedPlanRefusal,
    testing::Values(
        BadPlan{"ProgrammaticHost", [](LaunchPlan &p) { p.launches[0].programmatic = true; },
                "launches[0].programmatic expects false, as for every host kernel, but got true"},
        BadPlan{"OnHost",
                [](LaunchPlan &p) {
                  p.launches[1].threads = 0;
                  p.launches[1].programmatic = false;
                  p.launches[1].zeroed.clear();
                },
                "launches[1].maps expects none, as for every host kernel, but got 3"},
        BadPlan{"ZeroedOnHost",
                [](LaunchPlan &p) {
                  p.launches[1].threads = 0;
                  p.launches[1].programmatic = false;
                  p.launches[1].maps.clear();
                },
                "launches[1].zeroed expects outputs or workspace of float32 or int32, not varlen, of kernels of a GPU, "
                "but got "
                "'indices'"},
        BadPlan{"ZeroedInput", [](LaunchPlan &p) { p.launches[1].zeroed = {2, 0}; },
                "launches[1].zeroed expects outputs or workspace of float32 or int32, not varlen, of kernels of a GPU, "
                "but got "
                "'q'"},
        BadPlan{"ZeroedHalves", [](LaunchPlan &p) { p.buffers[2].dtype = "float16", p.launches[1].zeroed = {2}; },
                "launches[1].zeroed expects outputs or workspace of float32 or int32, not varlen, of kernels of a GPU, "
                "but got "
                "'norms'"},
        BadPlan{"ZeroedIndex", [](LaunchPlan &p) { p.launches[1].zeroed = {3}; },
                "launches[1].zeroed expects indices of the launch's 3 buffers, but got 3"},
        BadPlan{"ZeroedNegativeIndex", [](LaunchPlan &p) { p.launches[1].zeroed = {-1}; },
                "launches[1].zeroed expects indices of the launch's 3 buffers, but got -1"},
        BadPlan{"FlatRows", [](LaunchPlan &p) { p.launches[1].maps[2].box_rows = 2; },
                "launches[1].maps[2].box_rows expects 1 to 1, but got 2"},
        BadPlan{"FlatStrided", [](LaunchPlan &p) { p.launches[1].maps[2].buffer = 0; },
                "launches[1].maps[2].buffer expects a row-major buffer, but got 'q', which is strided"},
        BadPlan{"FlatLong",
                [](LaunchPlan &p) {
                  p.launches[1].maps = {p.launches[1].maps[2]};
                  p.buffers[2].shape = {1 << 16, (1 << 15) + 1};
                  p.workspace_bytes = int64_t(1) << 40;
                },
                "launches[1].maps[0].buffer expects a buffer of at most 2147483648 elements, but got 'norms' of "
                "2147549184"},
        BadPlan{"TooMany", [](LaunchPlan &p) { p.launches[1].maps.resize(17, p.launches[1].maps[0]); },
                "launches[1].maps expects at most 16, but got 17"},
        BadPlan{"Index", [](LaunchPlan &p) { p.launches[1].maps[1].buffer = 3; },
                "launches[1].maps[1].buffer expects an index of the launch's 3 buffers, but got 3"},
        BadPlan{"NegativeIndex", [](LaunchPlan &p) { p.launches[1].maps[0].buffer = -1; },
                "launches[1].maps[0].buffer expects an index of the launch's 3 buffers, but got -1"},
        BadPlan{
            "Int32", [](LaunchPlan &p) { p.launches[1].maps[1].buffer = 1; },
            "launches[1].maps[1].buffer expects a buffer of bfloat16, float16 or float32, but got 'indices' of int32"},
        BadPlan{"Rank", [](LaunchPlan &p) { p.buffers[2].shape = {16}; },
                "launches[1].maps[1].buffer expects a buffer of 2 to 4 dimensions, but got 'norms' of 1"},
        BadPlan{"Empty", [](LaunchPlan &p) { p.buffers[2].shape = {0, 8}; },
                "launches[1].maps[1].buffer expects a buffer of sizes from 1 to 4294967296, but got 'norms' of size 0"},
        BadPlan{"ShortRows", [](LaunchPlan &p) { p.buffers[2].shape = {2, 6}; },
                "launches[1].maps[1].buffer expects a buffer with rows of a multiple of 16 bytes, but got 'norms' with "
                "rows of 24"},
        BadPlan{"Offset", [](LaunchPlan &p) { p.buffers[2].offset = 72; },
                "launches[1].maps[1].buffer expects a buffer at a multiple of 16 bytes, but got 'norms' at 72"},
        BadPlan{"NoRows", [](LaunchPlan &p) { p.launches[1].maps[0].box_rows = 0; },
                "launches[1].maps[0].box_rows expects 1 to 256, but got 0"},
        BadPlan{"Rows", [](LaunchPlan &p) { p.launches[1].maps[0].box_rows = 257; },
                "launches[1].maps[0].box_rows expects 1 to 256, but got 257"},
        BadPlan{"Swizzle", [](LaunchPlan &p) { p.launches[1].maps[0].swizzle = 16; },
                "launches[1].maps[0].swizzle expects 0, 32, 64 or 128 bytes, but got 16"},
        BadPlan{
            "NoColumns", [](LaunchPlan &p) { p.launches[1].maps[0].box_columns = 0; },
            "launches[1].maps[0].box_columns expects a multiple of 8 of at most 64 elements of bfloat16, but got 0"},
        BadPlan{
            "WiderThanSwizzle", [](LaunchPlan &p) { p.launches[1].maps[0].box_columns = 72; },
            "launches[1].maps[0].box_columns expects a multiple of 8 of at most 64 elements of bfloat16, but got 72"},
        BadPlan{
            "Columns", [](LaunchPlan &p) { p.launches[1].maps[1].box_columns = 260; },
            "launches[1].maps[1].box_columns expects a multiple of 4 of at most 256 elements of float32, but got 260"},
        BadPlan{
            "OddColumns", [](LaunchPlan &p) { p.launches[1].maps[1].box_columns = 6; },
            "launches[1].maps[1].box_columns expects a multiple of 4 of at most 256 elements of float32, but got 6"}),
    [](const testing::TestParamInfo<BadPlan> &info) { return std::string(info.param.name); });
