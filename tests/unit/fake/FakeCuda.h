// SPDX-License-Identifier: Apache-2.0
//
// A driver library without a GPU: the entry points that we call, which record what they are told and fail on request.
// "PTX" is any text with ".entry name(.param ..., .param ...)"; text with REFUSED is refused. A parameter with "[128]"
// is a tensor map, any other has 8 bytes. The assembler notes that it ignores setmaxnreg.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

struct FakeContext {
  int device;
  int retained = 0;    ///< of a primary context
  bool active = false; ///< of a primary context
};

struct FakeKernel;
struct FakeModule {
  FakeContext *context;
  std::map<std::string, FakeKernel *> kernels;
  std::string image;
};
struct FakeKernel {
  std::string name;
  std::vector<bool> is_map; ///< by parameter
  FakeModule *module;
  std::map<int, int> attributes; ///< by CUfunction_attribute
};

/// What a tensor map was encoded from; strides in bytes.
struct FakeTensorMap {
  int data_type;
  uint64_t address;
  std::vector<uint64_t> sizes, strides;
  std::vector<uint32_t> box;
  int swizzle, promotion, fill;
};

struct FakeLaunch {
  std::string kernel;
  FakeContext *context;
  unsigned grid, block, shared_bytes;
  void *stream;
  std::vector<uint64_t> parameters;
  std::vector<FakeTensorMap> maps;
  bool programmatic = false;
};

/// Words of 32 bits that were set.
struct FakeMemset {
  uint64_t address;
  unsigned value;
  size_t count;
  void *stream;
};

struct FakeEvent {
  double milliseconds = 0; ///< of the clock when it was recorded
};

/// The driver's state. Device memory is the host's, and launches compute nothing but what `on_launch` does. Tests read
/// and set it; LIGHTHOUSE_FAKE_CUDA sets it in other processes: "version=11020 capabilities=90,86 fail=cuInit:100
/// absent=cuLaunchKernel spills=0 crash=64", the last of which is a size of blocks that takes the context down.
struct FakeCuda {
  int version = 13000;
  std::vector<int> capabilities = {90, 90}; ///< of each device
  std::map<std::string, int> failures;      ///< codes by entry point
  std::set<std::string> absent;             ///< entry points that this driver lacks
  bool capturing = false;
  std::map<int, int> attributes = {{0, 1024}, {1, 0}, {3, 0}, {4, 32}}; ///< of kernels to be loaded
  std::string refused_prefix;                                           ///< images with it are refused
  int spill_bytes = 4;                                                  ///< in the log of each kernel
  unsigned crash_block = 0; ///< threads of blocks that fail, and all after them
  /// Does a kernel's work and gives the milliseconds that it takes; every launch takes 0.01 without it.
  std::function<double(const FakeKernel &, const FakeLaunch &)> on_launch;
  int loads_that_meet = 0; ///< loads wait, 10 seconds at most, until so many are under way; then 0

  std::vector<std::string> calls; ///< names, in order
  std::vector<FakeTensorMap> encoded;
  std::vector<FakeMemset> memsets;
  std::vector<FakeLaunch> launches;
  std::vector<std::string> images; ///< that were loaded
  std::vector<FakeContext> primary;
  int loaded = 0;                              ///< modules now
  int graphs = 0;                              ///< executable ones now
  std::map<unsigned long long, size_t> memory; ///< bytes of what is allocated now, by address
  double milliseconds = 0;                     ///< the clock, which launches move
};

extern "C" FakeCuda *fakeCuda();
