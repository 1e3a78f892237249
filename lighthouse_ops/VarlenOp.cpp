// SPDX-License-Identifier: Apache-2.0
//
// VarlenOp: see VarlenOp.h.
#include "lighthouse_ops/VarlenOp.h"

#include "lighthouse_ops/Gpu.h"
#include "lighthouse_ops/SpecRules.h"
#include "runtime/LaunchPlan.h"
#include "runtime/ThreadPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <array>
#include <bit>
#include <exception>
#include <fmt/format.h>
#include <map>
#include <optional>

using namespace llvm;

namespace lighthouse {

/// Of each piece of kept memory: a cache line, and the widest vector.
static constexpr int64_t kKeptAlignment = 64;
/// The most tokens of the shortest documents: fewer are not worth code of their own.
static constexpr int64_t kLeastCapacity = 128;

//===----------------------------------------------------------------------===//
// Specs of documents
//===----------------------------------------------------------------------===//

/// Refuses settings that no document could have.
static void checkSettings(const Spec &given) {
  if (given.batch != 1)
    throw InvalidArgument(fmt::format("batch: expects 1 for packed documents, but got {}", given.batch));
  Spec spec = given;
  spec.varlen = true;
  bool has_windows = spec.num_levels > 1 && spec.num_levels <= kMaxLevels && spec.pooling_factor >= 2 &&
                     spec.pooling_factor <= kMaxPoolingFactor;
  if (spec.seq_len > 0 && has_windows) { // A length that the pyramid is content with leaves the other rules.
    auto enough = SaturatingMultiply<uint64_t>(std::max<int64_t>(spec.topk, 1), coarsestWindow(spec, spec.num_levels));
    spec.seq_len = std::max(spec.seq_len, static_cast<int64_t>(std::min<uint64_t>(enough, maxIntN(64))));
  }
  spec.validate();
}

static void checkBounds(std::span<const int64_t> cu_seqlens, int64_t tokens) {
  if (cu_seqlens.size() < 2)
    throw InvalidArgument(fmt::format("cu_seqlens: expects an entry for each document and one more, at least 2, but "
                                      "got {}; [0, {}] is one document",
                                      cu_seqlens.size(), tokens));
  if (cu_seqlens.front() != 0)
    throw InvalidArgument(fmt::format("cu_seqlens: expects 0 as its first entry, where the first document begins, but "
                                      "got {}",
                                      cu_seqlens.front()));
  for (size_t i = 1; i < cu_seqlens.size(); ++i)
    if (cu_seqlens[i] < cu_seqlens[i - 1])
      throw InvalidArgument(fmt::format("cu_seqlens: expects entries that do not decrease, but got {} behind {}, as "
                                        "entry {}; give where documents begin, not how long they are",
                                        cu_seqlens[i], cu_seqlens[i - 1], i));
  if (cu_seqlens.back() != tokens)
    throw InvalidArgument(fmt::format("cu_seqlens: expects the number of tokens, {}, as its last entry, but got {}",
                                      tokens, cu_seqlens.back()));
}

/// What a document of that length runs with.
static Spec specOf(Spec spec, int64_t length) {
  spec.seq_len = length;
  spec.varlen = true;
  if (isShort(spec))
    spec.num_levels = 1;
  if (spec.num_levels > 1) {
    spec.seq_len = spec.paddedLength();
    return spec;
  }
  auto most = std::bit_ceil(static_cast<uint64_t>(std::max(length, kLeastCapacity)));
  spec.seq_len = std::min<int64_t>(static_cast<int64_t>(most), kMaxEntries);
  return spec;
}

//===----------------------------------------------------------------------===//
// Making
//===----------------------------------------------------------------------===//

/// The ops of specs, by what tells these apart: levels, and tokens at most.
using Ops = std::map<std::pair<int64_t, int64_t>, std::shared_ptr<const Op>>;

/// Gets ops, compiled beside one another where they have to be.
static void getOps(Ops &ops, const Spec &spec, Device device, const CompileOptions &options) {
  std::optional<Gpu> gpu;
  if (device.kind == DeviceKind::Cuda)
    gpu.emplace(Gpu::open(device.ordinal));
  SmallVector<Ops::value_type *> entries(make_pointer_range(ops));
  std::vector<std::exception_ptr> errors(entries.size());
  parallelFor(static_cast<int64_t>(entries.size()), defaultThreadCount(), [&](int64_t i) {
    std::optional<CurrentCudaContext> current; // that of the caller's thread
    if (gpu)
      current.emplace(*gpu->context);
    Spec each = spec;
    each.varlen = true;
    std::tie(each.num_levels, each.seq_len) = entries[i]->first;
    try {
      entries[i]->second = Op::get(each, device, options);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr &error : errors)
    if (error)
      std::rethrow_exception(error);
}

std::shared_ptr<const VarlenOp> VarlenOp::get(const Spec &spec, std::span<const int64_t> cu_seqlens, Device device,
                                              const CompileOptions &options) {
  checkSettings(spec);
  checkBounds(cu_seqlens, spec.seq_len);
  Ops ops;
  std::vector<std::pair<Document, Ops::iterator>> found;
  for (size_t i = 1; i < cu_seqlens.size(); ++i) {
    Document document{cu_seqlens[i - 1], cu_seqlens[i] - cu_seqlens[i - 1], nullptr};
    if (document.length == 0)
      continue;
    Spec each = specOf(spec, document.length);
    found.emplace_back(document, ops.try_emplace({each.num_levels, each.seq_len}).first);
  }
  getOps(ops, spec, device, options);
  auto made = std::make_shared<VarlenOp>();
  made->given = spec;
  for (auto &[document, op] : found) {
    document.op = op->second;
    made->addDocument(document);
  }
  made->makeSignatures();
  return made;
}

static int64_t bytesOf(const Argument &argument) { return product_of(argument.shape) * elementBytes(argument.dtype); }

/// The number of a tensor of a pack in the signature, -1 for one that is kept.
static int64_t tensorNumber(Direction direction, std::string_view name) {
  static constexpr std::array<std::string_view, 4> forward = {"q", "k", "v", "out"};
  static constexpr std::array<std::string_view, 9> backward = {"q", "k", "v", "out", "dout", "", "dq", "dk", "dv"};
  auto numberIn = [&](ArrayRef<std::string_view> names) -> int64_t {
    const auto *found = llvm::find(names, name);
    return found == names.end() ? -1 : found - names.begin();
  };
  return direction == Direction::Forward ? numberIn(forward) : numberIn(backward);
}

void VarlenOp::addDocument(const Document &document) {
  Places made;
  std::map<std::string, int64_t> kept;
  for (const Argument &argument : document.op->signature(Direction::Forward).arguments) {
    Place &place = made.forward.emplace_back();
    place.tensor = tensorNumber(Direction::Forward, argument.name);
    if (place.tensor >= 0)
      continue;
    place.offset = kept[argument.name] = kept_bytes;
    kept_bytes += static_cast<int64_t>(alignTo(bytesOf(argument), kKeptAlignment));
  }
  for (const Argument &argument : document.op->signature(Direction::Backward).arguments) {
    Place &place = made.backward.emplace_back();
    place.tensor = tensorNumber(Direction::Backward, argument.name);
    if (place.tensor < 0)
      place.offset = kept.at(argument.name);
    reads_tokens |= argument.name == "q";
  }
  pack.push_back(document);
  places.push_back(std::move(made));
}

void VarlenOp::makeSignatures() {
  auto tokens = [&](const char *tensor, int64_t heads, bool is_output) {
    return Argument{.name = tensor,
                    .dtype = name(given.dtype),
                    .shape = {given.seq_len, heads, given.head_dim},
                    .is_output = is_output,
                    .strided = true};
  };
  Argument kept{.name = "kept", .dtype = "uint8", .shape = {kept_bytes}, .is_output = true};
  int64_t heads = given.num_heads, kv_heads = given.num_kv_heads;
  forward.arguments = {tokens("q", heads, false), tokens("k", kv_heads, false), tokens("v", kv_heads, false),
                       tokens("out", heads, true), kept};
  kept.is_output = false;
  backward.arguments = {tokens("q", heads, false),   tokens("k", kv_heads, false), tokens("v", kv_heads, false),
                        tokens("out", heads, false), tokens("dout", heads, false), kept,
                        tokens("dq", heads, true),   tokens("dk", kv_heads, true), tokens("dv", kv_heads, true)};
  for (const Document &document : pack)
    for (auto [direction, signature] : {std::pair(Direction::Forward, &forward), {Direction::Backward, &backward}})
      signature->workspace_bytes =
          std::max(signature->workspace_bytes, document.op->signature(direction).workspace_bytes);
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static void checkKept(const Signature &signature, std::span<const TensorRef> tensors) {
  if (tensors.size() != signature.arguments.size())
    throw InvalidArgument(fmt::format("tensors: expects {}, but got {}", signature.arguments.size(), tensors.size()));
  for (auto [argument, tensor] : zip_equal(signature.arguments, tensors))
    if (argument.name == "kept" && (!tensor.data || reinterpret_cast<uintptr_t>(tensor.data) % kKeptAlignment != 0))
      throw InvalidArgument(fmt::format("kept: expects {} bytes at an address that is a multiple of {}, but got {}",
                                        argument.shape[0], kKeptAlignment, fmt::ptr(tensor.data)));
}

/// A document's rows of a tensor of the pack, as [1, heads, tokens, head_dim].
static TensorRef rowsOf(const TensorRef &tensor, const Document &document, int64_t element_bytes) {
  if (!tensor.data) // The op refuses it by name.
    return tensor;
  return {static_cast<char *>(tensor.data) + document.begin * tensor.strides[0] * element_bytes,
          {0, tensor.strides[1], tensor.strides[0], tensor.strides[2]}};
}

void VarlenOp::run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
                   const RunOptions &options) const {
  checkKept(signature(direction), tensors);
  bool is_forward = direction == Direction::Forward;
  auto *kept = static_cast<char *>(tensors[is_forward ? 4 : 5].data);
  RunOptions each = {.num_threads = options.num_threads, .stream = options.stream};
  std::vector<TensorRef> arguments;
  for (auto [document, found] : zip_equal(pack, places)) {
    arguments.clear();
    for (const Place &place : is_forward ? found.forward : found.backward)
      arguments.push_back(place.tensor >= 0 ? rowsOf(tensors[place.tensor], document, sizeOf(given.dtype))
                                            : TensorRef{kept + place.offset, {}});
    each.length = document.length;
    document.op->run(direction, arguments, workspace, each);
  }
}

} // namespace lighthouse
