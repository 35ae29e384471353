// The memory of the broad phase's tree of fat boxes, one leaf a body; tree_editor.hpp changes it.
#pragma once

#include <array>
#include <cstdint>

#include "physics/aabb.hpp"
#include "physics/settings.hpp"

namespace qwop::physics {

struct TreeData {
  static constexpr std::int8_t kNone = -1;
  // Columns for inner nodes and for bodies; multiples of the widest vector.
  static constexpr int kSlots = 24;
  static_assert(kMaxBodies <= kSlots);

  // Low corner and negated high corner: the union of two boxes is then a minimum, and one box holds
  // another when no number is larger.
  struct alignas(32) Bounds {
    std::array<double, 4> numbers{};
  };
  struct alignas(8) Node {
    std::int8_t parent;  // of a free node: the next free one
    std::array<std::int8_t, 2> children;
    std::int8_t body;    // of a leaf
    std::uint8_t slot;   // of an inner node: its bit and its column
    std::uint8_t place;  // where its center is kept: its parent's column, or the root's place

    bool leaf() const { return children[0] == kNone; }
  };
  static constexpr Node kUnlinked{kNone, {kNone, kNone}, kNone, 0, 0};

  // What the descent of a leaf needs, laid out so that all its decisions are made at once. The
  // centers of all inner nodes' first children, by column, and kSecond further those of their
  // second children; a power of two, so that a place tells its column without a branch.
  static constexpr int kSecond = 32;
  static constexpr int kRootPlace = kSlots;
  alignas(64) std::array<double, 2 * kSecond> center_x{}, center_y{};
  // By body: the inner nodes above its leaf, and those under whose first child it is. A body
  // without a leaf is marked by kAbsent, which no path fits.
  static constexpr std::uint64_t kAbsent = std::uint64_t{1} << 63;
  alignas(64) std::array<std::uint64_t, kSlots> above, first_side;

  std::array<Bounds, kMaxTreeNodes> boxes{};
  std::array<Node, kMaxTreeNodes> nodes{};
  std::array<std::int8_t, kSlots> leaves;  // of each body
  std::uint32_t slots_taken = 0;
  std::int8_t root = kNone;
  std::int8_t free_list = kNone;
  std::int8_t used = 0;

  TreeData() {
    above.fill(kAbsent);
    first_side.fill(kAbsent);
    leaves.fill(kNone);
  }
};

inline Aabb to_aabb(const TreeData::Bounds& bounds) {
  const auto& n = bounds.numbers;
  return {{n[0], n[1]}, {-n[2], -n[3]}};
}
inline TreeData::Bounds to_bounds(const Aabb& box) {
  return {{box.low.x, box.low.y, -box.high.x, -box.high.y}};
}

}  // namespace qwop::physics
