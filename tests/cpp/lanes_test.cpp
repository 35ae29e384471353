// Lanes against single doubles, bit for bit: the whole vocabulary of simd_f64.hpp on awkward
// values, then sine and cosine in every flavor and width on COUNT arguments (first command line
// argument).
//
// Prints what differs, and for each flavor a hash over the results of the single doubles, which is
// the same in every build. Built once for each instruction set (run_on_set.cpp).
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "libm/sincos.hpp"
#include "run_on_set.hpp"

namespace {

using namespace qwop;

long g_failures = 0;

bool same(double a, double b) {
  return lanes::to_bits(a) == lanes::to_bits(b) || (std::isnan(a) && std::isnan(b));
}

void expect_same(const char* what, int width, double lane, double single, double x, double y) {
  if (same(lane, single)) return;
  if (++g_failures <= 20) {
    std::printf("%s, %d lanes, of %a and %a: %a instead of %a\n", what, width, x, y, lane, single);
  }
}

// ---- vocabulary ------------------------------------------------------------------------------

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr std::array kAwkward = {0.0,
                                 -0.0,
                                 1.0,
                                 -1.0,
                                 0.1,
                                 -3.75,
                                 1e-310,
                                 -5e-324,
                                 1e308,
                                 -1e308,
                                 kInfinity,
                                 -kInfinity,
                                 0x1p-53,
                                 0x1p+1023,
                                 0.999999,
                                 -0x1.8p+52,
                                 std::numeric_limits<double>::quiet_NaN(),
                                 2.0};

// Applies f to every pair of awkward values, in all lanes and singly.
template <class L, class F>
void for_all_pairs(const char* what, F f) {
  constexpr int kWidth = lanes::kWidth<L>;
  for (const double x : kAwkward) {
    for (std::size_t first = 0; first < kAwkward.size(); ++first) {
      L y = 0.0;
      for (int i = 0; i < kWidth; ++i) {
        y.set(i, kAwkward[(first + static_cast<std::size_t>(i)) % kAwkward.size()]);
      }
      const L result = f(L(x), y);
      for (int i = 0; i < kWidth; ++i) {
        expect_same(what, kWidth, result[i], f(x, y[i]), x, y[i]);
      }
    }
  }
}

#define QWOP_CHECK(expression)                       \
  for_all_pairs<L>(#expression, [](auto x, auto y) { \
    using F = decltype(x + y);                       \
    return F(expression);                            \
  })

template <class L>
void check_arithmetic() {
  QWOP_CHECK(x + y);
  QWOP_CHECK(x - y);
  QWOP_CHECK(x * y);
  QWOP_CHECK(x / y);
  QWOP_CHECK(-y);
  QWOP_CHECK(2.0 * y + 1.0);
  QWOP_CHECK(lanes::abs(y));
  QWOP_CHECK(lanes::sqrt(y));
  QWOP_CHECK(lanes::copysign(x, y));
  QWOP_CHECK(lanes::flip_sign(x, lanes::to_bits(y)));
  QWOP_CHECK(lanes::from_bits(lanes::to_bits(y)));
  QWOP_CHECK(lanes::min(x, y));
  QWOP_CHECK(lanes::max(x, y));
  QWOP_CHECK(lanes::clamp(y, -1.0, 2.0));
  QWOP_CHECK(lanes::fma(x, y, F(0.1)));
  QWOP_CHECK(lanes::fma(-x, y, y));
}

template <class L>
void check_choice() {
  QWOP_CHECK(lanes::select(x < y, x, y + 1.0));
  QWOP_CHECK(lanes::select(x <= y, x, y + 1.0));
  QWOP_CHECK(lanes::select(x > y, x, y + 1.0));
  QWOP_CHECK(lanes::select(x >= y, x, y + 1.0));
  QWOP_CHECK(lanes::select(x == y, x, y + 1.0));
  QWOP_CHECK(lanes::select(x != y, x, y + 1.0));
  QWOP_CHECK(lanes::select(lanes::both(x < y, y < F(1.0)), x, y));
  QWOP_CHECK(lanes::select(lanes::either(x < y, y < F(1.0)), x, y));
  QWOP_CHECK(lanes::select(lanes::negate(x < y), x, y));
  QWOP_CHECK(lanes::select((lanes::to_bits(y) & 1) != 0, x, y));
}

// any, all and the bits of a mask with every single lane on and off.
template <class L>
void check_masks() {
  constexpr int kWidth = lanes::kWidth<L>;
  for (int lane = 0; lane < kWidth; ++lane) {
    L one = 0.0;
    one.set(lane, 1.0);
    const auto on = one > L(0.5);
    const bool right = lanes::any(on) && !lanes::all(on) && lanes::lane_bits(on) == 1u << lane &&
                       lanes::any(lanes::negate(on)) && !lanes::all(lanes::negate(on)) &&
                       !lanes::any(one < L(-1.0)) && lanes::all(one < L(2.0));
    if (!right) {
      std::printf("masks of %d lanes are wrong in lane %d\n", kWidth, lane);
      ++g_failures;
    }
  }
}

// ---- sine and cosine -------------------------------------------------------------------------

class Arguments {
 public:
  explicit Arguments(double domain) : domain_(domain) {}

  // Uniform ones of several sizes; near multiples of pi/2, half steps of the table and the ends of
  // the ranges; of every magnitude down to denormal; and now and then one outside the domain.
  double next(long i) {
    const auto sign = static_cast<std::int64_t>(bits());
    if (i % 1000 == 999) return lanes::flip_sign(outside(), sign);
    const double x = std::fabs(draw(i % 4));
    return lanes::flip_sign(x < domain_ ? x : unit() * domain_, sign);
  }

 private:
  double draw(long kind) {
    constexpr double kHalfPi = 1.5707963267948966;
    constexpr std::array kSizes = {0.2, 0.9, 2.5, 6.0, 100.0, 1e5};
    constexpr std::array kEnds = {0x1p-26, 0x1p-27,      0.126,        0.85546875,   0x1.368fdp+1,
                                  0.3,     0x1.921fcp-1, 0x1.2d97cp+1, 0x1.33333p-2, 0x1.90001p-1};
    if (kind == 0) {
      const double size = kSizes[bits() % kSizes.size()];
      return unit() * size;
    }
    if (kind == 1) return nudged(static_cast<double>(bits() % 5000) * kHalfPi, 36);
    if (kind == 2) {
      const double k = static_cast<double>(bits() % 224) / 256;
      const double turns = static_cast<double>(bits() % 4);
      return nudged((bits() & 1) != 0 ? kEnds[bits() % kEnds.size()] : turns * kHalfPi - k, 8);
    }
    const std::uint64_t exponent = bits() % 1050;
    return lanes::from_bits(static_cast<std::int64_t>(exponent << 52 | bits() >> 12));
  }

  double outside() {
    const std::array values = {domain_, 1e300, kInfinity, std::nan("")};
    return values[bits() % values.size()];
  }

  double nudged(double x, int most_bits) {
    const auto by =
        bits() >> (64 - static_cast<int>(bits() % static_cast<unsigned>(most_bits) + 1));
    return lanes::from_bits(lanes::to_bits(x) + static_cast<std::int64_t>(by));
  }
  double unit() { return static_cast<double>(bits() >> 11) * 0x1p-53; }

  // splitmix64, so that the arguments are the same everywhere.
  std::uint64_t bits() {
    state_ += 0x9e3779b97f4a7c15;
    std::uint64_t z = state_;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
  }

  double domain_;
  std::uint64_t state_ = 1;
};

constexpr int kBlock = 16;
using Block = std::array<double, kBlock>;

template <SinCosFlavor kFlavor, int W>
void check_width(const Block& x, const Block& sine, const Block& cosine) {
  for (int i = 0; i < kBlock; i += W) {
    const auto r = sincos<kFlavor>(lanes::Lanes<W>::load(&x[static_cast<std::size_t>(i)]));
    for (int lane = 0; lane < W; ++lane) {
      const auto at = static_cast<std::size_t>(i + lane);
      expect_same("sin", W, r.sin[lane], sine[at], x[at], 0.0);
      expect_same("cos", W, r.cos[lane], cosine[at], x[at], 0.0);
    }
  }
}

// Over the results for kHashed arguments.
constexpr long kHashed = 1'000'000;
constexpr std::array<std::uint64_t, kSinCosFlavors> kHashes = {
    0x023b5ebc0f4c0d9b, 0x810e512c30003154, 0xfd01e4077f2ba6c7};

void check_hash(SinCosFlavor flavor, std::uint64_t hash, long count) {
  std::printf("%s %016llx\n", to_string(flavor).data(), static_cast<unsigned long long>(hash));
  if (count != kHashed || hash == kHashes[static_cast<std::size_t>(flavor)]) return;
  std::printf("  is not the hash of every other build\n");
  ++g_failures;
}

template <SinCosFlavor kFlavor>
void check_flavor(long count, double domain) {
  Arguments arguments(domain);
  std::uint64_t hash = 0xcbf29ce484222325;
  for (long i = 0; i < count; i += kBlock) {
    Block x, sine, cosine;
    for (std::size_t j = 0; j < kBlock; ++j) {
      x[j] = arguments.next(i + static_cast<long>(j));
      const auto r = sincos<kFlavor>(x[j]);
      sine[j] = r.sin;
      cosine[j] = r.cos;
      if (std::isnan(r.sin)) continue;  // a NaN's sign and payload are the processor's business
      for (const double v : {r.sin, r.cos}) {
        hash = (hash ^ static_cast<std::uint64_t>(lanes::to_bits(v))) * 0x100000001b3;
      }
    }
    check_width<kFlavor, 2>(x, sine, cosine);
    check_width<kFlavor, 4>(x, sine, cosine);
    check_width<kFlavor, 8>(x, sine, cosine);
    check_width<kFlavor, 16>(x, sine, cosine);
  }
  check_hash(kFlavor, hash, count);
}

template <int W>
void check_vocabulary() {
  check_arithmetic<lanes::Lanes<W>>();
  check_choice<lanes::Lanes<W>>();
  check_masks<lanes::Lanes<W>>();
}

}  // namespace

int qwop::tests::run(long count) {
  check_vocabulary<2>();
  check_vocabulary<4>();
  check_vocabulary<8>();
  check_vocabulary<16>();
  check_flavor<SinCosFlavor::Glibc>(count, 105414336.0);
  check_flavor<SinCosFlavor::GlibcFma>(count, 105414336.0);
  check_flavor<SinCosFlavor::Fdlibm>(count, 823551.0);
  std::printf("%ld differences in %d-lane vectors and wider\n", g_failures, lanes::kNativeWidth);
  return g_failures == 0 ? 0 : 1;
}
