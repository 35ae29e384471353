#include "support/instruction_set.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <stdexcept>

#include "support/cpu.hpp"

namespace qwop::support {
namespace {

struct Entry {
  InstructionSet set;
  const char* name;
  int x86_64_level;  // that its files are compiled for; 0 where any processor will do
};

// Which files are compiled is decided in CMake (qwop_kernels), which defines QWOP_WIDE_KERNELS.
constexpr Entry kTable[] = {
    {InstructionSet::kScalar, "scalar", 0},
#if defined(__SSE2__)
    {InstructionSet::kSimd128, "sse2", 1},
#elif defined(__aarch64__)
    {InstructionSet::kSimd128, "neon", 0},
#else
    {InstructionSet::kSimd128, "simd128", 0},
#endif
#if defined(QWOP_WIDE_KERNELS)
    {InstructionSet::kAvx2, "avx2", 3},
    {InstructionSet::kAvx512, "avx512", 4},
#endif
};

int level_here() {
  static const int level = x86_64_level(read_cpuid());
  return level;
}

std::optional<InstructionSet> find(std::string_view name, InstructionSet smallest) {
  for (const Entry& entry : kTable) {
    if (entry.name == name && entry.set >= smallest && available(entry.set)) return entry.set;
  }
  return std::nullopt;
}

[[noreturn]] void refuse(std::string_view what, std::string_view name, InstructionSet smallest) {
  std::ostringstream message;
  message << what << " '" << name << "' is not available here; this processor has";
  const char* before = " ";
  for (const InstructionSet set : available_sets(smallest)) {
    message << before << to_string(set);
    before = ", ";
  }
  throw std::invalid_argument(message.str());
}

}  // namespace

std::string_view to_string(InstructionSet set) {
  for (const Entry& entry : kTable) {
    if (entry.set == set) return entry.name;
  }
  return "unknown";
}

bool available(InstructionSet set) {
  for (const Entry& entry : kTable) {
    if (entry.set == set) return entry.x86_64_level == 0 || level_here() >= entry.x86_64_level;
  }
  return false;
}

std::vector<InstructionSet> available_sets(InstructionSet smallest) {
  std::vector<InstructionSet> sets;
  for (const Entry& entry : kTable) {
    if (entry.set >= smallest && available(entry.set)) sets.push_back(entry.set);
  }
  return sets;
}

InstructionSet choose_instruction_set(std::string_view name, InstructionSet smallest) {
  if (!name.empty()) {
    const auto named = find(name, smallest);
    if (!named) refuse("instruction_set", name, smallest);
    return *named;
  }
  const char* variable = std::getenv(kInstructionSetVariable);
  if (variable == nullptr || *variable == '\0') return available_sets(smallest).back();
  const auto named = find(variable, InstructionSet::kScalar);
  if (!named) refuse(kInstructionSetVariable, variable, InstructionSet::kScalar);
  return std::max(*named, smallest);
}

}  // namespace qwop::support
