// SPDX-License-Identifier: Apache-2.0
//
// The part of NVIDIA's cuda.h that we use, so that building needs no toolkit. tests/unit/runtime_cuda_api_test.cpp
// compares it with cuda.h where there is one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace lighthouse {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct CUctx_st *;
using CUmodule = struct CUmod_st *;
using CUfunction = struct CUfunc_st *;
using CUstream = struct CUstream_st *;
using CUevent = struct CUevent_st *;
using CUgraph = struct CUgraph_st *;
using CUgraphNode = struct CUgraphNode_st *;
using CUgraphExec = struct CUgraphExec_st *;

inline constexpr CUresult kCudaSuccess = 0;
inline constexpr CUresult kCudaNotFound = 500;    ///< CUDA_ERROR_NOT_FOUND
inline constexpr CUresult kCudaNotReady = 600;    ///< CUDA_ERROR_NOT_READY
inline constexpr unsigned kStreamNonBlocking = 1; ///< CU_STREAM_NON_BLOCKING

/// CUdevice_attribute
enum CudaDeviceAttribute : int {
  kMultiprocessorCount = 16,
  kL2CacheBytes = 38,
  kComputeCapabilityMajor = 75,
  kComputeCapabilityMinor = 76,
};

/// CUfunction_attribute
enum CudaFunctionAttribute : int {
  kMaxThreadsPerBlock = 0,
  kSharedBytes = 1, ///< static
  kLocalBytes = 3,  ///< of a thread
  kNumRegisters = 4,
  kMaxDynamicSharedBytes = 8,
};

/// CUjit_option
enum CudaJitOption : int {
  kJitInfoLog = 3,
  kJitInfoLogBytes = 4,
  kJitErrorLog = 5,
  kJitErrorLogBytes = 6,
  kJitLogVerbose = 12,
};

/// A tensor as the TMA unit sees it.
struct alignas(64) CUtensorMap {
  uint64_t opaque[16];
};

/// CUtensorMapDataType
enum CudaTensorMapDataType : int {
  kMapFloat16 = 6,
  kMapFloat32 = 7,
  kMapBFloat16 = 9,
};

/// CUtensorMapInterleave, CUtensorMapSwizzle, CUtensorMapL2promotion, CUtensorMapFloatOOBfill
inline constexpr int kMapInterleaveNone = 0;
enum CudaTensorMapSwizzle : int { kMapSwizzleNone = 0, kMapSwizzle32 = 1, kMapSwizzle64 = 2, kMapSwizzle128 = 3 };
inline constexpr int kMapPromotion128 = 2; ///< L2 reads 128 bytes at a time
inline constexpr int kMapFillZero = 0;     ///< CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE

/// CUlaunchAttributeID
inline constexpr int kLaunchProgrammatic = 6; ///< CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION

struct CUlaunchAttribute {
  int id;
  int padding;
  int64_t value[8]; ///< a union; of kLaunchProgrammatic its first 4 bytes are 1
};

struct CUlaunchConfig {
  unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
  CUstream stream;
  CUlaunchAttribute *attributes;
  unsigned num_attributes;
};

/// CUDA_KERNEL_NODE_PARAMS
struct CUkernelNodeParams {
  CUfunction function;
  unsigned grid_x, grid_y, grid_z, block_x, block_y, block_z, shared_bytes;
  void **parameters;
  void **extra;
  void *kernel; ///< in place of the function
  CUcontext context;
};

struct CUgraphEdgeData {
  unsigned char from_port, to_port, type, reserved[5];
};
inline constexpr unsigned char kEdgeFromProgrammatic = 1; ///< CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC
inline constexpr unsigned char kEdgeProgrammatic = 1;     ///< CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC

/// The entry points, each with the CUDA version whose form of it we call: X(name, version, parameters).
#define FOR_EACH_CUDA_ENTRY_POINT(X)                                                                                   \
  X(cuInit, 2000, (unsigned flags))                                                                                    \
  X(cuDriverGetVersion, 2020, (int *version))                                                                          \
  X(cuGetErrorName, 6000, (CUresult code, const char **name))                                                          \
  X(cuGetErrorString, 6000, (CUresult code, const char **text))                                                        \
  X(cuDeviceGetCount, 2000, (int *count))                                                                              \
  X(cuDeviceGet, 2000, (CUdevice * device, int ordinal))                                                               \
  X(cuDeviceGetName, 2000, (char *name, int bytes, CUdevice device))                                                   \
  X(cuDeviceGetAttribute, 2000, (int *value, int attribute, CUdevice device))                                          \
  X(cuDeviceTotalMem, 3020, (size_t *bytes, CUdevice device))                                                          \
  X(cuDevicePrimaryCtxRetain, 7000, (CUcontext * context, CUdevice device))                                            \
  X(cuDevicePrimaryCtxGetState, 7000, (CUdevice device, unsigned *flags, int *active))                                 \
  X(cuDevicePrimaryCtxRelease, 11000, (CUdevice device))                                                               \
  X(cuCtxGetCurrent, 4000, (CUcontext * context))                                                                      \
  X(cuCtxGetDevice, 2000, (CUdevice * device))                                                                         \
  X(cuCtxPushCurrent, 4000, (CUcontext context))                                                                       \
  X(cuCtxPopCurrent, 4000, (CUcontext * context))                                                                      \
  X(cuModuleLoadDataEx, 2010, (CUmodule * module, const void *image, unsigned options, int *names, void **values))     \
  X(cuModuleUnload, 2000, (CUmodule module))                                                                           \
  X(cuModuleGetFunction, 2000, (CUfunction * function, CUmodule module, const char *name))                             \
  X(cuFuncGetAttribute, 2020, (int *value, int attribute, CUfunction function))                                        \
  X(cuFuncSetAttribute, 9000, (CUfunction function, int attribute, int value))                                         \
  X(cuMemsetD32Async, 3020, (CUdeviceptr address, unsigned value, size_t count, CUstream stream))                      \
  X(cuMemAlloc, 3020, (CUdeviceptr * address, size_t bytes))                                                           \
  X(cuMemFree, 3020, (CUdeviceptr address))                                                                            \
  X(cuMemcpyHtoD, 3020, (CUdeviceptr to, const void *from, size_t bytes))                                              \
  X(cuMemcpyDtoH, 3020, (void *to, CUdeviceptr from, size_t bytes))                                                    \
  X(cuMemsetD8Async, 3020, (CUdeviceptr to, unsigned char value, size_t bytes, CUstream stream))                       \
  X(cuEventCreate, 2000, (CUevent * event, unsigned flags))                                                            \
  X(cuEventDestroy, 4000, (CUevent event))                                                                             \
  X(cuEventRecord, 2000, (CUevent event, CUstream stream))                                                             \
  X(cuEventQuery, 2000, (CUevent event))                                                                               \
  X(cuEventElapsedTime, 2000, (float *milliseconds, CUevent begin, CUevent end))                                       \
  X(cuStreamCreate, 2000, (CUstream * stream, unsigned flags))                                                         \
  X(cuStreamDestroy, 4000, (CUstream stream))                                                                          \
  X(cuStreamSynchronize, 2000, (CUstream stream))                                                                      \
  X(cuStreamIsCapturing, 10000, (CUstream stream, int *status))                                                        \
  X(cuLaunchKernel, 4000,                                                                                              \
    (CUfunction function, unsigned grid_x, unsigned grid_y, unsigned grid_z, unsigned block_x, unsigned block_y,       \
     unsigned block_z, unsigned shared_bytes, CUstream stream, void **parameters, void **extra))

/// Those that older drivers lack.
#define FOR_EACH_OPTIONAL_CUDA_ENTRY_POINT(X)                                                                          \
  X(cuLaunchKernelEx, 11060, (const CUlaunchConfig *config, CUfunction function, void **parameters, void **extra))     \
  X(cuTensorMapEncodeTiled, 12000,                                                                                     \
    (CUtensorMap * map, int data_type, uint32_t rank, void *address, const uint64_t *sizes, const uint64_t *strides,   \
     const uint32_t *box, const uint32_t *element_strides, int interleave, int swizzle, int promotion, int fill))      \
  X(cuGraphCreate, 10000, (CUgraph * graph, unsigned flags))                                                           \
  X(cuGraphDestroy, 10000, (CUgraph graph))                                                                            \
  X(cuGraphAddKernelNode, 12000,                                                                                       \
    (CUgraphNode * node, CUgraph graph, const CUgraphNode *dependencies, size_t count,                                 \
     const CUkernelNodeParams *params))                                                                                \
  X(cuGraphAddDependencies, 12030,                                                                                     \
    (CUgraph graph, const CUgraphNode *from, const CUgraphNode *to, const CUgraphEdgeData *edges, size_t count))       \
  X(cuGraphInstantiateWithFlags, 11040, (CUgraphExec * executable, CUgraph graph, unsigned long long flags))           \
  X(cuGraphExecKernelNodeSetParams, 12000,                                                                             \
    (CUgraphExec executable, CUgraphNode node, const CUkernelNodeParams *params))                                      \
  X(cuGraphLaunch, 10000, (CUgraphExec executable, CUstream stream))                                                   \
  X(cuGraphExecDestroy, 10000, (CUgraphExec executable))

} // namespace lighthouse
