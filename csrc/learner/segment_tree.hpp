// Sums or minima over many numbers of which a few change at a time, for prioritized replay.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace qwop::learner {

using std::ptrdiff_t;

// A binary tree over numbers; each node is its children's sum or minimum. Nodes are always computed
// from their children: no error adds up, and the tree is the same whatever way led to its numbers.
class SegmentTree {
 public:
  enum class Operation { kSum, kMinimum };

  // `size` numbers that are 0 in a tree of sums and infinite in one of minima. Throws
  // std::invalid_argument for a size below 1.
  SegmentTree(ptrdiff_t size, Operation operation);

  ptrdiff_t size() const { return size_; }
  Operation operation() const { return operation_; }
  // Over all numbers.
  double root() const { return nodes_[1]; }
  std::span<const double> values() const {
    return {nodes_.data() + leaves_, static_cast<std::size_t>(size_)};
  }

  // Changes numbers: to values[i] each, or all to values[0]. Of an index that is there twice the
  // last value stays. Throws std::invalid_argument, and changes nothing, for an index that is not
  // there, a value that is negative or not finite, or as many values as fit neither.
  void set(std::span<const std::int64_t> indices, std::span<const double> values);
  // The numbers at `indices`; throws as `set` does.
  void get(std::span<const std::int64_t> indices, double* to) const;
  // Changes all numbers. Where they are those of another tree they may be infinite as well.
  void assign(std::span<const double> values);

  // Of a tree of sums: the index at which the running sum first exceeds each of `sums`, the last
  // that is not 0 where none does. A number that is 0 is never found, even where rounding would
  // lead to it. Throws std::invalid_argument where all are 0, their sum is not finite or
  // one of `sums` is negative or not a number.
  void find(std::span<const double> sums, std::int64_t* to) const;
  // The same for sums that are drawn: the i-th lies uniforms[i], in [0, 1), along the i-th of as
  // many equal parts of the root (Schaul et al. 2016, appendix B.2.1).
  void draw(std::span<const double> uniforms, std::int64_t* to) const;

 private:
  void check(std::span<const std::int64_t> indices) const;
  void require_something_to_find() const;
  double combine(std::size_t node) const;
  template <class Sum>
  void descend(std::size_t count, const Sum& sum, std::int64_t* to) const;

  ptrdiff_t size_;
  Operation operation_;
  std::size_t leaves_;         // a power of two
  std::vector<double> nodes_;  // the children of node i are 2 i and 2 i + 1; the leaves come last
};

}  // namespace qwop::learner
