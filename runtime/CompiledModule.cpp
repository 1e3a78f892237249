// SPDX-License-Identifier: Apache-2.0
//
// CompiledModule: see CompiledModule.h.
#include "runtime/CompiledModule.h"

#include "runtime/Seal.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace llvm;

namespace lighthouse {

static constexpr SealKind kModuleSeal = {"LHK1", 2, "compiled module"};

SmallVector<char, 0> serialize(const CompiledModule &module) {
  json::Array plans;
  for (const LaunchPlan &plan : module.plans)
    plans.push_back(toJSON(plan));
  std::string text;
  raw_string_ostream(text) << json::Value(json::Object{{"target", module.target}, {"plans", std::move(plans)}});

  SmallVector<char, 0> payload;
  appendBlob(payload, text);
  appendBlob(payload, StringRef(module.code.data(), module.code.size()));
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
  StringRef rest = *payload, text, code;
  if (!takeBlob(rest, text) || !takeBlob(rest, code) || !rest.empty())
    return createStringError(
        "compiled module expects two blobs, the plans and the code, but its lengths do not add up");
  CompiledModule module;
  if (Error error = readHeader(text, module))
    return std::move(error);
  module.code.assign(code.begin(), code.end());
  return module;
}

} // namespace lighthouse
