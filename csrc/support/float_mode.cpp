#include "support/float_mode.hpp"

#if defined(_MSC_VER) && !defined(__clang__)
#define QWOP_NOINLINE __declspec(noinline)
#else
#define QWOP_NOINLINE [[gnu::noinline]]
#endif

namespace qwop::support {
namespace {

bool plain(FloatControl::Word word) {
  return (word & ~FloatControl::kFlags) == FloatControl::kPlain;
}

}  // namespace

// Reading costs a nanosecond or two, writing some ten; nearly always there is nothing to write.
QWOP_NOINLINE FloatMode::FloatMode() : before_(FloatControl::read()) {
  if (!plain(before_)) FloatControl::write(FloatControl::kPlain);
}

QWOP_NOINLINE FloatMode::~FloatMode() {
  if (!plain(before_)) FloatControl::write(before_);
}

}  // namespace qwop::support
