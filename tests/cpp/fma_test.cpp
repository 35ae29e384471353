// The fused multiply-add in software against the processor's, bit for bit: random triples of all
// exponents, sums that nearly cancel, ties, the edges of the range, zeros and infinities.
//
// Usage: fma_test [TRIPLES]. Processors without one compare the two ways of the software instead.
#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "support/simd_f64.hpp"

namespace {

using namespace qwop;

long failures = 0;

#if defined(__x86_64__)
bool has_instruction() { return __builtin_cpu_supports("fma"); }
__attribute__((target("avx,fma"))) double instruction(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
#elif defined(QWOP_HARDWARE_FMA)
bool has_instruction() { return true; }
double instruction(double a, double b, double c) { return __builtin_fma(a, b, c); }
#else
bool has_instruction() { return false; }
double instruction(double a, double b, double c) {
  return lanes::software::fused_in_integers(a, b, c);
}
#endif

bool same(double a, double b) {
  return lanes::to_bits(a) == lanes::to_bits(b) || (std::isnan(a) && std::isnan(b));
}

void expect(const char* way, double got, double wanted, double a, double b, double c) {
  if (same(got, wanted) || ++failures > 20) return;
  std::printf("%s: fma(%a, %a, %a) is %a, not %a\n", way, a, b, c, got, wanted);
}

void check(double a, double b, double c) {
  const double wanted = instruction(a, b, c);
  expect("software", lanes::fma_in_software(a, b, c), wanted, a, b, c);
  expect("integers", lanes::software::fused_in_integers(a, b, c), wanted, a, b, c);
  using Two = lanes::Lanes<2>;
  Two x = a, y = b, z = c;
  z.set(1, 0.5);  // one lane of awkward numbers, one of plain ones
  x.set(1, 1.5), y.set(1, 2.5);
  const Two fused = lanes::fma_in_software(x, y, z);
  expect("lanes", fused[0], wanted, a, b, c);
  expect("lanes", fused[1], 4.25, 1.5, 2.5, 0.5);
}

class Numbers {
 public:
  std::uint64_t bits() {  // splitmix64
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }
  // Of any exponent.
  double any() { return lanes::from_bits(static_cast<std::int64_t>(bits())); }
  // 2^exponent to 2^(exponent + 1), often with few bits set or few that are not, for ties.
  double near(int exponent) {
    std::uint64_t fraction = bits() >> 12;
    const auto kind = bits() % 4;
    const int kept = static_cast<int>(bits() % 52);
    if (kind == 0) fraction = fraction >> kept << kept;
    if (kind == 1) fraction |= (std::uint64_t{1} << kept) - 1;
    if (kind == 2) fraction = std::uint64_t{1} << kept;
    const double one = lanes::from_bits(static_cast<std::int64_t>(fraction | 1023ull << 52));
    return std::ldexp((bits() & 1) != 0 ? -one : one, exponent);
  }
  int between(int low, int high) {
    return low + static_cast<int>(bits() % static_cast<std::uint64_t>(high - low + 1));
  }

 private:
  std::uint64_t state_ = 1;
};

void check_awkward() {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::array values = {0.0,
                             1.0,
                             0.1,
                             3.0,
                             0x1p-1074,
                             0x1.fffffffffffffp-1023,
                             0x1p-1022,
                             0x1.0000000000001p-1022,
                             0x1p-53,
                             0x1p-538,
                             0x1p-537,
                             0x1p511,
                             0x1p512,
                             0x1p900,
                             0x1p-900,
                             0x1.fffffffffffffp1023,
                             0x1p1023,
                             0x1.8p52,
                             0x1.0000000000001p0,
                             0x1.fffffffffffffp-1,
                             kInfinity,
                             std::numeric_limits<double>::quiet_NaN()};
  for (const double a : values) {
    for (const double b : values) {
      for (const double c : values) {
        for (int signs = 0; signs < 8; ++signs) {
          check((signs & 1) != 0 ? -a : a, (signs & 2) != 0 ? -b : b, (signs & 4) != 0 ? -c : c);
        }
      }
    }
  }
}

void check_random(long count) {
  Numbers numbers;
  for (long i = 0; i < count; ++i) {
    check(numbers.any(), numbers.any(), numbers.any());
    // Plain numbers, the third from far above the product to far below it.
    double a = numbers.near(numbers.between(-40, 40)), b = numbers.near(numbers.between(-40, 40));
    check(a, b, std::ldexp(numbers.near(0), std::ilogb(a * b) + numbers.between(-120, 60)));
    // Products that a third number nearly, or but for the rounding, takes away.
    const double product = a * b;
    check(a, b, -product);
    check(a, b, -lanes::from_bits(lanes::to_bits(product) + numbers.between(-2, 2)));
    // Results on both sides of the smallest normal number, and of the greatest.
    const int split = numbers.between(-600, 600);
    for (const int edge : {numbers.between(-1080, -1015), numbers.between(1018, 1024)}) {
      a = numbers.near(edge / 2 + split % 400), b = numbers.near(edge - edge / 2 - split % 400);
      check(a, b, numbers.near(edge + numbers.between(-60, 2)));
      check(a, b, 0.0 * a);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  const long count = argc > 1 ? std::strtol(argv[1], nullptr, 10) : 1'000'000;
  check_awkward();
  check_random(count);
  std::printf("%ld failures against the %s\n", failures,
              has_instruction() ? "processor's instruction" : "sum in integers");
  return failures == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
