// Memory for games and for vectors.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
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
// before the end. Without large pages, the region is empty.
class LargePages {
 public:
  explicit LargePages(std::size_t bytes);

  void* take(std::size_t bytes, std::size_t alignment);  // null if it does not fit
  bool holds(const void* memory) const { return memory >= begin_ && memory < end_; }

 private:
  struct Free {
    void operator()(void* region) const;
  };
  std::unique_ptr<void, Free> region_;
  char *begin_ = nullptr, *at_ = nullptr, *end_ = nullptr;
};

// For containers: memory of large pages, which must outlive them, or of the heap where there are
// none or no room is left. (std::pmr would do, but for macOS before 14.)
template <class T>
class LargePagesAllocator {
 public:
  using value_type = T;
  LargePagesAllocator(LargePages* pages) : pages_(pages) {}
  template <class U>
  LargePagesAllocator(const LargePagesAllocator<U>& other) : pages_(other.pages()) {}

  LargePages* pages() const { return pages_; }
  T* allocate(std::size_t count) {
    const std::size_t bytes = count * sizeof(T);
    void* memory = pages_ == nullptr ? nullptr : pages_->take(bytes, alignof(T));
    if (memory == nullptr) memory = ::operator new(bytes, std::align_val_t{alignof(T)});
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t /*count*/) {
    if (pages_ != nullptr && pages_->holds(memory)) return;
    ::operator delete(memory, std::align_val_t{alignof(T)});
  }
  template <class U>
  bool operator==(const LargePagesAllocator<U>& other) const {
    return pages_ == other.pages();
  }

 private:
  LargePages* pages_;
};

}  // namespace qwop::support
