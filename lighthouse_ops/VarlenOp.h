// SPDX-License-Identifier: Apache-2.0
//
// VarlenOp: several documents packed one behind the other along the sequence, each attended on its own.
#pragma once

#include "lighthouse_ops/Op.h"

namespace lighthouse {

/// One document of a pack, and the op that it runs with.
struct LIGHTHOUSE_API Document {
  int64_t begin = 0;  ///< its first token in the pack
  int64_t length = 0; ///< its tokens
  /// Of a varlen spec of the document's padded length; of one level where the document is too short for the pyramid.
  /// Documents of one padded length, and short ones of up to the same power of two, share an op.
  std::shared_ptr<const Op> op;
};

/// Attention over packed documents: the results are those of `Op` run on each document by itself. Immutable and safe to
/// run from many threads at once.
class LIGHTHOUSE_API VarlenOp {
public:
  /// `spec` has the sizes and settings of the pack: batch 1, seq_len the tokens of all documents; varlen is not looked
  /// at. Document i has the tokens cu_seqlens[i] up to cu_seqlens[i + 1] - 1; one without tokens is allowed. A document
  /// too short for the pyramid gets plain causal attention. Documents whose numbers are in `left_out`, in increasing
  /// order, are the caller's to attend: their rows are neither read nor written. Ops are got as by Op::get, all now.
  /// Throws InvalidArgument for cu_seqlens or left_out that are no such lists, CompileError or DeviceError.
  static std::shared_ptr<const VarlenOp> get(const Spec &spec, std::span<const int64_t> cu_seqlens,
                                             Device device = Device::cpu(), const CompileOptions &options = {},
                                             std::span<const int64_t> left_out = {});

  const Spec &spec() const { return given; }
  /// The documents that have tokens and are not left out, in order.
  const std::vector<Document> &documents() const { return pack; }
  /// Forward takes q, k, v, with Scorer::Gla also g, and gives out and kept; backward takes q, k, v, out, dout and
  /// kept, and gives dq, dk, dv. All but g and kept are strided [tokens, heads, head_dim] and in the spec's dtype; an
  /// output may have gaps. The log gates g are strided [num_heads, tokens] of float32. `kept` is memory ("uint8") of
  /// that many bytes, at an address that is a multiple of 64.
  const Signature &signature(Direction direction) const { return direction == Direction::Forward ? forward : backward; }
  /// Whether backward reads q, k, v and out: where a document has one level. Otherwise they may be null.
  bool readsTokens() const { return reads_tokens; }
  /// Runs all documents, one after another, as Op::run does; RunOptions::length and launches are not looked at.
  /// The rows of each document start where those of a tensor may: in an output at a multiple of 4 bytes.
  void run(Direction direction, std::span<const TensorRef> tensors, void *workspace,
           const RunOptions &options = {}) const;

private:
  /// Where an op's argument is: in a tensor of the pack, or in the kept memory.
  struct Place {
    int64_t tensor = -1;
    int64_t offset = 0; ///< bytes, in the kept memory
  };
  struct Places {
    std::vector<Place> forward, backward;
  };

  void addDocument(const Document &document);
  void checkStarts(Direction direction, std::span<const TensorRef> tensors) const;
  void makeSignatures();

  Spec given;
  std::vector<Document> pack;
  std::vector<Places> places; ///< of each document
  int64_t kept_bytes = 0;
  bool reads_tokens = false;
  Signature forward, backward;
};

} // namespace lighthouse
