// SPDX-License-Identifier: Apache-2.0
//
// CompiledModule: see CompiledModule.h.
#include "runtime/CompiledModule.h"

#include "runtime/Seal.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace lighthouse {

static constexpr SealKind kModuleSeal = {"LHK1", 4, "compiled module"};

bool isMachineCode(const CompiledModule &module) {
  constexpr StringRef elf = "\x7f"
                            "ELF";
  return !module.code.empty() && StringRef(module.code.front().data(), module.code.front().size()).starts_with(elf);
}

SmallVector<char, 0> serialize(const CompiledModule &module) {
  json::Array plans;
  for (const LaunchPlan &plan : module.plans)
    plans.push_back(toJSON(plan));
  std::string text;
  raw_string_ostream(text) << json::Value(json::Object{{"target", module.target}, {"plans", std::move(plans)}});

  SmallVector<char, 0> payload;
  appendBlob(payload, text);
  for (const SmallVector<char, 0> &object : module.code)
    appendBlob(payload, StringRef(object.data(), object.size()));
  return seal(kModuleSeal, StringRef(payload.data(), payload.size()));
}

/// Reads {"target": ..., "plans": [...]} into `module`.
static Error readHeader(StringRef text, CompiledModule &module) {
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  const json::Object *object = value->getAsObject();
  const json::Array *plans = object ? object->getArray("plans") : nullptr;
  std::optional<StringRef> target = object ? object->getString("target") : std::nullopt;
  if (!plans || !target || object->size() != 2)
    return createStringError("compiled module expects an object with target (a string) and plans (an array)");
  module.target = target->str();
  for (const json::Value &element : *plans) {
    Expected<LaunchPlan> plan = planFromJSON(element);
    if (!plan)
      return plan.takeError();
    module.plans.push_back(std::move(*plan));
  }
  return Error::success();
}

Expected<CompiledModule> deserialize(StringRef bytes) {
  Expected<StringRef> payload = unseal(kModuleSeal, bytes);
  if (!payload)
    return payload.takeError();
  StringRef rest = *payload, text, object;
  auto take = [&](StringRef &blob) -> Error {
    if (takeBlob(rest, blob))
      return Error::success();
    return createStringError(
        "compiled module expects the plans and then objects of code, but its lengths do not add up");
  };
  CompiledModule module;
  if (Error error = take(text))
    return std::move(error);
  if (Error error = readHeader(text, module))
    return std::move(error);
  while (!rest.empty()) {
    if (Error error = take(object))
      return std::move(error);
    module.code.emplace_back(object.begin(), object.end());
  }
  return module;
}

} // namespace lighthouse
