#include "support/memory.hpp"

#include <cstdint>
#include <cstdlib>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace qwop::support {
namespace {

constexpr std::size_t kPage = std::size_t{2} << 20;

}  // namespace

// A region smaller than a large page would only waste the rest of it.
LargePages::LargePages(std::size_t bytes) {
#if defined(__linux__)
  if (bytes < kPage) return;
  const auto size = (bytes + kPage - 1) / kPage * kPage;
  region_.reset(std::aligned_alloc(kPage, size));
  if (region_ == nullptr) return;
  madvise(region_.get(), size, MADV_HUGEPAGE);  // only a hint: all works without it, more slowly
  begin_ = at_ = static_cast<char*>(region_.get());
  end_ = begin_ + size;
#else
  static_cast<void>(bytes);
#endif
}

void LargePages::Free::operator()(void* memory) const { std::free(memory); }

void* LargePages::do_allocate(std::size_t bytes, std::size_t alignment) {
  const auto skipped = -reinterpret_cast<std::uintptr_t>(at_) & (alignment - 1);
  if (skipped + bytes > static_cast<std::size_t>(end_ - at_)) {
    return std::pmr::get_default_resource()->allocate(bytes, alignment);
  }
  char* memory = at_ + skipped;
  at_ = memory + bytes;
  return memory;
}

void LargePages::do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) {
  if (memory >= begin_ && memory < end_) return;
  std::pmr::get_default_resource()->deallocate(memory, bytes, alignment);
}

}  // namespace qwop::support
