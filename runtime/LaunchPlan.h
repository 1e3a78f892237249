// SPDX-License-Identifier: Apache-2.0
//
// LaunchPlan: what a compiled function launches, on which buffers. Plain data, the same for every target.
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"

#include <cstdint>
#include <string>
#include <vector>

namespace lighthouse {

/// Dimensions of a buffer at most.
inline constexpr size_t kMaxRank = 4;
/// The dimension of rows in a buffer of rank 4.
inline constexpr size_t kRowDim = 2;
/// Tensor maps of a launch at most.
inline constexpr size_t kMaxTensorMaps = 16;

/// Where a buffer's memory comes from.
enum class BufferRole : uint8_t { Input, Output, Workspace };

struct Buffer {
  std::string name;
  BufferRole role = BufferRole::Workspace;
  std::string dtype;          ///< "float32", "bfloat16", "float16", "int32"
  std::vector<int64_t> shape; ///< static
  bool strided = false;       ///< the caller gives the strides; otherwise row-major
  int64_t offset = 0;         ///< bytes from the start of its home; Workspace only
  /// Workspace only: the output whose memory it has before that is written, or -1 for the workspace. A launcher makes
  /// sure that a strided output is dense, so that its memory is its own.
  int64_t home = -1;
  /// Strided inputs and outputs of rank 4: dimension kRowDim has as many rows as the call says, and `shape` the most.
  bool varlen = false;
};

/// A CUtensorMap over a buffer of 2 to 4 dimensions, for the loads and stores of the kernel's TMA unit. Its dimensions
/// are the buffer's, the last one first; a box of it has `box_rows` of the second to last dimension and `box_columns`
/// of the last. What lies outside the buffer reads as zero and is not written.
struct TensorMap {
  int64_t buffer = 0;      ///< index into Launch::buffers; its dtype is bfloat16, float16 or float32
  int64_t box_rows = 0;    ///< 1 to 256
  int64_t box_columns = 0; ///< 1 to 256 elements; in bytes a multiple of 16 and at most `swizzle`, if that is not 0
  int64_t swizzle = 0;     ///< bytes of shared memory in which chunks of 16 change places: 0 (they don't), 32, 64, 128
  bool flat = false;       ///< of a row-major buffer as one run of elements; then box_rows is 1
};

struct Launch {
  std::string kernel;               ///< symbol in the machine code
  int64_t items = 1;                ///< independent work items, 0 .. items-1; on a GPU the blocks of the grid
  std::vector<int64_t> buffers;     ///< indices into LaunchPlan::buffers, in the kernel's argument order
  int64_t threads = 0;              ///< of a block; 0 for host kernels
  int64_t shared_bytes = 0;         ///< dynamic shared memory of a block
  std::vector<TensorMap> maps = {}; ///< the kernel's parameters behind those of its buffers; none for host kernels
  /// Indices into `buffers`: outputs or workspace that are set to zero before the launch, on its stream. A launcher
  /// makes sure that a strided output is dense.
  std::vector<int64_t> zeroed = {};
  /// The kernel may begin while the launch before it in the plan ends. Each of its blocks then has to execute
  /// griddepcontrol.wait before it reads or writes memory that another kernel writes or reads, and before it exits.
  /// That waits until the launch before has ended and its writes can be seen, also where that one let this one begin
  /// early (griddepcontrol.launch_dependents); since that one waited in the same way, so have all launches before it.
  /// In front of a plan's first launch is a kernel of the caller's that need not have waited: the launcher lets no
  /// first one overlap it, none for which it sets memory to zero, and none on a driver older than CUDA 12.3.
  bool programmatic = false;
  int64_t moved_bytes = 0; ///< between memory and the kernel at least: each tensor it reads or writes once
  double flops = 0;        ///< additions and multiplications of its stages
};

/// Buffers: inputs first, then outputs, then workspace.
struct LaunchPlan {
  std::string name; ///< "forward" or "backward"
  std::vector<Buffer> buffers;
  std::vector<Launch> launches;
  int64_t workspace_bytes = 0;
};

/// The caller's memory for an input or output of a plan. Strides are in elements and read only for strided buffers.
struct TensorArg {
  void *data = nullptr;
  int64_t strides[kMaxRank] = {};
};

/// "kernel 'forward_attend', 7 blocks of 128 threads and 1024 bytes of shared memory", for what a GPU refuses.
std::string describe(const Launch &launch);

/// Some of a plan's launches, all by default. They are inside the plan.
struct LaunchRange {
  size_t begin = 0;
  size_t end = SIZE_MAX;

  llvm::ArrayRef<Launch> of(const LaunchPlan &plan) const {
    return llvm::ArrayRef(plan.launches).take_front(end).drop_front(begin);
  }
};

/// The plan of that name, or nullptr.
const LaunchPlan *findPlan(llvm::ArrayRef<LaunchPlan> plans, llvm::StringRef name);

/// Where each buffer of the plan lies, in their order: at its argument, or in the workspace or the output that is its
/// home. `args` has one entry for each input, then each output.
void placeBuffers(const LaunchPlan &plan, llvm::ArrayRef<TensorArg> args, void *workspace,
                  llvm::SmallVectorImpl<char *> &places);

/// Elements of a buffer of a verified plan.
int64_t elementCount(const Buffer &buffer);

/// Bytes of one element of `dtype`; 0 for a name that is none of the four.
int64_t elementBytes(llvm::StringRef dtype);

/// Succeeds when a launcher can trust the plan: order of roles, known dtypes, rank, workspace buffers inside the
/// workspace, indices in range.
llvm::Error verify(const LaunchPlan &plan);

llvm::json::Value toJSON(const LaunchPlan &plan);
/// Fails with a message naming the field that is missing, of the wrong type or out of range. The plan has been
/// verified.
llvm::Expected<LaunchPlan> planFromJSON(const llvm::json::Value &value);

} // namespace lighthouse
