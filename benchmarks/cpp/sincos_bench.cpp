// Nanoseconds for one sine and cosine, singly and in lanes, for one instruction set.
//
// Prints a line for each flavor and width: flavor, lanes, ns per lane when arguments are
// independent, ns per lane when each needs the result before it (the solver's case).
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "libm/sincos.hpp"

namespace {

using namespace qwop;

constexpr int kArguments = 4096;
constexpr int kRounds = 25;

// Uniform in +-3, about where a runner's angles are.
std::vector<double> arguments() {
  std::vector<double> x(kArguments);
  std::uint64_t state = 1;
  for (double& value : x) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    value = static_cast<double>(state >> 11) * 0x1p-53 * 6.0 - 3.0;
  }
  return x;
}

template <class F>
F load(const double* from) {
  if constexpr (lanes::kWidth<F> == 1) {
    return *from;
  } else {
    return F::load(from);
  }
}

template <class F>
void store(F x, double* to) {
  if constexpr (lanes::kWidth<F> == 1) {
    *to = x;
  } else {
    x.store(to);
  }
}

// Makes the compiler believe that someone reads these numbers.
void keep(const std::vector<double>& x) { asm volatile("" : : "r"(x.data()) : "memory"); }

template <class Pass>
double best_nanoseconds(Pass pass) {
  using Clock = std::chrono::steady_clock;
  double best = 1e300;
  for (int round = 0; round < kRounds; ++round) {
    const auto begin = Clock::now();
    pass();
    const std::chrono::duration<double, std::nano> took = Clock::now() - begin;
    best = std::min(best, took.count() / kArguments);
  }
  return best;
}

template <SinCosFlavor kFlavor, class F>
void measure() {
  constexpr int kWidth = lanes::kWidth<F>;
  const std::vector<double> x = arguments();
  std::vector<double> sine(kArguments), cosine(kArguments);
  const double independent = best_nanoseconds([&] {
    for (std::size_t i = 0; i < kArguments; i += kWidth) {
      const auto r = sincos<kFlavor>(load<F>(&x[i]));
      store(r.sin, &sine[i]);
      store(r.cos, &cosine[i]);
    }
    keep(sine);
    keep(cosine);
  });
  const double chained = best_nanoseconds([&] {
    F before = 0.0;
    for (std::size_t i = 0; i < kArguments; i += kWidth) {
      const auto r = sincos<kFlavor>(load<F>(&x[i]) + before * 0.0);
      before = r.sin + r.cos;
    }
    store(before, sine.data());
    keep(sine);
  });
  std::printf("%s %d %.4f %.4f\n", to_string(kFlavor).data(), kWidth, independent, chained);
}

template <SinCosFlavor kFlavor>
void measure_widths() {
  measure<kFlavor, double>();
  measure<kFlavor, lanes::Lanes<lanes::kNativeWidth>>();
  measure<kFlavor, lanes::Lanes<2 * lanes::kNativeWidth>>();
}

}  // namespace

int main() {
  measure_widths<SinCosFlavor::Glibc>();
  measure_widths<SinCosFlavor::GlibcFma>();
  measure_widths<SinCosFlavor::Fdlibm>();
}
