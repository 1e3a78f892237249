// SPDX-License-Identifier: Apache-2.0
//
// Assembler: which ptxas is taken, with scripts in place of it; and the real one where this machine has it.
#include "runtime/Assembler.h"
#include "runtime/AssemblyLog.h"
#include "runtime/Disassembler.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"

#include <cstdlib>
#include <fstream>
#include <gtest/gtest.h>

using namespace lighthouse;
using namespace llvm;

namespace {

/// Nothing of this machine's own is found but what a test sets.
class AssemblerTest : public testing::Test {
protected:
  void SetUp() override {
    SmallString<128> path;
    ASSERT_FALSE(sys::fs::createUniqueDirectory("lighthouse-assembler-test", path));
    root = path.str().str();
    for (const char *name : {"LIGHTHOUSE_PTXAS", "LIGHTHOUSE_NVDISASM", "CUDA_HOME", "CUDA_PATH"})
      unsetenv(name);
    old_path = std::getenv("PATH");
    setenv("PATH", (root + "/none").c_str(), 1);
  }
  void TearDown() override {
    setenv("PATH", old_path.c_str(), 1);
    for (const char *name : {"LIGHTHOUSE_PTXAS", "LIGHTHOUSE_NVDISASM", "CUDA_HOME"})
      unsetenv(name);
    (void)sys::fs::remove_directories(root);
  }

  /// A script that is a ptxas of that version; the folder above its bin.
  std::string install(const std::string &name, const std::string &version, const std::string &body) const {
    std::string folder = root + "/" + name;
    write(folder + "/bin", "ptxas",
          "if [ \"$1\" = --version ]; then echo 'Cuda compilation tools, release X, V" + version + "'; exit; fi\n" +
              body);
    return folder;
  }
  static std::string write(const std::string &folder, const std::string &name, const std::string &body) {
    EXPECT_FALSE(sys::fs::create_directories(folder));
    std::string file = folder + "/" + name;
    std::ofstream(file) << "#!/bin/sh\n" << body;
    EXPECT_FALSE(sys::fs::setPermissions(file, sys::fs::all_read | sys::fs::all_exe | sys::fs::owner_write));
    return file;
  }
  /// Identity and path of what is found, "none", or why it fails. A toolkit at /usr/local/cuda counts as none.
  static std::string found(const char *arch, std::optional<int> driver = std::nullopt) {
    Expected<std::optional<Assembler>> assembler = Assembler::find(cantFail(CudaTarget::fromArch(arch)), driver);
    if (!assembler)
      return toString(assembler.takeError());
    if (!*assembler || (*assembler)->path().starts_with("/usr/local/cuda/"))
      return "none";
    return (*assembler)->identity() + " " + (*assembler)->path().str();
  }

  std::string root, old_path;
};

/// Copies its input (the last argument but two) behind the mark of an ELF file, and says what a ptxas would.
const char *kCopies = R"(
while [ $# -gt 3 ]; do echo "option $1"; shift; done
echo "ptxas info    : Compiling entry function 'k' for 'sm_90a'" >&2
echo "ptxas info    : Used 8 registers, 256 bytes smem" >&2
{ printf '\177ELF'; while IFS= read -r line || [ "$line" ]; do echo "$line"; done <"$1"; } >"$3"
)";

} // namespace

TEST_F(AssemblerTest, TakesTheFirstThatFits) {
  EXPECT_EQ(found("sm_90a"), "none");
  std::string old = install("old", "11.8.89", ""), fine = install("fine", "12.8.61", ""),
              latest = install("latest", "13.0.88", "");
  setenv("PATH", (old + "/bin:" + latest + "/bin").c_str(), 1);
  EXPECT_EQ(found("sm_80"), "ptxas 11.8.89 " + old + "/bin/ptxas");
  EXPECT_EQ(found("sm_90a"), "ptxas 13.0.88 " + latest + "/bin/ptxas");
  setenv("CUDA_HOME", fine.c_str(), 1);
  EXPECT_EQ(found("sm_90a"), "ptxas 12.8.61 " + fine + "/bin/ptxas");
  EXPECT_EQ(found("sm_120a"), "ptxas 12.8.61 " + fine + "/bin/ptxas");
  EXPECT_EQ(found("sm_103a"), "ptxas 13.0.88 " + latest + "/bin/ptxas");
}

TEST_F(AssemblerTest, TheDriverMustLoadItsMachineCode) {
  std::string latest = install("latest", "13.0.88", "");
  setenv("CUDA_HOME", latest.c_str(), 1);
  EXPECT_EQ(found("sm_90a", 12080), "none");
  EXPECT_EQ(found("sm_90a", 13000), "ptxas 13.0.88 " + latest + "/bin/ptxas");
  EXPECT_EQ(found("sm_90a", 13010), "ptxas 13.0.88 " + latest + "/bin/ptxas");
}

TEST_F(AssemblerTest, FoldersOfPythonPackagesComeLast) {
  std::string package = install("site-packages/nvidia/cu13", "13.0.88", ""), path = install("path", "13.1.1", "");
  Assembler::addSearchFolders({package + "/bin"});
  Assembler::addSearchFolders({package + "/bin"});
  if (!sys::fs::exists("/usr/local/cuda/bin/ptxas")) {
    EXPECT_EQ(found("sm_90a"), "ptxas 13.0.88 " + package + "/bin/ptxas");
  }
  std::vector<std::string> programs = findToolkitPrograms("ptxas");
  EXPECT_EQ(programs.back(), package + "/bin/ptxas");
  setenv("PATH", (path + "/bin").c_str(), 1);
  EXPECT_EQ(found("sm_90a"), "ptxas 13.1.1 " + path + "/bin/ptxas");
}

TEST_F(AssemblerTest, NamedByTheUser) {
  std::string home = install("home", "13.0.88", ""), named = install("named", "12.0.76", "");
  setenv("CUDA_HOME", home.c_str(), 1);
  setenv("LIGHTHOUSE_PTXAS", (named + "/bin/ptxas").c_str(), 1);
  EXPECT_EQ(found("sm_90a"), "ptxas 12.0.76 " + named + "/bin/ptxas");
  EXPECT_EQ(found("sm_103a"), "LIGHTHOUSE_PTXAS expects a ptxas of CUDA 12.9 or later for sm_103a, but got '" + named +
                                  "/bin/ptxas', of CUDA 12.0");
  setenv("LIGHTHOUSE_PTXAS", "/bin/true", 1);
  EXPECT_EQ(found("sm_90a", 12080),
            "LIGHTHOUSE_PTXAS expects a ptxas of CUDA 12.0 to 12.x for sm_90a, but got '/bin/true', which is none");
  setenv("LIGHTHOUSE_PTXAS", "0", 1);
  EXPECT_EQ(found("sm_90a"), "none");
}

TEST_F(AssemblerTest, Assembles) {
  setenv("CUDA_HOME", install("cuda", "12.8.61", kCopies).c_str(), 1);
  CudaTarget target = cantFail(CudaTarget::fromArch("sm_90a"));
  std::optional<Assembler> assembler = cantFail(Assembler::find(target));
  ASSERT_TRUE(assembler);
  Expected<Assembled> assembled = assembler->assemble("// PTX", target);
  ASSERT_TRUE(bool(assembled)) << toString(assembled.takeError());
  EXPECT_EQ(StringRef(assembled->cubin.data(), assembled->cubin.size()), "\177ELF// PTX\n");
  EXPECT_NE(assembled->log.find("option --split-compile=8\noption -v\noption -arch=sm_90a\n"), std::string::npos)
      << assembled->log;
  std::vector<KernelUse> uses = parseAssemblyLog(assembled->log);
  ASSERT_EQ(uses.size(), 1u);
  EXPECT_EQ(uses[0].registers, 8);
}

/// Each waits for the others, ten seconds at most.
TEST_F(AssemblerTest, SeveralAtATime) {
  std::string wait = "meeting=" + root + "/meeting\n" + R"sh(
while [ $# -gt 3 ]; do shift; done
touch "$meeting/$$"
for try in 1 2 3 4 5 6 7 8 9 10; do
  if [ "$(ls "$meeting" | wc -l)" -ge 3 ]; then { printf '\177ELF'; cat "$1"; } >"$3"; exit; fi
  sleep 1
done
exit 1
)sh";
  ASSERT_FALSE(sys::fs::create_directories(root + "/meeting"));
  setenv("CUDA_HOME", install("cuda", "12.8.61", wait).c_str(), 1);
  CudaTarget target = cantFail(CudaTarget::fromArch("sm_90a"));
  std::optional<Assembler> assembler = cantFail(Assembler::find(target));
  ASSERT_TRUE(assembler);
  setenv("PATH", old_path.c_str(), 1);
  setenv("LIGHTHOUSE_NUM_THREADS", "3", 1);
  Expected<std::vector<Assembled>> assembled = assembler->assembleAll({"a", "b", "c"}, target);
  unsetenv("LIGHTHOUSE_NUM_THREADS");
  ASSERT_TRUE(bool(assembled)) << toString(assembled.takeError());
  std::string texts;
  for (const Assembled &each : *assembled)
    texts += StringRef(each.cubin.data(), each.cubin.size()).drop_front(4);
  EXPECT_EQ(texts, "abc");
}

TEST_F(AssemblerTest, TheFirstFailureIsTold) {
  std::string body = R"sh(
while [ $# -gt 3 ]; do shift; done
read -r line <"$1"
if [ "$line" = fine ]; then printf '\177ELF' >"$3"; exit; fi
echo "no $line"
exit 1
)sh";
  setenv("CUDA_HOME", install("cuda", "12.8.61", body).c_str(), 1);
  CudaTarget target = cantFail(CudaTarget::fromArch("sm_90a"));
  std::optional<Assembler> assembler = cantFail(Assembler::find(target));
  Expected<std::vector<Assembled>> assembled = assembler->assembleAll({"fine\n", "b\n", "c\n"}, target);
  ASSERT_FALSE(bool(assembled));
  EXPECT_EQ(toString(assembled.takeError()), root + "/cuda/bin/ptxas ended with status 1\nno b\n");
  EXPECT_TRUE(cantFail(assembler->assembleAll({}, target)).empty());
}

TEST_F(AssemblerTest, OldOnesHaveNoThreads) {
  std::string refuses =
      "case $1 in --split*) echo \"ptxas fatal   : Unknown option '-split-compile'\" >&2; exit 255;; esac";
  setenv("CUDA_HOME", install("cuda", "12.0.76", refuses + kCopies).c_str(), 1);
  CudaTarget target = cantFail(CudaTarget::fromArch("sm_90a"));
  Expected<Assembled> assembled = cantFail(Assembler::find(target))->assemble("// PTX", target);
  ASSERT_TRUE(bool(assembled)) << toString(assembled.takeError());
  EXPECT_EQ(StringRef(assembled->cubin.data(), assembled->cubin.size()), "\177ELF// PTX\n");
}

TEST_F(AssemblerTest, FailuresComeWithTheOutput) {
  CudaTarget target = cantFail(CudaTarget::fromArch("sm_90a"));
  auto failure = [&](const std::string &name, const std::string &body) {
    setenv("CUDA_HOME", install(name, "12.8.61", body).c_str(), 1);
    Expected<Assembled> assembled = cantFail(Assembler::find(target))->assemble("// PTX", target);
    return assembled ? "assembled" : toString(assembled.takeError());
  };
  std::string program = root + "/a/bin/ptxas";
  EXPECT_EQ(failure("a", "echo 'ptxas fatal: no' >&2; exit 255\n"),
            program + " ended with status 255\nptxas fatal: no\n");
  EXPECT_NE(failure("b", "kill -9 $$\n"), "assembled");
  EXPECT_EQ(failure("c", "echo nothing\n"), root + "/c/bin/ptxas: expects it to write a cubin, but got 0 other bytes");
}

TEST_F(AssemblerTest, Disassembles) {
  auto text = [] {
    Expected<std::string> sass = disassemble("\177ELF");
    return sass ? *sass : toString(sass.takeError());
  };
  if (findToolkitPrograms("nvdisasm").empty() && findToolkitPrograms("cuobjdump").empty()) {
    EXPECT_EQ(text(), "expects nvdisasm or cuobjdump of the CUDA toolkit in $CUDA_HOME/bin or on PATH, or "
                      "LIGHTHOUSE_NVDISASM to name the former, but found neither; without a toolkit: pip install "
                      "nvidia-cuda-nvcc nvidia-cuda-nvdisasm, and python -m lighthouse finds them");
  }
  setenv("CUDA_HOME", (root + "/cuda").c_str(), 1);
  if (findToolkitPrograms("nvdisasm").empty()) {
    write(root + "/cuda/bin", "cuobjdump", "echo cuobjdump $1\n");
    EXPECT_EQ(text(), "cuobjdump -sass\n");
  }
  write(root + "/cuda/bin", "nvdisasm", "echo nvdisasm $1\n");
  EXPECT_EQ(text(), "nvdisasm -c\n");
  setenv("LIGHTHOUSE_NVDISASM", write(root, "mine", "echo mine\n").c_str(), 1);
  EXPECT_EQ(text(), "mine\n");
}

TEST_F(AssemblerTest, TheRealOne) {
  setenv("PATH", old_path.c_str(), 1);
  CudaTarget target = cantFail(CudaTarget::fromArch("sm_90a"));
  std::optional<Assembler> assembler = cantFail(Assembler::find(target));
  if (!assembler)
    GTEST_SKIP() << "this machine has no ptxas";
  Expected<Assembled> assembled = assembler->assemble(R"(
.version 8.0
.target sm_90a
.address_size 64
.visible .entry kernel(.param .u64 p) .reqntid 128
{
  .reg .u64 %r;
  .shared .align 4 .b8 tile[256];
  ld.param.u64 %r, [p];
  st.global.u64 [%r], %r;
  ret;
})",
                                                      target);
  ASSERT_TRUE(bool(assembled)) << toString(assembled.takeError());
  std::vector<KernelUse> uses = parseAssemblyLog(assembled->log);
  ASSERT_EQ(uses.size(), 1u) << assembled->log;
  EXPECT_EQ(uses[0].kernel, "kernel");
  EXPECT_GT(uses[0].registers, 0);
  Expected<Assembled> wrong = assembler->assemble("nonsense", target);
  ASSERT_FALSE(bool(wrong));
  EXPECT_NE(toString(wrong.takeError()).find("fatal"), std::string::npos);
}

TEST(AssemblyLog, Kernels) {
  std::vector<KernelUse> uses = parseAssemblyLog(R"(
ptxas info    : (C7508) Potential Performance Loss: 'setmaxnreg' ignored; unable to determine register count at entry.
ptxas info    : (C7517) warpgroup.wait is injected in around line 169 by compiler to allow use of registers defined by GMMA in function 'first'
ptxas info    : 0 bytes gmem
ptxas info    : (C7510) Potential Performance Loss: wgmma.mma_async instructions are serialized in function 'second'
ptxas info    : Compiling entry function 'first' for 'sm_90a'
ptxas info    : Function properties for first
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 168 registers, used 9 barriers, 1024 bytes smem
ptxas info    : Compile time = 17.769 ms
ptxas info    : Compiling entry function 'second' for 'sm_90a'
ptxas info    : Function properties for second
    48 bytes stack frame, 40 bytes spill stores, 44 bytes spill loads
ptxas info    : Used 255 registers, 380 bytes cmem[0]
)");
  ASSERT_EQ(uses.size(), 2u);
  EXPECT_EQ(uses[0].kernel, "first");
  EXPECT_EQ(uses[0].registers, 168);
  EXPECT_EQ(uses[0].shared_bytes, 1024);
  EXPECT_EQ(uses[0].stack_bytes, 0);
  ASSERT_EQ(uses[0].notes.size(), 2u);
  EXPECT_EQ(uses[0].notes[0], "(C7508) Potential Performance Loss: 'setmaxnreg' ignored; unable to determine register "
                              "count at entry.")
      << "it names no kernel, so it is a note of each";
  EXPECT_EQ(uses[0].notes[1].find("(C7517) warpgroup.wait is injected"), 0u);
  EXPECT_EQ(uses[1].stack_bytes, 48);
  EXPECT_EQ(uses[1].spill_store_bytes, 40);
  EXPECT_EQ(uses[1].spill_load_bytes, 44);
  EXPECT_EQ(uses[1].registers, 255);
  EXPECT_EQ(uses[1].shared_bytes, 0);
  ASSERT_EQ(uses[1].notes.size(), 2u);
  EXPECT_EQ(uses[1].notes[0], uses[0].notes[0]);
  EXPECT_EQ(uses[1].notes[1].find("(C7510) Potential Performance Loss"), 0u);
  EXPECT_TRUE(parseAssemblyLog("").empty());
}

TEST(AssemblyLog, SlowCode) {
  EXPECT_EQ(KernelUse{.registers = 255}.slowness(), "");
  EXPECT_EQ(KernelUse{.spill_store_bytes = 8}.slowness(), "spills 8 bytes");
  EXPECT_EQ((KernelUse{.notes = {"(C7602) of something else", "(C7510) one after another"}}.slowness()),
            "(C7510) one after another");
  for (const char *note : {"(C7509) a", "(C7520) a", "(C751) a", "see (C7510)"})
    EXPECT_EQ((KernelUse{.notes = {note}}.slowness()), "") << note;
}
