// The processor's level: against the compiler's own detection, and with single features hidden, as
// a hypervisor or an emulator may hide them. Then the names and the environment variable.
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "support/cpu.hpp"
#include "support/instruction_set.hpp"

namespace {

using namespace qwop::support;

int failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  std::printf("failed: %s\n", what.c_str());
  ++failures;
}

constexpr CpuidWords kLevel4{~0u, ~0u, ~0u, ~0ull};

void expect_level(int level, const std::string& what, const CpuidWords& words) {
  expect(x86_64_level(words) == level, what + ": level " + std::to_string(x86_64_level(words)) +
                                           ", expected " + std::to_string(level));
}

// One bit of one word cleared.
void check_hidden(const char* feature, int level, std::uint32_t CpuidWords::* word, int bit) {
  CpuidWords words = kLevel4;
  words.*word &= ~(1u << bit);
  expect_level(level, std::string("without ") + feature, words);
}

void check_hidden_features() {
  expect_level(4, "everything", kLevel4);
  expect_level(1, "nothing", {});
  constexpr auto kEcx = &CpuidWords::leaf1_ecx, kEbx = &CpuidWords::leaf7_ebx;
  check_hidden("SSSE3", 1, kEcx, 9);
  check_hidden("POPCNT", 1, kEcx, 23);
  check_hidden("FMA", 2, kEcx, 12);
  check_hidden("MOVBE", 2, kEcx, 22);
  check_hidden("OSXSAVE", 2, kEcx, 27);
  check_hidden("F16C", 2, kEcx, 29);
  check_hidden("LZCNT", 2, &CpuidWords::extended1_ecx, 5);
  check_hidden("BMI1", 2, kEbx, 3);
  check_hidden("AVX2", 2, kEbx, 5);
  check_hidden("BMI2", 2, kEbx, 8);
  check_hidden("AVX512F", 3, kEbx, 16);
  check_hidden("AVX512DQ", 3, kEbx, 17);
  check_hidden("AVX512CD", 3, kEbx, 28);
  check_hidden("AVX512BW", 3, kEbx, 30);
  check_hidden("AVX512VL", 3, kEbx, 31);
  CpuidWords words = kLevel4;
  words.saved_state = 0x3;  // what an old kernel saves: x87 and SSE
  expect_level(2, "YMM not saved", words);
  words.saved_state = 0x7;
  expect_level(3, "ZMM not saved", words);
}

void check_against_compiler() {
#if defined(__x86_64__) && !defined(__clang__) && __GNUC__ >= 12
  const int level = x86_64_level(read_cpuid());
  expect((level >= 2) == (__builtin_cpu_supports("x86-64-v2") != 0), "v2 as gcc sees it");
  expect((level >= 3) == (__builtin_cpu_supports("x86-64-v3") != 0), "v3 as gcc sees it");
  expect((level >= 4) == (__builtin_cpu_supports("x86-64-v4") != 0), "v4 as gcc sees it");
#endif
}

// What choose_instruction_set says of a name under a value of the variable.
std::string choose(const char* name, const char* variable,
                   InstructionSet smallest = InstructionSet::kScalar) {
#if defined(_WIN32)
  _putenv_s(kInstructionSetVariable, variable);
#else
  setenv(kInstructionSetVariable, variable, 1);
#endif
  try {
    return std::string(to_string(choose_instruction_set(name, smallest)));
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

void expect_text(const std::string& found, const std::string& expected) {
  expect(found == expected, "'" + found + "', expected '" + expected + "'");
}

void check_choice() {
  const auto smallest = InstructionSet::kSimd128;
  const std::string best(to_string(available_sets().back())), baseline(to_string(smallest));
  expect_text(choose("", ""), best);
  expect_text(choose("", "scalar"), "scalar");
  expect_text(choose("", "scalar", smallest), baseline);
  expect_text(choose(best.c_str(), "scalar"), best);
  std::string sets;
  for (const auto set : available_sets()) {
    if (!sets.empty()) sets += ", ";
    sets += to_string(set);
    expect_text(choose("", std::string(to_string(set)).c_str()), std::string(to_string(set)));
  }
  const std::string refusal = " is not available here; this processor has ";
  expect_text(choose("", "mmx"), "QWOP_NATIVE_ISA 'mmx'" + refusal + sets);
  expect_text(choose("AVX2", ""), "instruction_set 'AVX2'" + refusal + sets);
  expect_text(choose("scalar", "", smallest),
              "instruction_set 'scalar'" + refusal + sets.substr(sets.find(baseline)));
}

}  // namespace

int main() {
  check_hidden_features();
  check_against_compiler();
  check_choice();
  std::printf("%d failures\n", failures);
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
