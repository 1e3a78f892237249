// SPDX-License-Identifier: Apache-2.0
//
// Schedules: see Schedules.h.
#include "lighthouse_ops/Schedules.h"

#include "lighthouse_ops/Spec.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <fmt/format.h>

using namespace llvm;

namespace lighthouse {

std::string toString(const Parameters &parameters) {
  std::string text;
  for (const auto &[name, value] : parameters)
    text += fmt::format("{}{}={}", text.empty() ? "" : ",", name, value);
  return text;
}

std::string toString(const Schedules &schedules) {
  std::string text;
  for (const auto &[kernel, parameters] : schedules)
    text += fmt::format("{}{}:{}", text.empty() ? "" : " ", kernel, toString(parameters));
  return text;
}

void addSchedule(Schedules &schedules, const std::string &text) {
  auto [kernel, list] = StringRef(text).split(':');
  SmallVector<StringRef> settings;
  list.split(settings, ',');
  Parameters &parameters = schedules[kernel.str()];
  for (StringRef setting : settings) {
    auto [name, number] = setting.split('=');
    int64_t value = 0;
    if (kernel.empty() || name.empty() || number.getAsInteger(10, value) || value < 1)
      throw InvalidArgument(fmt::format("schedule: expects kernel:name=value,... with positive integers, for example "
                                        "forward_attend:block_rows=64,warps=4, but got '{}'",
                                        text));
    if (!parameters.try_emplace(name.str(), value).second)
      throw InvalidArgument(
          fmt::format("schedule: expects one value for {} of {}, but got two", name.str(), kernel.str()));
  }
}

} // namespace lighthouse
