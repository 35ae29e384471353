#include "support/cpu.hpp"

#include <algorithm>
#include <fstream>
#include <initializer_list>
#include <string>
#include <thread>

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sched.h>
#endif

namespace qwop::support {
namespace {

constexpr std::uint32_t bits(std::initializer_list<int> positions) {
  std::uint32_t mask = 0;
  for (const int position : positions) mask |= std::uint32_t{1} << position;
  return mask;
}
constexpr bool has(std::uint64_t word, std::uint64_t mask) { return (word & mask) == mask; }

// What each level adds to the one below, from the x86-64 psABI, table 3.1.
namespace v2 {
// SSE3, SSSE3, CMPXCHG16B, SSE4.1, SSE4.2, POPCNT
constexpr std::uint32_t kLeaf1Ecx = bits({0, 9, 13, 19, 20, 23});
constexpr std::uint32_t kExtended1Ecx = bits({0});  // LAHF and SAHF
}  // namespace v2
namespace v3 {
constexpr std::uint32_t kLeaf1Ecx = bits({12, 22, 27, 28, 29});  // FMA, MOVBE, OSXSAVE, AVX, F16C
constexpr std::uint32_t kLeaf7Ebx = bits({3, 5, 8});             // BMI1, AVX2, BMI2
constexpr std::uint32_t kExtended1Ecx = bits({5});               // LZCNT
constexpr std::uint64_t kSavedState = bits({1, 2});              // XMM, YMM
}  // namespace v3
namespace v4 {
constexpr std::uint32_t kLeaf7Ebx = bits({16, 17, 28, 30, 31});  // AVX-512 F, DQ, CD, BW, VL
constexpr std::uint64_t kSavedState = bits({5, 6, 7});           // masks, upper halves, ZMM16-31
}  // namespace v4

int affinity_cores() {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return static_cast<int>(std::thread::hardware_concurrency());
}

// Cores that a container's quota amounts to, rounded up; a large number where there is none.
int quota_cores() {
  constexpr int kNone = 1 << 20;
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0.0;
  if (v2 >> quota >> period && quota != "max" && period > 0.0) {
    return static_cast<int>(std::stod(quota) / period + 0.999);
  }
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double limit = 0.0;
  if (v1_quota >> limit && v1_period >> period && limit > 0.0 && period > 0.0) {
    return static_cast<int>(limit / period + 0.999);
  }
  return kNone;
}

}  // namespace

CpuidWords read_cpuid() {
  CpuidWords words;
#if defined(__x86_64__)
  constexpr std::uint32_t kOsxsave = bits({27});
  std::uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx)) words.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx)) words.leaf7_ebx = ebx;
  if (__get_cpuid(0x80000001, &eax, &ebx, &ecx, &edx)) words.extended1_ecx = ecx;
  if (has(words.leaf1_ecx, kOsxsave)) {
    // xgetbv; the intrinsic would need a compiler flag of its own.
    asm volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
    words.saved_state = std::uint64_t{edx} << 32 | eax;
  }
#endif
  return words;
}

int x86_64_level(const CpuidWords& words) {
  if (!has(words.leaf1_ecx, v2::kLeaf1Ecx) || !has(words.extended1_ecx, v2::kExtended1Ecx)) {
    return 1;
  }
  if (!has(words.leaf1_ecx, v3::kLeaf1Ecx) || !has(words.leaf7_ebx, v3::kLeaf7Ebx) ||
      !has(words.extended1_ecx, v3::kExtended1Ecx) || !has(words.saved_state, v3::kSavedState)) {
    return 2;
  }
  return has(words.leaf7_ebx, v4::kLeaf7Ebx) && has(words.saved_state, v4::kSavedState) ? 4 : 3;
}

int usable_cores() { return std::max(1, std::min(affinity_cores(), quota_cores())); }

}  // namespace qwop::support
