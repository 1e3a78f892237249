// SPDX-License-Identifier: Apache-2.0
//
// Op: a spec compiled for a target, ready to run. The public C++ API.
#pragma once

#include "lighthouse_ops/Device.h"
#include "lighthouse_ops/Schedules.h"
#include "lighthouse_ops/Spec.h"

#include <array>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace lighthouse {

/// Thrown when compiling or loading fails for a reason that is not the caller's argument.
class LIGHTHOUSE_API CompileError : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

enum class Direction : uint8_t { Forward, Backward };

/// One argument of a compiled function.
struct LIGHTHOUSE_API Argument {
  std::string name;           ///< "q", "out", "indices", "lse", "qs", "dout", "dq", ...
  std::string dtype;          ///< "float32", "bfloat16", "float16" or "int32"
  std::vector<int64_t> shape; ///< static
  bool is_output = false;
  /// The caller gives the strides, the last dimension being contiguous: any for an input, for an output those of any
  /// order of axes without gaps. Otherwise row-major.
  bool strided = false;
  /// Dimension 2 has as many rows as RunOptions::length says; `shape` has the most. An output may have gaps.
  bool varlen = false;

  bool operator==(const Argument &) const = default;
};

/// What a compiled function takes: inputs first, then outputs, in the order `Op::run` wants them.
struct LIGHTHOUSE_API Signature {
  std::vector<Argument> arguments;
  int64_t workspace_bytes = 0; ///< scratch memory the caller gives, 64-byte aligned

  bool operator==(const Signature &) const = default;
};

/// One launch of a compiled function, and what it costs by the definition of its stages.
struct LIGHTHOUSE_API LaunchInfo {
  std::string kernel;      ///< "forward_pool_score", "forward_attend", ...
  int64_t items = 1;       ///< independent work items; on a GPU the blocks of the grid
  int64_t threads = 0;     ///< of a block; 0 on the CPU
  int64_t moved_bytes = 0; ///< each tensor that it reads or writes once; of what a gather takes rows from, those rows
  double flops = 0;        ///< additions and multiplications; causal products without what the mask leaves out
};

/// A caller's tensor: data pointer and strides in elements. Strides are read for strided arguments only; rank is at
/// most 4.
struct LIGHTHOUSE_API TensorRef {
  void *data = nullptr;
  std::array<int64_t, 4> strides{};
};

/// How to run; each device reads its own.
struct LIGHTHOUSE_API RunOptions {
  int num_threads = 0;    ///< of the CPU; 0 takes LIGHTHOUSE_NUM_THREADS or every core. Results do not depend on it
  void *stream = nullptr; ///< a CUstream of the GPU; null is the default stream
  /// Only some of the function's launches, first_launch up to end_launch; all by default (-1: the last). For timing:
  /// the launches before have run on the same memory, since they made what these read.
  int64_t first_launch = 0, end_launch = -1;
  /// Tokens of a varlen spec, from Spec::leastLength() up to seq_len; 0 for seq_len. Varlen arguments have so many
  /// rows.
  int64_t length = 0;
};

/// How to compile, where there is a choice.
struct LIGHTHOUSE_API CompileOptions {
  /// Whether every run must give the same bits. Otherwise dq of attention may vary by rounding from run to run, where
  /// that is faster: on sm_90a with elements of 16 bits and heads of up to 128; with one level and shared key heads dk
  /// and dv too. Everything else has the same bits anyway.
  bool deterministic = false;
};

/// What the functions of a spec's op take.
struct LIGHTHOUSE_API Signatures {
  Signature forward, backward;
};

/// Those that the op of the same arguments has, without compiling it: in about a millisecond. Throws as `Op::get` does,
/// but for what only compiling finds out.
LIGHTHOUSE_API Signatures signatures(const Spec &spec, Device device = Device::cpu(),
                                     const CompileOptions &options = {});

/// How the last `Op::get` of a spec found its code.
enum class Origin : uint8_t { Memory, Disk, Compiled };

/// A spec compiled for a device. Immutable and safe to run from many threads at once.
class LIGHTHOUSE_API Op {
public:
  /// Validates the spec and returns its op: from this process, from the disk cache, or compiled now. Concurrent callers
  /// of one spec compile once. On a GPU the code is loaded into the context that is current on this thread, if it is
  /// of that GPU, else into its primary context. Deterministic or not, forward gives the same bits, and backward takes
  /// the same inputs (its outputs may have other dtypes), so forward of one op and backward of the other go together.
  /// Throws InvalidArgument, CompileError or DeviceError.
  static std::shared_ptr<const Op> get(const Spec &spec, Device device = Device::cpu(),
                                       const CompileOptions &options = {});

  virtual ~Op();
  virtual const Spec &spec() const = 0;
  virtual const Signature &signature(Direction direction) const = 0;
  /// The function's launches, in order.
  virtual const std::vector<LaunchInfo> &launches(Direction direction) const = 0;
  virtual Device device() const = 0;
  /// Where the code came from when this op was made (Disk or Compiled).
  virtual Origin origin() const = 0;
  /// Runs one function on the device's memory. `tensors` follow the signature's order; `workspace` has at least its
  /// bytes. An output's memory is scratch until the output is written: it has no gaps, starts at a multiple of 4 bytes,
  /// and overlaps neither inputs nor other outputs. Throws InvalidArgument before anything runs: on a wrong count, a
  /// null pointer, a misaligned address, an output with gaps or one that overlaps another.
  /// On a GPU every row of a strided tensor of 4 dimensions, and every other tensor that is not strided, starts at a
  /// multiple of 16 bytes. The kernels are put on the stream and not waited for: nothing is allocated and nothing
  /// synchronised, so a graph may capture them. Throws DeviceError.
  virtual void run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
                   const RunOptions &options = {}) const = 0;
};

/// Stages of compilation whose text `emit` gives. The host CPU has Loops and Assembly, GPUs Tile, NVVM, PTX and SASS,
/// both the others.
enum class EmitStage : uint8_t { Stages, Fused, Loops, LLVM, Assembly, Tile, NVVM, PTX, SASS };

/// The text of a spec's code at a stage, compiled afresh (no cache). `kernel` limits the stages after Fused to one
/// kernel when not empty. `arch` is a GPU architecture ("sm_90a"; no such GPU is needed), or empty for the host CPU.
/// SASS needs ptxas, and nvdisasm or cuobjdump. `schedules` are parameters of a GPU's kernels in place of the defaults,
/// from Fused on.
LIGHTHOUSE_API std::string emit(const Spec &spec, EmitStage stage, const std::string &kernel = "",
                                const std::string &arch = "", const Schedules &schedules = {},
                                const CompileOptions &options = {});

/// What each launch of a spec costs on a GPU architecture ("sm_90a"; no such GPU is needed), in order. `items` and
/// `threads` are 0: no kernel is compiled for it. Throws InvalidArgument or CompileError.
struct LIGHTHOUSE_API LaunchCosts {
  std::vector<LaunchInfo> forward, backward;
};
LIGHTHOUSE_API LaunchCosts launchCosts(const Spec &spec, const std::string &arch);

/// Drops every op held by this process (the disk cache stays). Ops in use live on until released.
LIGHTHOUSE_API void clearMemoryCache();

/// Version of the library, for example "0.1.0".
LIGHTHOUSE_API const char *version();

} // namespace lighthouse

/// Entry points of the two tools; their mains call nothing else.
extern "C" LIGHTHOUSE_API int lighthouse_main(int argc, char **argv);
extern "C" LIGHTHOUSE_API int lighthouse_opt_main(int argc, char **argv);
