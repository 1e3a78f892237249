// SPDX-License-Identifier: Apache-2.0
//
// VarlenOp: see VarlenOp.h.
#include "lighthouse_ops/VarlenOp.h"

#include "lighthouse_ops/CompiledOp.h"
#include "lighthouse_ops/Gpu.h"
#include "lighthouse_ops/SpecRules.h"
#include "runtime/LaunchPlan.h"
#include "runtime/ThreadPool.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/MathExtras.h"

#include <algorithm>
#include <bit>
#include <exception>
#include <fmt/ranges.h>
#include <map>
#include <optional>

using namespace llvm;

namespace lighthouse {

/// Of each piece of kept memory: a cache line, and the widest vector.
static constexpr int64_t kKeptAlignment = 64;
static constexpr const char *kKept = "kept";
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

static void checkLeftOut(std::span<const int64_t> left_out, int64_t documents) {
  int64_t least = 0;
  for (int64_t number : left_out) {
    if (number < least || number >= documents)
      throw InvalidArgument(fmt::format("left_out: expects increasing numbers of the {} documents, but got {}",
                                        documents, fmt::join(left_out, ", ")));
    least = number + 1;
  }
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

/// The ops of specs, by what tells these apart.
using Ops = std::map<std::string, std::pair<Spec, std::shared_ptr<const Op>>>;

/// Gets ops, compiled beside one another where they have to be.
static void getOps(Ops &ops, Device device, const CompileOptions &options) {
  std::optional<Gpu> gpu;
  if (device.kind == DeviceKind::Cuda)
    gpu.emplace(Gpu::open(device.ordinal));
  SmallVector<Ops::value_type *> entries(make_pointer_range(ops));
  std::vector<std::exception_ptr> errors(entries.size());
  parallelFor(static_cast<int64_t>(entries.size()), defaultThreadCount(), [&](int64_t i) {
    std::optional<CurrentCudaContext> current; // that of the caller's thread
    if (gpu)
      current.emplace(*gpu->context);
    auto &[spec, op] = entries[i]->second;
    try {
      op = Op::get(spec, device, options);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  for (const std::exception_ptr &error : errors)
    if (error)
      std::rethrow_exception(error);
}

std::shared_ptr<const VarlenOp> VarlenOp::get(const Spec &spec, std::span<const int64_t> cu_seqlens, Device device,
                                              const CompileOptions &options, std::span<const int64_t> left_out) {
  checkSettings(spec);
  checkBounds(cu_seqlens, spec.seq_len);
  checkLeftOut(left_out, static_cast<int64_t>(cu_seqlens.size()) - 1);
  Ops ops;
  std::vector<std::pair<Document, Ops::iterator>> found;
  for (size_t i = 1; i < cu_seqlens.size(); ++i) {
    Document document{cu_seqlens[i - 1], cu_seqlens[i] - cu_seqlens[i - 1], nullptr};
    if (document.length == 0 || std::ranges::binary_search(left_out, static_cast<int64_t>(i) - 1))
      continue;
    Spec each = specOf(spec, document.length);
    found.emplace_back(document, ops.try_emplace(each.str(), each, nullptr).first);
  }
  getOps(ops, device, options);
  auto made = std::make_shared<VarlenOp>();
  made->given = spec;
  made->makeSignatures();
  for (auto &[document, op] : found) {
    document.op = op->second.second;
    made->addDocument(document);
  }
  return made;
}

static int64_t bytesOf(const Argument &argument) { return product_of(argument.shape) * elementBytes(argument.dtype); }

/// The number of an argument in a signature, -1 where it has none.
static int64_t numberIn(const Signature &signature, StringRef name) {
  auto found = llvm::find_if(signature.arguments, [&](const Argument &each) { return each.name == name; });
  return found == signature.arguments.end() ? -1 : found - signature.arguments.begin();
}

void VarlenOp::addDocument(const Document &document) {
  Places made;
  std::map<std::string, int64_t> kept;
  for (const Argument &argument : document.op->signature(Direction::Forward).arguments) {
    Place &place = made.forward.emplace_back();
    place.tensor = numberIn(forward, argument.name);
    if (place.tensor >= 0)
      continue;
    place.offset = kept[argument.name] = kept_bytes;
    kept_bytes += static_cast<int64_t>(alignTo(bytesOf(argument), kKeptAlignment));
  }
  for (const Argument &argument : document.op->signature(Direction::Backward).arguments) {
    Place &place = made.backward.emplace_back();
    place.tensor = numberIn(backward, argument.name);
    if (place.tensor < 0)
      place.offset = kept.at(argument.name);
    reads_tokens |= argument.name == "q";
  }
  for (auto [direction, signature] : {std::pair(Direction::Forward, &forward), {Direction::Backward, &backward}}) {
    int64_t workspace_bytes = document.op->signature(direction).workspace_bytes;
    signature->workspace_bytes = std::max(signature->workspace_bytes, workspace_bytes);
    signature->arguments[numberIn(*signature, kKept)].shape = {kept_bytes};
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
  Argument kept{.name = kKept, .dtype = "uint8", .shape = {0}, .is_output = true};
  int64_t heads = given.num_heads, kv_heads = given.num_kv_heads;
  forward.arguments = {tokens("q", heads, false), tokens("k", kv_heads, false), tokens("v", kv_heads, false)};
  if (given.scorer == Scorer::Gla)
    forward.arguments.push_back({.name = "g", .dtype = "float32", .shape = {heads, given.seq_len}, .strided = true});
  forward.arguments.insert(forward.arguments.end(), {tokens("out", heads, true), kept});
  kept.is_output = false;
  backward.arguments = {tokens("q", heads, false),   tokens("k", kv_heads, false), tokens("v", kv_heads, false),
                        tokens("out", heads, false), tokens("dout", heads, false), kept,
                        tokens("dq", heads, true),   tokens("dk", kv_heads, true), tokens("dv", kv_heads, true)};
}

//===----------------------------------------------------------------------===//
// Running
//===----------------------------------------------------------------------===//

static void checkKept(const Signature &signature, std::span<const TensorRef> tensors) {
  if (tensors.size() != signature.arguments.size())
    throw InvalidArgument(fmt::format("tensors: expects {}, but got {}", signature.arguments.size(), tensors.size()));
  for (auto [argument, tensor] : zip_equal(signature.arguments, tensors))
    if (argument.name == kKept && (!tensor.data || reinterpret_cast<uintptr_t>(tensor.data) % kKeptAlignment != 0))
      throw InvalidArgument(fmt::format("kept: expects {} bytes at an address that is a multiple of {}, but got {}",
                                        argument.shape[0], kKeptAlignment, fmt::ptr(tensor.data)));
}

/// A document's part of a tensor of the pack: of [tokens, heads, head_dim] as [1, heads, tokens, head_dim], of
/// [heads, tokens] as [1, heads, tokens].
static TensorRef partOf(const TensorRef &tensor, const Argument &argument, const Document &document) {
  bool has_rows = argument.shape.size() == 3;
  int64_t step = has_rows ? tensor.strides[0] : tensor.strides[1];
  void *begin = static_cast<char *>(tensor.data) + document.begin * step * elementBytes(argument.dtype);
  if (has_rows)
    return {begin, {0, tensor.strides[1], step, tensor.strides[2]}};
  return {begin, {0, tensor.strides[0], step}};
}

/// What the op of a later document would refuse is refused before the first one runs.
void VarlenOp::checkStarts(Direction direction, std::span<const TensorRef> tensors) const {
  for (auto [document, found] : zip_equal(pack, places))
    for (const Place &place : direction == Direction::Forward ? found.forward : found.backward) {
      if (place.tensor < 0)
        continue;
      const Argument &argument = signature(direction).arguments[place.tensor];
      const TensorRef &tensor = tensors[place.tensor];
      if (!tensor.data)
        throw InvalidArgument(
            fmt::format("{}: expects the address of its elements, but got a null pointer", argument.name));
      auto begin = reinterpret_cast<uintptr_t>(partOf(tensor, argument, document).data);
      uintptr_t alignment = alignmentOf(argument);
      if (uintptr_t excess = begin % alignment)
        throw InvalidArgument(fmt::format("{}: expects documents that start at multiples of {} bytes, but got token {} "
                                          "{} above one",
                                          argument.name, alignment, document.begin, excess));
    }
}

void VarlenOp::run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
                   const RunOptions &options) const {
  const Signature &signature = this->signature(direction);
  checkKept(signature, tensors);
  checkStarts(direction, tensors);
  auto *kept = static_cast<char *>(tensors[numberIn(signature, kKept)].data);
  RunOptions each = {.num_threads = options.num_threads, .stream = options.stream};
  std::vector<TensorRef> arguments;
  for (auto [document, found] : zip_equal(pack, places)) {
    arguments.clear();
    for (const Place &place : direction == Direction::Forward ? found.forward : found.backward)
      arguments.push_back(place.tensor >= 0 ? partOf(tensors[place.tensor], signature.arguments[place.tensor], document)
                                            : TensorRef{kept + place.offset, {}});
    each.length = document.length;
    document.op->run(direction, arguments, workspace, each);
  }
}

} // namespace lighthouse
