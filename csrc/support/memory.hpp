// Memory for games and for vectors.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <new>

namespace qwop::support {

// Zeroed memory for vectors of any instruction set.
template <class T>
class Buffer {
 public:
  explicit Buffer(std::ptrdiff_t size = 0) {
    const auto bytes =
        (static_cast<std::size_t>(size) * sizeof(T) + kAlignment) / kAlignment * kAlignment;
    data_.reset(static_cast<T*>(::operator new(bytes, std::align_val_t{kAlignment})));
    std::memset(data_.get(), 0, bytes);
  }
  T* get() const { return data_.get(); }

 private:
  static constexpr std::size_t kAlignment = 64;
  struct Free {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t{kAlignment}); }
  };
  std::unique_ptr<T, Free> data_;
};

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

}  // namespace qwop::support
