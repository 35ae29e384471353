// What the processor and the operating system have to offer.
#pragma once

#include <cstdint>

namespace qwop::support {

// The words of x86's cpuid and xgetbv that tell the levels of the x86-64 ABI apart.
struct CpuidWords {
  std::uint32_t leaf1_ecx = 0, leaf7_ebx = 0, extended1_ecx = 0;
  std::uint64_t saved_state = 0;  // XCR0: the registers that the operating system saves
};
CpuidWords read_cpuid();  // all zero on other processors

// The level, 1 to 4, whose every instruction may be used: what a compiler takes for granted under
// -march=x86-64, -march=x86-64-v2 and so on. A hypervisor may hide single instructions of a level.
int x86_64_level(const CpuidWords& words);

// Cores this process may use: its affinity and, on Linux, its cgroup's quota. At least 1.
int usable_cores();

}  // namespace qwop::support
