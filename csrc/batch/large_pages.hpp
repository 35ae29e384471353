// Memory for the games of an engine in one piece.
#pragma once

#include <cstddef>
#include <memory>
#include <memory_resource>

namespace qwop::batch {

// Hands out memory from one region that the system is asked to map in large pages: hundreds of
// games lie on more small pages than a processor remembers the places of. Nothing is given back
// before the end; what does not fit comes from the default resource.
class LargePages final : public std::pmr::memory_resource {
 public:
  explicit LargePages(std::size_t bytes);

 private:
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* memory, std::size_t bytes, std::size_t alignment) override;
  bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
    return this == &other;
  }

  struct Free {
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Free> region_;
  char *begin_ = nullptr, *at_ = nullptr, *end_ = nullptr;
};

}  // namespace qwop::batch
