// SPDX-License-Identifier: Apache-2.0
//
// LaunchPlan: its JSON form. Reading is strict, since a plan decides which memory the kernels touch.
#include "runtime/LaunchPlan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

#include <cassert>

using namespace llvm;

namespace lighthouse {

static constexpr StringLiteral kRoleNames[] = {"input", "output", "workspace"};
/// What every GPU allows at most: threads of a block, blocks of a 1-D grid, and bytes that fit the driver's integers.
static constexpr int64_t kMaxThreads = 1024;
static constexpr int64_t kMaxBlocks = (int64_t(1) << 31) - 1;
static constexpr int64_t kMaxSharedBytes = int64_t(1) << 20;
/// What a CUtensorMap allows: sizes of the tensor and of a box at most, and what addresses and steps are multiples of.
static constexpr int64_t kMaxMappedSize = int64_t(1) << 32;
static constexpr int64_t kMaxFlatSize = int64_t(1) << 31; // coordinates are 32-bit integers
static constexpr int64_t kMaxBox = 256;
static constexpr int64_t kMapAlignment = 16; ///< bytes

int64_t elementCount(const Buffer &buffer) { return product_of(buffer.shape); }

int64_t elementBytes(StringRef dtype) {
  return StringSwitch<int64_t>(dtype).Cases({"float32", "int32"}, 4).Cases({"bfloat16", "float16"}, 2).Default(0);
}

std::string describe(const Launch &launch) {
  return formatv("kernel '{0}', {1} blocks of {2} threads and {3} bytes of shared memory", launch.kernel, launch.items,
                 launch.threads, launch.shared_bytes)
      .str();
}

const LaunchPlan *findPlan(ArrayRef<LaunchPlan> plans, StringRef name) {
  const LaunchPlan *found = find_if(plans, [&](const LaunchPlan &plan) { return plan.name == name; });
  return found == plans.end() ? nullptr : found;
}

void placeBuffers(const LaunchPlan &plan, ArrayRef<TensorArg> args, void *workspace, SmallVectorImpl<char *> &places) {
  for (const auto &[index, buffer] : enumerate(plan.buffers)) {
    // Inputs and outputs come first in the plan, so they have the numbers of the arguments.
    bool isArgument = buffer.role != BufferRole::Workspace;
    assert((!isArgument || index < args.size()) && "one argument for each input and output");
    void *home = isArgument ? args[index].data : buffer.home == -1 ? workspace : args[buffer.home].data;
    places.push_back(static_cast<char *>(home) + buffer.offset);
  }
}

static json::Value toJSON(const Buffer &buffer) {
  return json::Object{{"name", buffer.name},       {"role", kRoleNames[static_cast<size_t>(buffer.role)]},
                      {"dtype", buffer.dtype},     {"shape", json::Array(buffer.shape)},
                      {"strided", buffer.strided}, {"varlen", buffer.varlen},
                      {"offset", buffer.offset},   {"home", buffer.home}};
}

static json::Value toJSON(const TensorMap &map) {
  return json::Object{{"buffer", map.buffer},
                      {"box_rows", map.box_rows},
                      {"box_columns", map.box_columns},
                      {"swizzle", map.swizzle},
                      {"flat", map.flat}};
}

static json::Value toJSON(const Launch &launch) {
  json::Array maps;
  for (const TensorMap &map : launch.maps)
    maps.push_back(toJSON(map));
  return json::Object{{"kernel", launch.kernel},
                      {"items", launch.items},
                      {"buffers", json::Array(launch.buffers)},
                      {"threads", launch.threads},
                      {"shared_bytes", launch.shared_bytes},
                      {"maps", std::move(maps)},
                      {"zeroed", json::Array(launch.zeroed)},
                      {"programmatic", launch.programmatic},
                      {"moved_bytes", launch.moved_bytes},
                      {"flops", launch.flops}};
}

json::Value toJSON(const LaunchPlan &plan) {
  json::Array buffers, launches;
  for (const Buffer &buffer : plan.buffers)
    buffers.push_back(toJSON(buffer));
  for (const Launch &launch : plan.launches)
    launches.push_back(toJSON(launch));
  return json::Object{{"name", plan.name},
                      {"buffers", std::move(buffers)},
                      {"launches", std::move(launches)},
                      {"workspace_bytes", plan.workspace_bytes}};
}

/// Every field is required, so an object with more of them has one that we do not know.
static bool hasOnly(const json::Value &value, size_t num_fields, json::Path path) {
  const json::Object *object = value.getAsObject();
  if (!object || object->size() <= num_fields)
    return true;
  path.report("unknown field");
  return false;
}

static bool fromJSON(const json::Value &value, BufferRole &out, json::Path path) {
  const auto *found = llvm::find(kRoleNames, value.getAsString().value_or(""));
  if (found == std::end(kRoleNames)) {
    path.report("expected input, output or workspace");
    return false;
  }
  out = static_cast<BufferRole>(found - std::begin(kRoleNames));
  return true;
}

static bool fromJSON(const json::Value &value, Buffer &out, json::Path path) {
  json::ObjectMapper mapper(value, path);
  return mapper && mapper.map("name", out.name) && mapper.map("role", out.role) && mapper.map("dtype", out.dtype) &&
         mapper.map("shape", out.shape) && mapper.map("strided", out.strided) && mapper.map("varlen", out.varlen) &&
         mapper.map("offset", out.offset) && mapper.map("home", out.home) && hasOnly(value, 8, path);
}

static bool fromJSON(const json::Value &value, TensorMap &out, json::Path path) {
  json::ObjectMapper mapper(value, path);
  return mapper && mapper.map("buffer", out.buffer) && mapper.map("box_rows", out.box_rows) &&
         mapper.map("box_columns", out.box_columns) && mapper.map("swizzle", out.swizzle) &&
         mapper.map("flat", out.flat) && hasOnly(value, 5, path);
}

static bool fromJSON(const json::Value &value, Launch &out, json::Path path) {
  json::ObjectMapper mapper(value, path);
  return mapper && mapper.map("kernel", out.kernel) && mapper.map("items", out.items) &&
         mapper.map("buffers", out.buffers) && mapper.map("threads", out.threads) &&
         mapper.map("shared_bytes", out.shared_bytes) && mapper.map("maps", out.maps) &&
         mapper.map("zeroed", out.zeroed) && mapper.map("programmatic", out.programmatic) &&
         mapper.map("moved_bytes", out.moved_bytes) && mapper.map("flops", out.flops) && hasOnly(value, 10, path);
}

Expected<LaunchPlan> planFromJSON(const json::Value &value) {
  LaunchPlan plan;
  json::Path::Root root("plan");
  json::Path path(root);
  json::ObjectMapper mapper(value, path);
  bool read = mapper && mapper.map("name", plan.name) && mapper.map("buffers", plan.buffers) &&
              mapper.map("launches", plan.launches) && mapper.map("workspace_bytes", plan.workspace_bytes) &&
              hasOnly(value, 4, path);
  if (!read)
    return root.getError();
  if (Error error = verify(plan))
    return std::move(error);
  return plan;
}

/// "launch plan 'forward': buffers[2].offset expects a multiple of 64, but got 3".
template <typename T>
static Error refuse(const LaunchPlan &plan, const Twine &field, const Twine &expected, const T &got) {
  return createStringError("launch plan '" + Twine(plan.name) + "': " + field + " expects " + expected + ", but got " +
                           Twine(got));
}

/// Bytes of a row-major buffer; nothing where a size is negative or they do not fit into 63 bits.
static std::optional<int64_t> byteSize(const Buffer &buffer) {
  int64_t bytes = elementBytes(buffer.dtype);
  for (int64_t size : buffer.shape)
    if (size < 0 || MulOverflow(bytes, size, bytes))
      return std::nullopt;
  return bytes;
}

/// A workspace buffer lies inside its home: the workspace, or an output.
static Error verifyPlace(const LaunchPlan &plan, const Buffer &buffer, int64_t bytes, const std::string &field) {
  if (buffer.strided)
    return refuse(plan, field + ".strided", "false, as for all workspace", "true");
  int64_t room = plan.workspace_bytes;
  if (buffer.home != -1) {
    bool isOutput = buffer.home >= 0 && buffer.home < static_cast<int64_t>(plan.buffers.size()) &&
                    plan.buffers[buffer.home].role == BufferRole::Output && !plan.buffers[buffer.home].varlen;
    if (!isOutput)
      return refuse(plan, field + ".home", "-1 or the index of an output that is not varlen", buffer.home);
    room = byteSize(plan.buffers[buffer.home]).value_or(0);
  }
  if (buffer.offset < 0 || buffer.offset > room || bytes > room - buffer.offset)
    return refuse(plan, field + ".offset",
                  "its " + Twine(bytes) + " bytes inside the " + (buffer.home == -1 ? "workspace" : "output") + " of " +
                      Twine(room),
                  buffer.offset);
  return Error::success();
}

static Error verifyBuffer(const LaunchPlan &plan, size_t index) {
  const Buffer &buffer = plan.buffers[index];
  std::string field = ("buffers[" + Twine(index) + "]").str();
  if (buffer.name.empty())
    return refuse(plan, field + ".name", "a name", "none");
  if (index > 0 && buffer.role < plan.buffers[index - 1].role)
    return refuse(plan, field + ".role", "inputs, then outputs, then workspace",
                  kRoleNames[static_cast<size_t>(buffer.role)] + " after " +
                      kRoleNames[static_cast<size_t>(plan.buffers[index - 1].role)]);
  if (elementBytes(buffer.dtype) == 0)
    return refuse(plan, field + ".dtype", "float32, bfloat16, float16 or int32", "'" + buffer.dtype + "'");
  if (buffer.shape.size() > kMaxRank)
    return refuse(plan, field + ".shape", "a rank of at most " + Twine(kMaxRank), buffer.shape.size());
  std::optional<int64_t> bytes = byteSize(buffer);
  if (!bytes)
    return refuse(plan, field + ".shape", "sizes of at least 0 whose bytes fit into 63 bits",
                  formatv("{0:$[ x ]}", make_range(buffer.shape.begin(), buffer.shape.end())).str());
  if (buffer.varlen && (!buffer.strided || buffer.shape.size() != 4 || buffer.role == BufferRole::Workspace))
    return refuse(plan, field + ".varlen", "a strided input or output of rank 4", "'" + buffer.name + "'");
  if (buffer.role == BufferRole::Workspace)
    return verifyPlace(plan, buffer, *bytes, field);
  if (buffer.offset != 0)
    return refuse(plan, field + ".offset", "0, as for every input and output", buffer.offset);
  if (buffer.home != -1)
    return refuse(plan, field + ".home", "-1, as for every input and output", buffer.home);
  return Error::success();
}

/// What a tensor map asks of its buffer.
static Error verifyMapped(const LaunchPlan &plan, const Buffer &buffer, bool flat, const std::string &field) {
  if (buffer.dtype == "int32")
    return refuse(plan, field + ".buffer", "a buffer of bfloat16, float16 or float32",
                  "'" + buffer.name + "' of " + buffer.dtype);
  if (buffer.shape.size() < 2)
    return refuse(plan, field + ".buffer", "a buffer of 2 to " + Twine(kMaxRank) + " dimensions",
                  "'" + buffer.name + "' of " + Twine(buffer.shape.size()));
  for (int64_t size : buffer.shape)
    if (size < 1 || size > kMaxMappedSize)
      return refuse(plan, field + ".buffer", "a buffer of sizes from 1 to " + Twine(kMaxMappedSize),
                    "'" + buffer.name + "' of size " + Twine(size));
  if (flat && buffer.strided)
    return refuse(plan, field + ".buffer", "a row-major buffer", "'" + buffer.name + "', which is strided");
  // Its size has been looked at.
  int64_t count = byteSize(buffer).value_or(0) / elementBytes(buffer.dtype);
  if (flat && count > kMaxFlatSize)
    return refuse(plan, field + ".buffer", "a buffer of at most " + Twine(kMaxFlatSize) + " elements",
                  "'" + buffer.name + "' of " + Twine(count));
  // All rows of a row-major buffer are as long as the first; the caller's strides are looked at in each call.
  int64_t row = buffer.shape.back() * elementBytes(buffer.dtype);
  if (!flat && !buffer.strided && row % kMapAlignment != 0)
    return refuse(plan, field + ".buffer", "a buffer with rows of a multiple of " + Twine(kMapAlignment) + " bytes",
                  "'" + buffer.name + "' with rows of " + Twine(row));
  if (buffer.offset % kMapAlignment != 0)
    return refuse(plan, field + ".buffer", "a buffer at a multiple of " + Twine(kMapAlignment) + " bytes",
                  "'" + buffer.name + "' at " + Twine(buffer.offset));
  return Error::success();
}

static Error verifyMap(const LaunchPlan &plan, const Launch &launch, const TensorMap &map, const std::string &field) {
  auto arguments = static_cast<int64_t>(launch.buffers.size());
  if (map.buffer < 0 || map.buffer >= arguments)
    return refuse(plan, field + ".buffer", "an index of the launch's " + Twine(arguments) + " buffers", map.buffer);
  const Buffer &buffer = plan.buffers[launch.buffers[map.buffer]];
  if (Error error = verifyMapped(plan, buffer, map.flat, field))
    return error;
  int64_t most_rows = map.flat ? 1 : kMaxBox;
  if (map.box_rows < 1 || map.box_rows > most_rows)
    return refuse(plan, field + ".box_rows", "1 to " + Twine(most_rows), map.box_rows);
  if (map.swizzle != 0 && map.swizzle != 32 && map.swizzle != 64 && map.swizzle != 128)
    return refuse(plan, field + ".swizzle", "0, 32, 64 or 128 bytes", map.swizzle);
  int64_t step = kMapAlignment / elementBytes(buffer.dtype);
  int64_t most = map.swizzle ? map.swizzle / elementBytes(buffer.dtype) : kMaxBox;
  if (map.box_columns < 1 || map.box_columns > most || map.box_columns % step != 0)
    return refuse(plan, field + ".box_columns",
                  "a multiple of " + Twine(step) + " of at most " + Twine(most) + " elements of " + buffer.dtype,
                  map.box_columns);
  return Error::success();
}

static Error verifyZeroed(const LaunchPlan &plan, const Launch &launch, const std::string &field) {
  auto arguments = static_cast<int64_t>(launch.buffers.size());
  for (int64_t index : launch.zeroed) {
    if (index < 0 || index >= arguments)
      return refuse(plan, field + ".zeroed", "indices of the launch's " + Twine(arguments) + " buffers", index);
    const Buffer &buffer = plan.buffers[launch.buffers[index]];
    if (launch.threads == 0 || buffer.role == BufferRole::Input || buffer.varlen || elementBytes(buffer.dtype) != 4)
      return refuse(plan, field + ".zeroed",
                    "outputs or workspace of float32 or int32, not varlen, of kernels of a GPU",
                    "'" + buffer.name + "'");
  }
  return Error::success();
}

static Error verifyMaps(const LaunchPlan &plan, const Launch &launch, const std::string &field) {
  if (launch.maps.size() > (launch.threads > 0 ? kMaxTensorMaps : 0))
    return refuse(plan, field + ".maps",
                  launch.threads > 0 ? "at most " + Twine(kMaxTensorMaps) : Twine("none, as for every host kernel"),
                  launch.maps.size());
  for (const auto &[index, map] : enumerate(launch.maps))
    if (Error error = verifyMap(plan, launch, map, (field + ".maps[" + Twine(index) + "]").str()))
      return error;
  return Error::success();
}

static Error verifyLaunch(const LaunchPlan &plan, size_t index) {
  const Launch &launch = plan.launches[index];
  std::string field = ("launches[" + Twine(index) + "]").str();
  if (launch.kernel.empty())
    return refuse(plan, field + ".kernel", "a symbol", "none");
  if (launch.items < 0)
    return refuse(plan, field + ".items", "at least 0", launch.items);
  if (launch.threads < 0 || launch.threads > kMaxThreads)
    return refuse(plan, field + ".threads", "0 to " + Twine(kMaxThreads), launch.threads);
  if (launch.threads > 0 && launch.items > kMaxBlocks)
    return refuse(plan, field + ".items", "at most " + Twine(kMaxBlocks) + " blocks", launch.items);
  if (launch.shared_bytes < 0 || launch.shared_bytes > (launch.threads > 0 ? kMaxSharedBytes : 0))
    return refuse(plan, field + ".shared_bytes",
                  launch.threads > 0 ? "0 to " + Twine(kMaxSharedBytes) : Twine("0, as for every host kernel"),
                  launch.shared_bytes);
  for (int64_t buffer : launch.buffers)
    if (buffer < 0 || buffer >= static_cast<int64_t>(plan.buffers.size()))
      return refuse(plan, field + ".buffers", "indices from 0 to " + Twine(int64_t(plan.buffers.size()) - 1), buffer);
  if (Error error = verifyZeroed(plan, launch, field))
    return error;
  if (launch.programmatic && launch.threads == 0)
    return refuse(plan, field + ".programmatic", "false, as for every host kernel", "true");
  return verifyMaps(plan, launch, field);
}

Error verify(const LaunchPlan &plan) {
  if (plan.name.empty())
    return refuse(plan, "name", "a name", "none");
  if (plan.workspace_bytes < 0)
    return refuse(plan, "workspace_bytes", "at least 0", plan.workspace_bytes);
  for (size_t index = 0; index < plan.buffers.size(); ++index)
    if (Error error = verifyBuffer(plan, index))
      return error;
  for (size_t index = 0; index < plan.launches.size(); ++index)
    if (Error error = verifyLaunch(plan, index))
      return error;
  return Error::success();
}

} // namespace lighthouse
