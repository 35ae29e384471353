#include "support/turns.hpp"

#include <stdexcept>

#include "support/fork_count.hpp"
#include "support/wait.hpp"

namespace qwop::support {
namespace {

std::uint32_t here() { return fork_count() << 1 | 1; }

}  // namespace

void Turns::lock() {
  const std::uint32_t mine = here();
  std::uint32_t holder = 0;
  while (!holder_.compare_exchange_weak(holder, mine, std::memory_order_acquire)) {
    if (holder == 0) continue;
    if (holder != mine) {
      throw std::runtime_error(
          "another thread was using this object when the process forked, and was left behind in "
          "the middle of it; make a new one in this process");
    }
    wait_while(holder_, holder);
    holder = 0;
  }
}

bool Turns::try_lock() {
  std::uint32_t holder = 0;
  if (holder_.compare_exchange_strong(holder, here(), std::memory_order_acquire)) return true;
  return false;
}

void Turns::unlock() {
  holder_.store(0, std::memory_order_release);
  wake_all(holder_);
}

}  // namespace qwop::support
