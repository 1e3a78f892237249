// SPDX-License-Identifier: Apache-2.0
//
// TuningDatabase: see TuningDatabase.h.
#include "runtime/TuningDatabase.h"

#include "runtime/Process.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <fcntl.h>
#include <mutex>
#include <set>
#include <sys/file.h>
#include <unistd.h>

using namespace llvm;

namespace lighthouse {

std::optional<double> distance(const TuningFeatures &a, const TuningFeatures &b) {
  if (a.kernel != b.kernel || a.dtype != b.dtype || a.head_dim != b.head_dim)
    return std::nullopt;
  auto octaves = [](int64_t x, int64_t y) {
    return std::abs(std::log2(static_cast<double>(x)) - std::log2(static_cast<double>(y)));
  };
  return octaves(a.length, b.length) + octaves(a.group, b.group) + static_cast<double>(std::abs(a.levels - b.levels));
}

//===----------------------------------------------------------------------===//
// JSON
//===----------------------------------------------------------------------===//

/// A positive number.
static bool fromPositive(const json::Object &object, StringRef name, int64_t &value, json::Path path) {
  std::optional<int64_t> number = object.getInteger(name);
  if (!number || *number < 1) {
    path.field(name).report("expects a positive integer");
    return false;
  }
  value = *number;
  return true;
}

static bool fromJSON(const json::Value &value, TuningFeatures &features, json::Path path) {
  json::ObjectMapper map(value, path);
  if (!map || !map.map("kernel", features.kernel) || !map.map("dtype", features.dtype))
    return false;
  const json::Object &object = *value.getAsObject();
  return fromPositive(object, "head_dim", features.head_dim, path) &&
         fromPositive(object, "group", features.group, path) && fromPositive(object, "length", features.length, path) &&
         fromPositive(object, "levels", features.levels, path);
}

/// The field "parameters".
static bool fromJSON(const json::Object &object, Parameters &parameters, json::Path path) {
  const json::Object *values = object.getObject("parameters");
  if (!values) {
    path.field("parameters").report("expects an object");
    return false;
  }
  for (const auto &[name, number] : *values)
    if (!fromPositive(*values, name, parameters[StringRef(name).str()], path.field("parameters")))
      return false;
  return true;
}

static bool fromJSON(const json::Value &value, TuningEntry &entry, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && fromJSON(value, entry.features, path) && fromJSON(*value.getAsObject(), entry.parameters, path) &&
         map.map("microseconds", entry.microseconds) && map.map("default_microseconds", entry.default_microseconds) &&
         map.mapOptional("moved_bytes", entry.moved_bytes) && map.mapOptional("flops", entry.flops);
}

static bool fromJSON(const json::Value &value, TuningCrash &crash, json::Path path) {
  json::ObjectMapper map(value, path);
  return map && fromJSON(value, crash.features, path) && fromJSON(*value.getAsObject(), crash.parameters, path) &&
         map.map("reason", crash.reason);
}

static json::Object toJSON(const TuningFeatures &features, const Parameters &parameters) {
  json::Object values;
  for (const auto &[name, value] : parameters)
    values[name] = value;
  return json::Object{{"kernel", features.kernel},      {"dtype", features.dtype},   {"head_dim", features.head_dim},
                      {"group", features.group},        {"length", features.length}, {"levels", features.levels},
                      {"parameters", std::move(values)}};
}

/// To a hundredth: what clocks can tell.
static double rounded(double microseconds) { return std::round(microseconds * 100) / 100; }

Expected<TuningDatabase> TuningDatabase::parse(StringRef text) {
  Expected<json::Value> value = json::parse(text);
  if (!value)
    return value.takeError();
  TuningDatabase database;
  json::Path::Root root("database");
  json::ObjectMapper map(*value, root);
  if (!map || !map.map("gpu", database.gpu) || !map.mapOptional("arch", database.arch) ||
      !map.map("entries", database.entries) || !map.mapOptional("crashes", database.crashes))
    return root.getError();
  return database;
}

std::string TuningDatabase::text() const {
  json::Array list, failed;
  for (const TuningEntry &entry : entries) {
    json::Object object = toJSON(entry.features, entry.parameters);
    object["microseconds"] = rounded(entry.microseconds);
    object["default_microseconds"] = rounded(entry.default_microseconds);
    if (entry.moved_bytes > 0) {
      object["moved_bytes"] = entry.moved_bytes;
      object["flops"] = entry.flops;
    }
    list.push_back(std::move(object));
  }
  for (const TuningCrash &crash : crashes) {
    json::Object object = toJSON(crash.features, crash.parameters);
    object["reason"] = json::fixUTF8(crash.reason);
    failed.push_back(std::move(object));
  }
  json::Object object{{"gpu", json::fixUTF8(gpu)}, {"entries", std::move(list)}};
  if (!arch.empty())
    object["arch"] = arch;
  if (!failed.empty())
    object["crashes"] = std::move(failed);
  return formatv("{0:2}\n", json::Value(std::move(object))).str();
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

/// Once a process and file.
static void warnDamaged(const std::string &file, Error error) {
  static std::mutex mutex;
  static auto *known = new std::set<std::string>;
  std::lock_guard lock(mutex);
  std::string reason = toString(std::move(error));
  if (known->insert(file).second)
    errs() << "lighthouse: warning: ignoring the damaged tuning database '" << file << "': " << reason
           << "; 'lighthouse tune' replaces it\n";
}

TuningDatabase TuningDatabase::load(const std::string &file) {
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(file);
  if (!buffer) {
    if (buffer.getError() != std::errc::no_such_file_or_directory)
      warnDamaged(file, errorCodeToError(buffer.getError()));
    return {};
  }
  Expected<TuningDatabase> database = parse((*buffer)->getBuffer());
  if (database)
    return std::move(*database);
  warnDamaged(file, database.takeError());
  return {};
}

TuningDatabase TuningDatabase::shipped(StringRef gpu) {
  for (StringRef text : shippedTuningTexts())
    if (TuningDatabase database = cantFail(parse(text), "a tuning database of the library"); database.gpu == gpu)
      return database;
  return {};
}

std::vector<std::string> shippedTuningGpus() {
  std::vector<std::string> gpus;
  for (StringRef text : shippedTuningTexts())
    gpus.push_back(cantFail(TuningDatabase::parse(text), "a tuning database of the library").gpu);
  return gpus;
}

std::error_code TuningDatabase::publish(const std::string &file) const { return publishFile(file, text()); }

const TuningEntry *TuningDatabase::find(const TuningFeatures &features) const {
  auto found = find_if(entries, [&](const TuningEntry &entry) { return entry.features == features; });
  return found == entries.end() ? nullptr : &*found;
}

void TuningDatabase::put(TuningEntry entry) {
  auto found = find_if(entries, [&](const TuningEntry &each) { return each.features == entry.features; });
  if (found != entries.end())
    *found = std::move(entry);
  else
    entries.push_back(std::move(entry));
}

std::string tuningFile(StringRef folder, StringRef gpu) {
  std::string name = "tuning-";
  for (char c : gpu)
    name += isAlnum(c) || c == '.' ? c : '-';
  SmallString<128> file(folder);
  sys::path::append(file, name + ".json");
  return file.str().str();
}

//===----------------------------------------------------------------------===//
// Lock
//===----------------------------------------------------------------------===//

Expected<TuningLock> TuningLock::acquire(const std::string &file) {
  std::string name = file + ".lock";
  auto failed = [&](std::error_code code) {
    return createStringError("cannot lock '" + name + "': " + code.message());
  };
  if (std::error_code code = sys::fs::create_directories(sys::path::parent_path(name)))
    return failed(code);
  int descriptor = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return failed(std::error_code(errno, std::generic_category()));
  TuningLock lock(descriptor);
  while (flock(descriptor, LOCK_EX) != 0)
    if (errno != EINTR)
      return failed(std::error_code(errno, std::generic_category()));
  return std::move(lock);
}

TuningLock::~TuningLock() {
  if (descriptor >= 0)
    close(descriptor);
}

} // namespace lighthouse
