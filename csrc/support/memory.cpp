#include "support/memory.hpp"

#include <cstdint>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace qwop::support {
namespace {

constexpr std::align_val_t kPage{std::size_t{2} << 20};

}  // namespace

// A region smaller than a large page would only waste the rest of it.
LargePages::LargePages([[maybe_unused]] std::size_t bytes) {
#if defined(__linux__)
  constexpr auto kBytes = static_cast<std::size_t>(kPage);
  if (bytes < kBytes) return;
  const auto size = (bytes + kBytes - 1) / kBytes * kBytes;
  region_.reset(::operator new(size, kPage, std::nothrow));
  if (region_ == nullptr) return;
  madvise(region_.get(), size, MADV_HUGEPAGE);  // only a hint: all works without it, more slowly
  begin_ = at_ = static_cast<char*>(region_.get());
  end_ = begin_ + size;
#endif
}

void LargePages::Free::operator()(void* region) const { ::operator delete(region, kPage); }

void* LargePages::take(std::size_t bytes, std::size_t alignment) {
  const auto skipped = -reinterpret_cast<std::uintptr_t>(at_) & (alignment - 1);
  if (skipped + bytes > static_cast<std::size_t>(end_ - at_)) return nullptr;
  char* memory = at_ + skipped;
  at_ = memory + bytes;
  return memory;
}

}  // namespace qwop::support
