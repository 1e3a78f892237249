// SPDX-License-Identifier: Apache-2.0
//
// CudaTarget: the table of architectures. Sizes are from "Compute Capabilities" in NVIDIA's CUDA C++ Programming Guide,
// PTX versions from "Release Notes" in its PTX ISA, driver branches from its CUDA Toolkit Release Notes.
#include "runtime/CudaTarget.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace lighthouse {

static CudaTarget describe(StringRef arch, int capability, int ptx_version, int cuda_version, int driver,
                           int64_t shared_kib, int64_t threads, int64_t blocks) {
  CudaTarget target;
  target.arch = arch.str();
  target.capability = capability;
  target.ptx_version = ptx_version;
  target.cuda_version = cuda_version;
  target.driver = driver;
  target.shared_bytes_per_sm = shared_kib * 1024;
  target.shared_bytes_per_block = target.shared_bytes_per_sm - CudaTarget::kReservedSharedBytes;
  target.threads_per_sm = threads;
  target.warps_per_sm = threads / 32;
  target.blocks_per_sm = blocks;
  return target;
}

/// By capability.
static ArrayRef<CudaTarget> targets() {
  static const CudaTarget table[] = {
      describe("sm_80", 80, 70, 11000, 450, 164, 2048, 32),    describe("sm_86", 86, 71, 11010, 455, 100, 1536, 16),
      describe("sm_89", 89, 78, 11080, 520, 100, 1536, 24),    describe("sm_90a", 90, 80, 12000, 525, 228, 2048, 32),
      describe("sm_100a", 100, 86, 12070, 565, 228, 2048, 32), describe("sm_103a", 103, 88, 12090, 575, 228, 2048, 32),
      describe("sm_120a", 120, 87, 12080, 570, 100, 1536, 24),
  };
  return table;
}

/// Whether its code runs on no other architecture.
static bool isArchSpecific(const CudaTarget &target) { return StringRef(target.arch).ends_with("a"); }

std::string CudaTarget::key() const {
  return formatv("{0};ptx {1}.{2}{3}", arch, ptx_version / 10, ptx_version % 10, deterministic ? ";deterministic" : "")
      .str();
}

std::string CudaTarget::misfit(const BlockNeeds &needs) const {
  auto refusal = [](int64_t most, StringRef what, int64_t given) {
    return formatv("expects at most {0} {1}, but got {2}", most, what, given).str();
  };
  if (needs.threads > threads_per_block)
    return refusal(threads_per_block, "threads a block", needs.threads);
  if (needs.shared_bytes > shared_bytes_per_block)
    return refusal(shared_bytes_per_block, "bytes of shared memory a block", needs.shared_bytes);
  if (needs.registers > registers_per_thread)
    return refusal(registers_per_thread, "registers a thread", needs.registers);
  if (needs.registers * needs.threads > registers_per_sm)
    return refusal(registers_per_sm, "registers a block", needs.registers * needs.threads);
  return "";
}

bool CudaTarget::binaryRunsOn(int major, int minor) const {
  int given = 10 * major + minor;
  return isArchSpecific(*this) ? given == capability : major == capability / 10 && given >= capability;
}

bool CudaTarget::codeRunsOn(int major, int minor) const {
  int given = 10 * major + minor;
  return isArchSpecific(*this) ? given == capability : given >= capability;
}

Expected<CudaTarget> CudaTarget::fromArch(StringRef arch) {
  const CudaTarget *found = find_if(targets(), [&](const CudaTarget &target) { return target.arch == arch; });
  if (found != targets().end())
    return *found;
  std::string known = join(map_range(targets(), [](const CudaTarget &target) { return target.arch; }), ", ");
  return createStringError(std::errc::invalid_argument, "arch: expects one of %s, but got '%s'", known.c_str(),
                           arch.str().c_str());
}

Expected<CudaTarget> CudaTarget::fromCapability(int major, int minor) {
  int given = 10 * major + minor;
  const CudaTarget *best = nullptr;
  for (const CudaTarget &target : targets())
    if (target.codeRunsOn(major, minor))
      best = &target;
  if (best)
    return *best;
  return createStringError("expects a GPU of compute capability 8.0 (Ampere) or later, but got %d.%d", major, minor);
}

} // namespace lighthouse
