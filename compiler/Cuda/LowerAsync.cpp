// SPDX-License-Identifier: Apache-2.0
//
// Roles, rings and tensor copies: mbarriers, named barriers, bulk tensor copies (PTX ISA, "Asynchronous operations").
#include "compiler/Cuda/Lowering.h"

#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;

namespace lighthouse::cuda {

//===-- Barriers ---------------------------------------------------------===//

/// What a statement with memory effects does where `predicate` (may be null) holds; `operands` are $0, $1, ...
static void emit(Simt &s, StringRef text, StringRef constraints, Values operands, Value predicate = {}) {
  std::string all = (predicate ? "@$" + std::to_string(operands.size()) + " " : "") + text.str();
  std::string with = constraints.str() + (constraints.empty() ? "" : ",") + (predicate ? "b," : "") + "~{memory}";
  if (predicate)
    operands.push_back(predicate);
  s.inlineAsm({}, operands, all, with, true);
}

static void waitFor(Simt &s, Value barrier, Value parity) {
  emit(s, "{ .reg .pred done; again: mbarrier.try_wait.parity.shared::cta.b64 done, [$0], $1; @!done bra again; }",
       "r,r", {s.sharedAddress(barrier), parity});
}

/// Where number n of a ring lies, and which phase of its barriers it is.
struct Lowering::Slot {
  Value tile, full, empty, phase;
};

Lowering::Slot Lowering::slotOf(Value ring, Value number) {
  auto type = cast<tile::RingType>(ring.getType());
  const RingMemory &memory = rings.find(ring)->second;
  Value stage = s.rem(number, type.getStages()), bytes = s.mul(stage, slotBytes(type.getTile()));
  Value barriers = s.mul(stage, kBarrierBytes);
  return {s.offset(memory.tiles, bytes), s.offset(memory.full, barriers), s.offset(memory.empty, barriers),
          s.bitAnd(s.div(number, type.getStages()), 1)};
}

void Lowering::initializeRings() {
  if (rings.empty())
    return;
  s.ifThen(s.less(s.threadId(), s.constant(1)), [&] {
    for (auto &[ring, memory] : rings) {
      auto op = ring.getDefiningOp<tile::RingOp>();
      if (op.getAlong())
        continue;
      for (int64_t stage = 0; stage < op.getType().getStages(); ++stage)
        for (auto [barriers, arrivals] : {std::pair(memory.full, int64_t(1)), {memory.empty, 4 * op.getReaders()}})
          emit(s, "mbarrier.init.shared::cta.b64 [$0], $1;", "r,r",
               {s.sharedAddress(s.offset(barriers, stage * kBarrierBytes)), s.constant(arrivals)});
    }
    emit(s, "fence.mbarrier_init.release.cluster;", "", {});
  });
  s.barrier();
}

//===-- Roles ------------------------------------------------------------===//

LogicalResult Lowering::lowerRoles(tile::RolesOp roles) {
  initializeRings();
  int64_t threads = roles->getParentOfType<tile::KernelOp>().getThreads();
  int64_t atEntry = tile::registersAtEntry(threads);
  // The same number in all lanes, and the assembler knows.
  Value group = s.shuffle(s.shiftRight(s.threadId(), 7), s.constant(0));
  OpBuilder::InsertionGuard guard(s.b);
  s.inRole = true;
  int64_t begin = 0;
  for (auto [index, body] : llvm::enumerate(roles.getBodies())) {
    int64_t count = tile::RolesOp::warpgroupsOf(roles.getThreads()[index]), registers = roles.getRegisters()[index];
    Block *otherwise = nullptr;
    if (index + 1 < roles.getBodies().size()) {
      auto branch = scf::IfOp::create(s.b, s.loc, s.less(group, s.constant(begin + count)), /*withElseRegion=*/true);
      otherwise = branch.elseBlock();
      s.b.setInsertionPoint(branch.thenBlock()->getTerminator());
    }
    if (registers != atEntry && roles.getBodies().size() > 1) // Alone it has what the assembler gives it.
      emit(s,
           (registers < atEntry ? "setmaxnreg.dec.sync.aligned.u32 " : "setmaxnreg.inc.sync.aligned.u32 ") +
               std::to_string(registers) + ";",
           "", {});
    set(body.getArgument(0), {s.sub(group, s.constant(begin))});
    LogicalResult lowered = success();
    if (roles.getThreads()[index] == 1)
      s.ifThen(s.less(s.threadId(), s.constant(1)), [&] { lowered = lower(body.front()); });
    else
      lowered = lower(body.front());
    if (failed(lowered))
      return failure();
    if (otherwise)
      s.b.setInsertionPoint(otherwise->getTerminator());
    begin += count;
  }
  s.inRole = false;
  return success();
}

void Lowering::lowerMeet(Value number, int64_t threads, bool waits) {
  emit(s, (waits ? "barrier.sync $0, " : "barrier.arrive $0, ") + std::to_string(threads) + ";", "r", {scalar(number)});
}

//===-- Rings ------------------------------------------------------------===//

TensorMapKey TensorMapKey::of(Value view, tile::SharedType tile) {
  int64_t number = cast<BlockArgument>(view).getArgNumber();
  if (tile.getRank() == 1)
    return {number, 1, tile.getShape()[0], true};
  return {number, tile.getShape()[0], tile.panelColumns(), false};
}

/// A tensor copy's coordinates as text, fastest first, and operands that follow the `first` of the statement.
static std::string coordinatesText(size_t first, size_t count) {
  std::string text;
  for (size_t i = 0; i < count; ++i)
    text += (i ? ", $" : "$") + std::to_string(first + i);
  return "{" + text + "}";
}

/// Calls body(shared address, coordinates, fastest first) for each box that a tile is copied by.
void Lowering::forEachBox(tile::ViewType view, ValueRange at, tile::SharedType type, Value base,
                          function_ref<void(Value, ArrayRef<Value>)> body) {
  Values where;
  for (Value coordinate : at)
    where.push_back(scalar(coordinate));
  if (type.getRank() == 1) {
    // The view is one run of elements.
    Value flat = where.front();
    for (auto [dim, coordinate] : llvm::enumerate(ArrayRef(where).drop_front()))
      flat = s.add(s.mul(flat, view.getShape()[dim + 1]), coordinate);
    return body(s.sharedAddress(base), {flat});
  }
  Value column = static_cast<int64_t>(where.size()) == view.getRank() ? where.pop_back_val() : s.constant(0);
  for (int64_t panel = 0; panel * type.panelColumns() < type.getShape()[1]; ++panel) {
    Values coordinates = {s.add(column, panel * type.panelColumns())};
    coordinates.append(where.rbegin(), where.rend());
    body(s.sharedAddress(s.offset(base, panel * type.panelBytes())), coordinates);
  }
}

/// Bytes of a tile, and of those that go along with it.
static int64_t bytesOfSlot(tile::RingOp ring) {
  int64_t bytes = ring.getType().getTile().bytes();
  for (Operation *user : ring.getResult().getUsers())
    if (auto other = dyn_cast<tile::RingOp>(user))
      bytes += other.getType().getTile().bytes();
  return bytes;
}

void Lowering::lowerFetch(tile::FetchOp op) {
  Slot slot = slotOf(op.getRing(), scalar(op.getNumber()));
  tile::SharedType type = op.getRing().getType().getTile();
  auto ring = op.getRing().getDefiningOp<tile::RingOp>();
  Value full = s.sharedAddress(slot.full);
  if (!ring.getAlong()) {
    waitFor(s, slot.empty, s.bitXor(slot.phase, s.constant(1)));
    emit(s, "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", "r,r", {full, s.constant(bytesOfSlot(ring))});
  }
  Value map = maps.at(TensorMapKey::of(op.getView(), type));
  forEachBox(op.getView().getType(), op.getAt(), type, slot.tile, [&](Value to, ArrayRef<Value> at) {
    Values operands = {to, map, full};
    operands.append(at.begin(), at.end());
    std::string constraints = "r,l,r", rank = std::to_string(at.size());
    for (size_t i = 0; i < at.size(); ++i)
      constraints += ",r";
    emit(s,
         "cp.async.bulk.tensor." + rank + "d.shared::cluster.global.mbarrier::complete_tx::bytes [$0], [$1, " +
             coordinatesText(3, at.size()) + "], [$2];",
         constraints, operands);
  });
}

void Lowering::lowerReceive(tile::ReceiveOp op) {
  Slot slot = slotOf(op.getRing(), scalar(op.getNumber()));
  if (!op.getRing().getDefiningOp<tile::RingOp>().getAlong())
    waitFor(s, slot.full, slot.phase);
  shared[op.getResult()] = slot.tile;
}

/// Each warp has ended its part of the products that read the tile.
void Lowering::lowerRelease(tile::ReleaseOp op) {
  Slot slot = slotOf(op.getRing(), scalar(op.getNumber()));
  emit(s, "mbarrier.arrive.shared::cta.b64 _, [$0];", "r", {s.sharedAddress(slot.empty)},
       s.less(s.lane(), s.constant(1)));
}

//===-- To global memory -------------------------------------------------===//

void Lowering::lowerSend(tile::SendOp op) {
  tile::SharedType type = op.getSource().getType();
  Value map = maps.at(TensorMapKey::of(op.getView(), type));
  StringRef name = op.getAdd() ? "cp.reduce.async.bulk.tensor." : "cp.async.bulk.tensor.";
  StringRef kind =
      op.getAdd() ? "d.global.shared::cta.add.tile.bulk_group [$0, " : "d.global.shared::cta.tile.bulk_group [$0, ";
  s.ifThen(s.less(s.threadId(), s.constant(1)), [&] {
    forEachBox(op.getView().getType(), op.getAt(), type, shared[op.getSource()], [&](Value from, ArrayRef<Value> at) {
      Values operands = {map, from};
      operands.append(at.begin(), at.end());
      std::string constraints = "l,r";
      for (size_t i = 0; i < at.size(); ++i)
        constraints += ",r";
      emit(s, name.str() + std::to_string(at.size()) + kind.str() + coordinatesText(2, at.size()) + "], [$1];",
           constraints, operands);
    });
    emit(s, "cp.async.bulk.commit_group;", "", {});
  });
}

void Lowering::lowerDrain() {
  emit(s, "cp.async.bulk.wait_group.read 0;", "", {}, s.less(s.threadId(), s.constant(1)));
}

void Lowering::lowerPublish() { emit(s, "fence.proxy.async.shared::cta;", "", {}); }

} // namespace lighthouse::cuda
