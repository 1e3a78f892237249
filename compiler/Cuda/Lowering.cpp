// SPDX-License-Identifier: Apache-2.0
//
// Which words lower how, and control flow.
#include "compiler/Cuda/Lowering.h"

#include "mlir/Dialect/SCF/IR/SCF.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace lighthouse::cuda {

int64_t numRegisters(Type type) {
  auto tile = dyn_cast<RankedTensorType>(type);
  if (!tile)
    return 1;
  int64_t elements = tile::Distribution::of(tile).elements.size();
  return isPacked(tile.getElementType()) ? elements / 2 : elements;
}

Type registerType(Type type) {
  Type element = getElementTypeOrSelf(type);
  return isPacked(element) ? Builder(type.getContext()).getI32Type() : element;
}

Value Lowering::threadRow(Attribute layout) {
  if (auto slice = dyn_cast<tile::SliceAttr>(layout))
    return threadRow(slice.getOf());
  if (auto rows = dyn_cast<tile::RowsAttr>(layout))
    return s.div(s.threadId(), rows.getLanes());
  if (isa<tile::MmaAttr>(layout))
    return s.add(s.mul(s.warp(), 16), s.shiftRight(s.lane(), 2));
  return s.threadId();
}

Value Lowering::threadColumn(Attribute layout) {
  if (auto slice = dyn_cast<tile::SliceAttr>(layout))
    return threadColumn(slice.getOf());
  if (auto rows = dyn_cast<tile::RowsAttr>(layout))
    return s.mul(s.rem(s.threadId(), rows.getLanes()), rows.getElements());
  if (isa<tile::MmaAttr>(layout))
    return s.mul(s.bitAnd(s.lane(), 3), 2);
  return s.constant(0);
}

LogicalResult Lowering::lower(Block &block) {
  for (Operation &op : block) {
    if (isa<scf::YieldOp, scf::ConditionOp>(op))
      continue;
    if (failed(lower(&op)))
      return failure();
  }
  return success();
}

LogicalResult Lowering::lower(Operation *op) {
  s.loc = op->getLoc();
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case([&](scf::ForOp) { return lowerFor(op); })
      .Case([&](scf::IfOp) { return lowerIf(op); })
      .Case([&](scf::WhileOp) { return lowerWhile(op); })
      .Case([&](tile::BlockIdOp) { return set(op->getResult(0), {s.blockId()}), success(); })
      .Case([&](tile::RowsOp rows) { return set(rows.getResult(), {views.lookup(rows.getView()).rows}), success(); })
      .Case([&](tile::SplatOp splat) {
        return set(splat.getResult(), Values(numRegisters(splat.getType()), scalar(splat.getValue()))), success();
      })
      .Case([&](tile::RangeOp range) { return lowerRange(range), success(); })
      .Case([&](tile::ExpandOp expand) { return lowerExpand(expand), success(); })
      .Case([&](tile::ColumnsOp columns) { return lowerColumns(columns), success(); })
      .Case([&](tile::ReduceOp reduce) { return lowerReduce(reduce), success(); })
      .Case([&](tile::ScanOp scan) { return lowerScan(scan), success(); })
      .Case([&](tile::KeepOp keep) { return lowerKeep(keep), success(); })
      .Case([&](tile::AnyOp any) { return lowerAny(any), success(); })
      .Case([&](tile::DotOp dot) { return lowerDot(dot), success(); })
      .Case([&](tile::LoadOp load) { return lowerLoad(load); })
      .Case([&](tile::StoreOp store) { return lowerStore(store); })
      .Case([&](tile::FillOp fill) { return lowerFill(fill), success(); })
      .Case([&](tile::CopyOp copy) { return lowerCopy(copy), success(); })
      .Case([&](tile::ReadOp read) { return lowerRead(read); })
      .Case([&](tile::WriteOp write) { return lowerWrite(write); })
      .Case([&](tile::CountOp count) { return lowerCount(count), success(); })
      .Case(
          [&](tile::AliasOp alias) { return shared[alias.getResult()] = shared.lookup(alias.getSource()), success(); })
      .Case([&](tile::ChooseOp choose) {
        Value isOdd = s.less(s.constant(0), s.bitAnd(scalar(choose.getNumber()), 1));
        shared[choose.getResult()] =
            s.select(isOdd, shared.lookup(choose.getSecond()), shared.lookup(choose.getFirst()));
        return success();
      })
      .Case<tile::AllocOp, tile::RingOp>([&](auto) { return success(); }) // placed by the pass
      .Case([&](tile::RolesOp roles) { return lowerRoles(roles); })
      .Case([&](tile::MeetOp meet) { return lowerMeet(meet.getNumber(), meet.getThreads(), true), success(); })
      .Case([&](tile::SignalOp signal) { return lowerMeet(signal.getNumber(), signal.getThreads(), false), success(); })
      .Case([&](tile::FetchOp fetch) { return lowerFetch(fetch), success(); })
      .Case([&](tile::ReceiveOp receive) { return lowerReceive(receive), success(); })
      .Case([&](tile::ReleaseOp release) { return lowerRelease(release), success(); })
      .Case([&](tile::PanelOp panel) {
        Value bytes = s.mul(scalar(panel.getNumber()), panel.getSource().getType().panelBytes());
        return shared[panel.getResult()] = s.offset(shared.lookup(panel.getSource()), bytes), success();
      })
      .Case([&](tile::DotAsyncOp dot) { return lowerDotAsync(dot), success(); })
      .Case([&](tile::AwaitOp await) { return lowerAwait(await), success(); })
      .Case([&](tile::PublishOp) { return lowerPublish(), success(); })
      .Case([&](tile::SendOp send) { return lowerSend(send), success(); })
      .Case([&](tile::DrainOp) { return lowerDrain(), success(); })
      .Case([&](tile::BarrierOp) { return s.barrier(), success(); })
      .Case([&](tile::CommitOp) { return s.inlineAsm({}, {}, "cp.async.commit_group;", "~{memory}", true), success(); })
      .Case([&](tile::WaitOp wait) {
        std::string text = "cp.async.wait_group " + std::to_string(wait.getPending()) + ";";
        return s.inlineAsm({}, {}, text, "~{memory}", true), success();
      })
      .Default([&](Operation *) { return lowerElements(op); });
}

/// The registers of several values, one after another.
static Values flatten(const Lowering &l, ValueRange values) {
  Values result;
  for (Value value : values)
    result.append(l.of(value));
  return result;
}

/// Cuts registers into those of each value.
static void unflatten(Lowering &l, ValueRange values, ValueRange regs) {
  for (Value value : values) {
    int64_t count = numRegisters(value.getType());
    l.set(value, Values(regs.take_front(count)));
    regs = regs.drop_front(count);
  }
}

LogicalResult Lowering::lowerFor(Operation *op) {
  auto loop = cast<scf::ForOp>(op);
  Values initial = flatten(*this, loop.getInitArgs());
  auto lowered = scf::ForOp::create(s.b, s.loc, scalar(loop.getLowerBound()), scalar(loop.getUpperBound()),
                                    scalar(loop.getStep()), initial);
  OpBuilder::InsertionGuard guard(s.b);
  Block *body = lowered.getBody();
  s.b.setInsertionPointToStart(body);
  set(loop.getInductionVar(), {lowered.getInductionVar()});
  unflatten(*this, loop.getRegionIterArgs(), lowered.getRegionIterArgs());
  if (failed(lower(*loop.getBody())))
    return failure();
  Values yielded = flatten(*this, loop.getBody()->getTerminator()->getOperands());
  if (!initial.empty())
    scf::YieldOp::create(s.b, s.loc, yielded);
  unflatten(*this, loop.getResults(), lowered.getResults());
  return success();
}

LogicalResult Lowering::lowerWhile(Operation *op) {
  auto loop = cast<scf::WhileOp>(op);
  auto typesOf = [](ValueRange values) {
    SmallVector<Type> types;
    for (Value value : values)
      types.append(numRegisters(value.getType()), registerType(value.getType()));
    return types;
  };
  SmallVector<Type> types = typesOf(loop.getResults());
  auto lowered = scf::WhileOp::create(s.b, s.loc, types, flatten(*this, loop.getInits()));
  OpBuilder::InsertionGuard guard(s.b);
  auto enter = [&](Region &region, Block &from) {
    SmallVector<Type> arguments = typesOf(from.getArguments());
    Block *to = s.b.createBlock(&region, {}, arguments, SmallVector<Location>(arguments.size(), s.loc));
    unflatten(*this, from.getArguments(), to->getArguments());
    return lower(from);
  };
  if (failed(enter(lowered.getBefore(), *loop.getBeforeBody())))
    return failure();
  scf::ConditionOp condition = loop.getConditionOp();
  scf::ConditionOp::create(s.b, s.loc, scalar(condition.getCondition()), flatten(*this, condition.getArgs()));
  if (failed(enter(lowered.getAfter(), *loop.getAfterBody())))
    return failure();
  scf::YieldOp::create(s.b, s.loc, flatten(*this, loop.getYieldOp().getOperands()));
  unflatten(*this, loop.getResults(), lowered.getResults());
  return success();
}

LogicalResult Lowering::lowerIf(Operation *op) {
  auto branch = cast<scf::IfOp>(op);
  SmallVector<Type> types;
  for (Type type : branch.getResultTypes())
    types.append(numRegisters(type), registerType(type));
  bool hasElse = branch.elseBlock() != nullptr;
  auto lowered = scf::IfOp::create(s.b, s.loc, types, scalar(branch.getCondition()), hasElse);
  auto fill = [&](Block *from, Block *to) -> LogicalResult {
    OpBuilder::InsertionGuard guard(s.b);
    // Without results scf.if has made the terminators.
    if (types.empty())
      s.b.setInsertionPoint(to->getTerminator());
    else
      s.b.setInsertionPointToEnd(to);
    if (failed(lower(*from)))
      return failure();
    if (!types.empty())
      scf::YieldOp::create(s.b, s.loc, flatten(*this, from->getTerminator()->getOperands()));
    return success();
  };
  if (failed(fill(branch.thenBlock(), lowered.thenBlock())) ||
      (hasElse && failed(fill(branch.elseBlock(), lowered.elseBlock()))))
    return failure();
  unflatten(*this, branch.getResults(), lowered.getResults());
  return success();
}

} // namespace lighthouse::cuda
