// Refuses an array of the wrong size by its name.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

namespace qwop::learner {

inline void check_size(const char* name, std::ptrdiff_t size, std::ptrdiff_t expected) {
  if (size == expected) return;
  throw std::invalid_argument(std::string(name) + " must hold " + std::to_string(expected) +
                              " numbers, got " + std::to_string(size));
}

}  // namespace qwop::learner
