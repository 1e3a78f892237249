// SPDX-License-Identifier: Apache-2.0
//
// CudaApi.h against NVIDIA's cuda.h, where the toolkit is: numbers, and the sizes of every entry point's parameters.
#ifdef LIGHTHOUSE_CUDA_H
#include LIGHTHOUSE_CUDA_H

#include "runtime/CudaApi.h"

#include <array>
#include <cstddef>
#include <gtest/gtest.h>

template <typename Result, typename... Parameters>
static constexpr std::array<size_t, sizeof...(Parameters)> sizesOf(Result (*)(Parameters...)) {
  return {sizeof(Parameters)...};
}

namespace lighthouse {

// cuda.h itself renames cuDeviceTotalMem to cuDeviceTotalMem_v2 and so on; here that gives the form we ask for.
// NOLINTBEGIN(bugprone-macro-parentheses): a parameter list
#define SAME_SIZES(name, version, parameters)                                                                          \
  static_assert(sizesOf(static_cast<CUresult(*) parameters>(nullptr)) == sizesOf(&::name), #name);
// NOLINTEND(bugprone-macro-parentheses)
FOR_EACH_CUDA_ENTRY_POINT(SAME_SIZES)
FOR_EACH_OPTIONAL_CUDA_ENTRY_POINT(SAME_SIZES)

static_assert(sizeof(CUresult) == sizeof(::CUresult) && sizeof(CUdevice) == sizeof(::CUdevice));
// The function asks for 64 bytes; cuda.h of CUDA 13 gives them 128.
static_assert(sizeof(CUtensorMap) == sizeof(::CUtensorMap) && alignof(::CUtensorMap) % alignof(CUtensorMap) == 0);
static_assert(sizeof(CUlaunchAttribute) == sizeof(::CUlaunchAttribute) &&
              offsetof(CUlaunchAttribute, value) == offsetof(::CUlaunchAttribute, value));
static_assert(sizeof(CUlaunchConfig) == sizeof(::CUlaunchConfig) &&
              offsetof(CUlaunchConfig, shared_bytes) == offsetof(::CUlaunchConfig, sharedMemBytes) &&
              offsetof(CUlaunchConfig, stream) == offsetof(::CUlaunchConfig, hStream) &&
              offsetof(CUlaunchConfig, attributes) == offsetof(::CUlaunchConfig, attrs) &&
              offsetof(CUlaunchConfig, num_attributes) == offsetof(::CUlaunchConfig, numAttrs));
static_assert(sizeof(CUkernelNodeParams) == sizeof(CUDA_KERNEL_NODE_PARAMS) &&
              offsetof(CUkernelNodeParams, shared_bytes) == offsetof(CUDA_KERNEL_NODE_PARAMS, sharedMemBytes) &&
              offsetof(CUkernelNodeParams, parameters) == offsetof(CUDA_KERNEL_NODE_PARAMS, kernelParams) &&
              offsetof(CUkernelNodeParams, context) == offsetof(CUDA_KERNEL_NODE_PARAMS, ctx));
static_assert(sizeof(CUgraphEdgeData) == sizeof(::CUgraphEdgeData) &&
              offsetof(CUgraphEdgeData, type) == offsetof(::CUgraphEdgeData, type));
static_assert(kCudaSuccess == CUDA_SUCCESS && kCudaNotFound == CUDA_ERROR_NOT_FOUND &&
              kCudaNotReady == CUDA_ERROR_NOT_READY && kStreamNonBlocking == CU_STREAM_NON_BLOCKING);

TEST(CudaApi, NumbersAreThoseOfTheToolkit) {
  EXPECT_EQ(kMultiprocessorCount, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
  EXPECT_EQ(kL2CacheBytes, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
  EXPECT_EQ(kComputeCapabilityMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
  EXPECT_EQ(kComputeCapabilityMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
  EXPECT_EQ(kMaxThreadsPerBlock, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK);
  EXPECT_EQ(kSharedBytes, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
  EXPECT_EQ(kLocalBytes, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
  EXPECT_EQ(kNumRegisters, CU_FUNC_ATTRIBUTE_NUM_REGS);
  EXPECT_EQ(kMaxDynamicSharedBytes, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
  EXPECT_EQ(kJitInfoLog, CU_JIT_INFO_LOG_BUFFER);
  EXPECT_EQ(kJitInfoLogBytes, CU_JIT_INFO_LOG_BUFFER_SIZE_BYTES);
  EXPECT_EQ(kJitErrorLog, CU_JIT_ERROR_LOG_BUFFER);
  EXPECT_EQ(kJitErrorLogBytes, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
  EXPECT_EQ(kJitLogVerbose, CU_JIT_LOG_VERBOSE);
  EXPECT_EQ(kLaunchProgrammatic, CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
  EXPECT_EQ(kEdgeFromProgrammatic, CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC);
  EXPECT_EQ(kEdgeProgrammatic, CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC);
  EXPECT_EQ(kMapFloat16, CU_TENSOR_MAP_DATA_TYPE_FLOAT16);
  EXPECT_EQ(kMapFloat32, CU_TENSOR_MAP_DATA_TYPE_FLOAT32);
  EXPECT_EQ(kMapBFloat16, CU_TENSOR_MAP_DATA_TYPE_BFLOAT16);
  EXPECT_EQ(kMapInterleaveNone, CU_TENSOR_MAP_INTERLEAVE_NONE);
  EXPECT_EQ(kMapSwizzleNone, CU_TENSOR_MAP_SWIZZLE_NONE);
  EXPECT_EQ(kMapSwizzle32, CU_TENSOR_MAP_SWIZZLE_32B);
  EXPECT_EQ(kMapSwizzle64, CU_TENSOR_MAP_SWIZZLE_64B);
  EXPECT_EQ(kMapSwizzle128, CU_TENSOR_MAP_SWIZZLE_128B);
  EXPECT_EQ(kMapPromotion128, CU_TENSOR_MAP_L2_PROMOTION_L2_128B);
  EXPECT_EQ(kMapFillZero, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
}

} // namespace lighthouse
#endif
