#include "learner/segment_tree.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>

namespace qwop::learner {
namespace {

// How many ways down go side by side: one alone waits for memory at each level.
constexpr std::size_t kBlock = 32;

std::size_t leaves_for(ptrdiff_t size) {
  if (size < 1 || size > ptrdiff_t{1} << 40) {
    throw std::invalid_argument("size must be from 1 to 2**40, got " + std::to_string(size));
  }
  return std::bit_ceil(static_cast<std::size_t>(size));
}

double neutral(SegmentTree::Operation operation) {
  return operation == SegmentTree::Operation::kSum ? 0.0 : std::numeric_limits<double>::infinity();
}

void require(bool good, const char* what, double value) {
  if (!good) throw std::invalid_argument(what + std::to_string(value));
}

}  // namespace

SegmentTree::SegmentTree(ptrdiff_t size, Operation operation)
    : size_(size),
      operation_(operation),
      leaves_(leaves_for(size)),
      nodes_(2 * leaves_, neutral(operation)) {}

double SegmentTree::combine(std::size_t node) const {
  const double left = nodes_[2 * node], right = nodes_[2 * node + 1];
  return operation_ == Operation::kSum ? left + right : std::min(left, right);
}

void SegmentTree::check(std::span<const std::int64_t> indices) const {
  for (const std::int64_t index : indices) {
    if (index >= 0 && index < size_) continue;
    throw std::invalid_argument("indices must be from 0 to " + std::to_string(size_ - 1) +
                                ", got " + std::to_string(index));
  }
}

void SegmentTree::set(std::span<const std::int64_t> indices, std::span<const double> values) {
  if (values.size() != indices.size() && values.size() != 1) {
    throw std::invalid_argument("values must be one or as many as indices, " +
                                std::to_string(indices.size()) + ", got " +
                                std::to_string(values.size()));
  }
  check(indices);
  for (const double value : values) {
    require(value >= 0.0 && std::isfinite(value), "values must be 0 or more and finite, got ",
            value);
  }
  const auto first = static_cast<std::int64_t>(leaves_);
  for (std::size_t i = 0; i < indices.size(); ++i) {
    nodes_[static_cast<std::size_t>(first + indices[i])] = values[values.size() == 1 ? 0 : i];
  }
  // Level by level, so that the reads of one level do not wait for each other.
  for (int up = 1; leaves_ >> up; ++up) {
    for (const std::int64_t index : indices) {
      const auto node = static_cast<std::size_t>(first + index) >> up;
      nodes_[node] = combine(node);
    }
  }
}

void SegmentTree::get(std::span<const std::int64_t> indices, double* to) const {
  check(indices);
  for (const std::int64_t index : indices)
    *to++ = nodes_[leaves_ + static_cast<std::size_t>(index)];
}

void SegmentTree::assign(std::span<const double> values) {
  if (values.size() != static_cast<std::size_t>(size_)) {
    throw std::invalid_argument("values must be " + std::to_string(size_) + ", got " +
                                std::to_string(values.size()));
  }
  for (const double value : values) {
    require(value >= 0.0 && (std::isfinite(value) || operation_ == Operation::kMinimum),
            "values must be 0 or more and finite, got ", value);
  }
  std::copy(values.begin(), values.end(), nodes_.begin() + static_cast<ptrdiff_t>(leaves_));
  for (std::size_t node = leaves_ - 1; node > 0; --node) nodes_[node] = combine(node);
}

void SegmentTree::require_something_to_find() const {
  if (operation_ != Operation::kSum) {
    throw std::invalid_argument("only a tree of sums can be searched");
  }
  if (!(root() > 0.0)) throw std::invalid_argument("there is nothing to draw: all values are 0");
  if (!std::isfinite(root())) throw std::invalid_argument("the sum of all values is not finite");
}

template <class Sum>
void SegmentTree::descend(std::size_t count, const Sum& sum, std::int64_t* to) const {
  std::array<double, kBlock> rest;
  std::array<std::size_t, kBlock> node;
  for (std::size_t begin = 0; begin < count; begin += kBlock) {
    const std::size_t n = std::min(kBlock, count - begin);
    for (std::size_t i = 0; i < n; ++i) {
      rest[i] = sum(begin + i);
      node[i] = 1;
    }
    for (std::size_t level = 1; level < leaves_; level *= 2) {
      for (std::size_t i = 0; i < n; ++i) {
        const double left = nodes_[2 * node[i]];
        // Without branches: half of them would be guessed wrong.
        const std::size_t right = static_cast<std::size_t>(rest[i] >= left) &
                                  static_cast<std::size_t>(nodes_[2 * node[i] + 1] > 0.0);
        rest[i] -= left * static_cast<double>(right);
        node[i] = 2 * node[i] + right;
      }
    }
    for (std::size_t i = 0; i < n; ++i)
      to[begin + i] = static_cast<std::int64_t>(node[i] - leaves_);
  }
}

void SegmentTree::find(std::span<const double> sums, std::int64_t* to) const {
  require_something_to_find();
  for (const double sum : sums) require(sum >= 0.0, "sums must be 0 or more, got ", sum);
  descend(sums.size(), [&](std::size_t i) { return sums[i]; }, to);
}

void SegmentTree::draw(std::span<const double> uniforms, std::int64_t* to) const {
  require_something_to_find();
  for (const double u : uniforms)
    require(u >= 0.0 && u < 1.0, "uniforms must be in [0, 1), got ", u);
  const auto parts = static_cast<double>(uniforms.size());
  const auto along = [&](std::size_t i) {
    return (static_cast<double>(i) + uniforms[i]) / parts * root();
  };
  descend(uniforms.size(), along, to);
}

}  // namespace qwop::learner
