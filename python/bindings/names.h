// SPDX-License-Identifier: Apache-2.0
//
// Enumerators by their names: what Python sees as strings.
#pragma once

#include "lighthouse_ops/Spec.h"

#include <span>
#include <string>
#include <utility>

namespace lighthouse::python {

template <typename Enum> using Name = std::pair<const char *, Enum>;

/// The enumerator called `text`. Throws InvalidArgument that lists the names.
template <typename Enum> Enum parse(const char *argument, const std::string &text, std::span<const Name<Enum>> names) {
  std::string known;
  for (const auto &[name, value] : names) {
    if (text == name)
      return value;
    known += (known.empty() ? "'" : ", '") + std::string(name) + "'";
  }
  throw InvalidArgument(std::string(argument) + ": expects " + (names.size() > 1 ? "one of " : "") + known +
                        ", but got '" + text + "'");
}

} // namespace lighthouse::python
