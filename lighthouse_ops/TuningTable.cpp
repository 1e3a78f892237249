// SPDX-License-Identifier: Apache-2.0
//
// Tuning::str: results as a table.
#include "lighthouse_ops/Tuning.h"

#include <algorithm>
#include <fmt/format.h>

namespace lighthouse {

/// A line for each reason, the most frequent first. What was got instead is left out, as it differs for each candidate.
static std::string reasonsOf(const std::vector<Rejection> &rejections) {
  std::map<std::string, int> counts;
  for (const Rejection &rejection : rejections)
    ++counts[rejection.reason.substr(0, rejection.reason.find(", but got "))];
  std::vector<std::pair<int, std::string>> sorted;
  sorted.reserve(counts.size());
  for (const auto &[reason, count] : counts)
    sorted.emplace_back(-count, reason);
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (const auto &[count, reason] : sorted)
    text += fmt::format("  {:3} x {}\n", -count, reason);
  return text;
}

std::string Tuning::str() const {
  auto bestOf = [](const KernelTuning &each) { return each.best == each.defaults ? "=" : toString(each.best); };
  size_t wide = 6, default_wide = 7, best_wide = 4;
  for (const KernelTuning &each : kernels) {
    wide = std::max(wide, each.kernel.size());
    default_wide = std::max(default_wide, toString(each.defaults).size());
    best_wide = std::max(best_wide, bestOf(each).size());
  }
  auto line = [&](const auto &...cells) {
    return fmt::format("{:<{}}  {:<{}}  {:<{}}  {:>10}  {:>10}  {:>6}  {:>5}  {:>6}  {:>8}\n", cells...);
  };
  std::string text = fmt::format("{}\n{}\n\n", gpu, spec);
  text += line("kernel", wide, "default", default_wide, "best", best_wide, "default us", "best us", "gain", "tried",
               "pruned", "rejected");
  for (const KernelTuning &each : kernels)
    text += line(each.kernel, wide, toString(each.defaults), default_wide, bestOf(each), best_wide,
                 fmt::format("{:.1f}", each.default_microseconds), fmt::format("{:.1f}", each.microseconds),
                 fmt::format("{:.1f}%", 100 * (each.default_microseconds / each.microseconds - 1)), each.tried,
                 each.pruned.size(), each.rejected.size());
  for (const auto &[what, list] :
       {std::pair("rejected", &KernelTuning::rejected), std::pair("pruned", &KernelTuning::pruned)})
    for (const KernelTuning &each : kernels)
      if (!(each.*list).empty())
        text += fmt::format("\n{}, {}:\n{}", each.kernel, what, reasonsOf(each.*list));
  return text + (database.empty() ? "\nnot kept, as the disk cache is off\n" : fmt::format("\nkept in {}\n", database));
}

} // namespace lighthouse
