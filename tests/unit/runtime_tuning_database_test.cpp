// SPDX-License-Identifier: Apache-2.0
//
// TuningDatabase: distance, its text and what is refused in one, files that are damaged or change, and its lock.
#include "runtime/TuningDatabase.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include <fstream>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace lighthouse;
using namespace llvm;

namespace {

TuningFeatures attend(int64_t length) {
  return {.kernel = "forward_attend", .dtype = "bfloat16", .head_dim = 128, .group = 1, .length = length, .levels = 3};
}

TuningEntry entryOf(const TuningFeatures &features, int64_t warps) {
  return {.features = features, .parameters = {{"warps", warps}}, .microseconds = 10.5, .default_microseconds = 12.25};
}

class TuningDatabaseTest : public testing::Test {
protected:
  void SetUp() override {
    SmallString<128> path;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("lighthouse-tuning-test", path));
    folder = path.str().str();
    file = tuningFile(folder, "NVIDIA H200");
  }
  void TearDown() override { (void)sys::fs::remove_directories(folder); }
  void write(const std::string &text) const { std::ofstream(file) << text; }

  std::string folder, file;
};

std::string refusal(StringRef text) {
  Expected<TuningDatabase> database = TuningDatabase::parse(text);
  return database ? "accepted" : toString(database.takeError());
}

} // namespace

TEST(TuningDistance, OctavesOfLengthAndGroupAndLevels) {
  EXPECT_EQ(distance(attend(1000), attend(1000)), 0);
  EXPECT_EQ(distance(attend(1000), attend(4000)), 2);
  EXPECT_EQ(distance(attend(4000), attend(1000)), 2);
  TuningFeatures other = attend(1000);
  other.group = 8;
  other.levels = 1;
  EXPECT_EQ(distance(attend(500), other), 1 + 3 + 2);
}

TEST(TuningDistance, KernelDtypeAndHeadSizeAreTheSameOrNothingIsSaid) {
  for (auto change : {+[](TuningFeatures &f) { f.kernel = "forward_gather"; },
                      +[](TuningFeatures &f) { f.dtype = "float16"; }, +[](TuningFeatures &f) { f.head_dim = 64; }}) {
    TuningFeatures other = attend(1000);
    change(other);
    EXPECT_EQ(distance(attend(1000), other), std::nullopt);
  }
}

TEST_F(TuningDatabaseTest, RoundTrip) {
  TuningDatabase database;
  database.gpu = "NVIDIA H200";
  database.arch = "sm_90a";
  database.put(entryOf(attend(1000), 4));
  database.put(entryOf(attend(2000), 8));
  database.entries.back().moved_bytes = 1 << 20;
  database.entries.back().flops = 1.5e12;
  database.put(entryOf(attend(1000), 2)); // in place of the first
  database.crashes.push_back({attend(1000), {{"warps", 16}}, "it did not end in 20 seconds"});
  ASSERT_FALSE(database.publish(file));
  TuningDatabase read = TuningDatabase::load(file);
  EXPECT_EQ(read.gpu, "NVIDIA H200");
  ASSERT_EQ(read.entries.size(), 2u);
  EXPECT_EQ(read.find(attend(1000))->parameters, (Parameters{{"warps", 2}}));
  EXPECT_EQ(read.find(attend(2000))->microseconds, 10.5);
  EXPECT_EQ(read.find(attend(2000))->default_microseconds, 12.25);
  EXPECT_EQ(read.arch, "sm_90a");
  EXPECT_EQ(read.find(attend(1000))->moved_bytes, 0) << "not known";
  EXPECT_EQ(read.find(attend(2000))->moved_bytes, 1 << 20);
  EXPECT_EQ(read.find(attend(2000))->flops, 1.5e12);
  EXPECT_EQ(read.find(attend(1500)), nullptr);
  ASSERT_EQ(read.crashes.size(), 1u);
  EXPECT_EQ(read.crashes[0].parameters, (Parameters{{"warps", 16}}));
  EXPECT_EQ(read.text(), database.text());
}

TEST_F(TuningDatabaseTest, FileNames) {
  EXPECT_EQ(StringRef(file).substr(folder.size()), "/tuning-NVIDIA-H200.json");
  EXPECT_EQ(tuningFile("/c", "a/../b c"), "/c/tuning-a-..-b-c.json");
}

TEST_F(TuningDatabaseTest, NoFileIsEmpty) {
  testing::internal::CaptureStderr();
  EXPECT_TRUE(TuningDatabase::load(file).entries.empty());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST_F(TuningDatabaseTest, DamagedFilesAreReportedOnceAndEmpty) {
  TuningDatabase database;
  database.put(entryOf(attend(1000), 4));
  std::string text = database.text();
  write(text.substr(0, text.size() / 2));
  testing::internal::CaptureStderr();
  EXPECT_TRUE(TuningDatabase::load(file).entries.empty());
  EXPECT_TRUE(TuningDatabase::load(file).entries.empty());
  std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(StringRef(said).count("lighthouse: warning: ignoring the damaged tuning database '" + file + "'"), 1u)
      << said;
  EXPECT_TRUE(StringRef(said).contains("'lighthouse tune' replaces it")) << said;
}

TEST_F(TuningDatabaseTest, RefusalsNameThePlace) {
  auto with = [](StringRef fields) {
    return (R"({"gpu": "x", "entries": [{"kernel": "k", "dtype": "float32", )" + fields + "}]}").str();
  };
  constexpr StringLiteral features = R"("head_dim": 64, "group": 1, "length": 1, "levels": 1, )";
  constexpr StringLiteral times = R"(, "microseconds": 1, "default_microseconds": 1)";
  EXPECT_EQ(refusal(with((features + R"("parameters": {"warps": 4})" + times).str())), "accepted");
  EXPECT_TRUE(StringRef(refusal("[]")).contains("expected object"));
  EXPECT_TRUE(StringRef(refusal("{}")).contains("missing value at database.gpu"));
  EXPECT_EQ(refusal(with(R"("head_dim": 0)")), "expects a positive integer at database.entries[0].head_dim");
  EXPECT_EQ(refusal(with((features + R"("parameters": {"warps": -1})" + times).str())),
            "expects a positive integer at database.entries[0].parameters.warps");
  EXPECT_EQ(refusal(with((features + R"("parameters": 3)" + times).str())),
            "expects an object at database.entries[0].parameters");
}

TEST_F(TuningDatabaseTest, ReadersSeeOneVersionOrAnother) {
  TuningDatabase small, large;
  small.gpu = large.gpu = "x";
  for (int64_t length = 1; length <= 200; ++length)
    large.put(entryOf(attend(length), 4));
  ASSERT_FALSE(small.publish(file));
  pid_t writer = fork();
  if (writer == 0) {
    for (int repeat = 0; repeat < 100; ++repeat)
      if ((repeat % 2 ? small : large).publish(file))
        _exit(1);
    _exit(0);
  }
  testing::internal::CaptureStderr();
  int status = 0;
  while (waitpid(writer, &status, WNOHANG) == 0) {
    size_t entries = TuningDatabase::load(file).entries.size();
    EXPECT_TRUE(entries == 0 || entries == 200) << entries;
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

TEST_F(TuningDatabaseTest, OneHoldsTheLock) {
  // Each child adds one to a number in a file, which would get lost without the lock.
  std::string counter = folder + "/counter";
  std::ofstream(counter) << 0;
  std::vector<pid_t> children;
  for (int child = 0; child < 8; ++child) {
    children.push_back(fork());
    if (children.back() != 0)
      continue;
    for (int repeat = 0; repeat < 50; ++repeat) {
      TuningLock lock = cantFail(TuningLock::acquire(file));
      int count = 0;
      std::ifstream(counter) >> count;
      std::ofstream(counter) << count + 1;
    }
    _exit(0);
  }
  for (pid_t child : children)
    waitpid(child, nullptr, 0);
  int count = 0;
  std::ifstream(counter) >> count;
  EXPECT_EQ(count, 8 * 50);
}

TEST_F(TuningDatabaseTest, LockNeedsAFolder) {
  std::ofstream(folder + "/plain") << "a file";
  Expected<TuningLock> lock = TuningLock::acquire(folder + "/plain/tuning.json");
  ASSERT_FALSE(bool(lock));
  EXPECT_EQ(toString(lock.takeError()), "cannot lock '" + folder + "/plain/tuning.json.lock': Not a directory");
}

TEST(ShippedTunings, AreOfTheirModels) {
  std::vector<std::string> models;
  for (StringRef text : shippedTuningTexts())
    models.push_back(cantFail(TuningDatabase::parse(text)).gpu);
  EXPECT_EQ(models, (std::vector<std::string>{"NVIDIA H100 80GB HBM3", "NVIDIA H200"}));
  EXPECT_EQ(TuningDatabase::shipped("NVIDIA H200").gpu, "NVIDIA H200");
  EXPECT_EQ(TuningDatabase::shipped("Fake GPU 0").gpu, "");
}
