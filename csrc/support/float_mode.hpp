// The processor's mode for calculations with floats: rounding, denormals, traps.
//
// It belongs to the thread, and any library may change it: torch.set_flush_denormal, fesetround,
// feenableexcept, -ffast-math at the start of a process. The engine gives the browser's bits in the
// plain mode only, so it computes in that one whatever the caller's is.
#pragma once

#include <cstdint>

#if defined(__SSE2__) || defined(_M_X64)
#include <immintrin.h>
#elif !defined(__aarch64__)
#include <cfenv>
#endif

namespace qwop::support {

// The register that holds the mode.
struct FloatControl {
#if defined(__SSE2__) || defined(_M_X64)
  using Word = unsigned int;
  static constexpr Word kPlain = 0x1f80;  // to nearest, denormals kept, every trap masked
  static constexpr Word kFlags = 0x003f;  // what has happened: no part of the mode
  static constexpr Word kFlush = 0x8040;  // flush to zero, denormals are zero
  static Word read() { return _mm_getcsr(); }
  static void write(Word word) { _mm_setcsr(word); }
#elif defined(__aarch64__)
  using Word = std::uint64_t;
  static constexpr Word kPlain = 0;
  static constexpr Word kFlags = 0;              // in a register of their own
  static constexpr Word kFlush = Word{1} << 24;  // FZ
  static Word read() {
    Word word;
    asm volatile("mrs %0, fpcr" : "=r"(word) : : "memory");
    return word;
  }
  static void write(Word word) { asm volatile("msr fpcr, %0" : : "r"(word) : "memory"); }
#else
  // The rounding alone: there is no portable word for the rest.
  using Word = int;
  static constexpr Word kPlain = FE_TONEAREST;
  static constexpr Word kFlags = 0;
  static constexpr Word kFlush = 0;
  static Word read() { return std::fegetround(); }
  static void write(Word word) { std::fesetround(word); }
#endif
};

// The plain mode on this thread while it lives, then again what was before. Flags that are raised
// meanwhile are forgotten where the caller's mode is another, since there they could trap.
//
// The two are calls that no compiler looks into: to it arithmetic depends on no register of
// control, and it may move what it sees beside the change to the other side.
class FloatMode {
 public:
  FloatMode();
  ~FloatMode();
  FloatMode(const FloatMode&) = delete;
  FloatMode& operator=(const FloatMode&) = delete;

 private:
  FloatControl::Word before_;
};

}  // namespace qwop::support
