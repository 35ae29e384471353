// Leaves of the broad phase's tree come, go and move, exactly as in the game: the tree's shape and
// the boxes of its inner nodes, stale ones included, are history that later decides.
//
// Compiled for each instruction set (isa.hpp). A new leaf descends to its sibling: at each inner
// node to the child whose center is nearer in the sum of both axes, to the second on a tie. Walking
// down is a chain of guesses for the processor. Here all inner nodes decide at once, one bit each,
// and the sibling is the one leaf whose path agrees with every decision on it.
#pragma once

#include <bit>
#include <cassert>

#include "physics/tree_data.hpp"
#include "support/simd_f64.hpp"

namespace qwop::physics {
inline namespace QWOP_ISA_NAMESPACE {

class TreeEditor {
 public:
  using Box = lanes::Lanes<4>;  // numbers of TreeData::Bounds

  QWOP_ALWAYS_INLINE explicit TreeEditor(TreeData& tree) : t_(tree) {}

  static QWOP_ALWAYS_INLINE Box box(double low_x, double low_y, double high_x, double high_y) {
    Box b(low_x);
    b.set(1, low_y), b.set(2, -high_x), b.set(3, -high_y);
    return b;
  }

  // Node numbers are given in order of first use; freed ones come back last in, first out.
  std::int8_t create_leaf(const Box& fat, int body) {
    const auto leaf = allocate();
    store(leaf, fat);
    t_.nodes[leaf].body = static_cast<std::int8_t>(body);
    t_.leaves[body] = leaf;
    if (t_.root == kNone) {
      t_.above[body] = t_.first_side[body] = 0;
      put(leaf, fat, kNone, TreeData::kRootPlace);
      return leaf;
    }
    const int beside = body_at_end(first_nearer(center_of(fat)), 0, body);
    const auto joined = allocate();  // after the descent: node numbers depend on it
    t_.nodes[joined].slot = static_cast<std::uint8_t>(std::countr_one(t_.slots_taken));
    t_.slots_taken |= 1u << t_.nodes[joined].slot;
    join(leaf, fat, joined, beside);
    grow(joined);
    return leaf;
  }

  void destroy_leaf(std::int8_t leaf) {
    const int body = t_.nodes[leaf].body;
    if (leaf == t_.root) {
      t_.root = kNone;
    } else {
      const auto parent = t_.nodes[leaf].parent;
      std::uint64_t unused = 0;
      part(leaf, {}, unused);
      forget_slot(t_.nodes[parent].slot);
      release(parent);
    }
    t_.above[body] = t_.first_side[body] = TreeData::kAbsent;
    t_.leaves[body] = kNone;
    release(leaf);
  }

  // Takes the leaf out and puts it in again with another box. The inner node that is freed is the
  // one that is then needed.
  QWOP_ALWAYS_INLINE void move_leaf(std::int8_t leaf, Box fat) { grow(begin_move(leaf, fat)); }

  // The two halves of it, for those who move leaves of many trees: nothing in the first is hard to
  // guess, so that the processor can work on several trees at once. Returns the inner node from
  // which boxes have to grow in the second, or none.
  QWOP_ALWAYS_INLINE std::int8_t begin_move(std::int8_t leaf, Box fat) {
    if (leaf == t_.root) [[unlikely]] {
      store(leaf, fat);
      return kNone;
    }
    // The decisions before the leaf is out, because reading whole vectors has to wait for numbers
    // that were just written into them; few decisions change by taking it out.
    const Point target = center_of(fat);
    auto decisions = first_nearer(target);
    const auto joined = t_.nodes[leaf].parent;
    part(leaf, target, decisions);
    const int body = t_.nodes[leaf].body;
    const int beside = body_at_end(decisions, bit(t_.nodes[joined].slot), body);
    store(leaf, fat);
    join(leaf, fat, joined, beside);
    return joined;
  }
  // Grows the boxes above a new inner node until one holds its changed child already.
  QWOP_ALWAYS_INLINE void grow(std::int8_t joined) {
    if (joined == kNone) return;
    auto grown = box(joined);
    auto ancestor = t_.nodes[joined].parent;
    while (ancestor != kNone && !contains(box(ancestor), grown)) {
      const auto& node = t_.nodes[ancestor];
      grown = lanes::min(box(node.children[0]), box(node.children[1]));
      set_box(ancestor, grown);
      ancestor = node.parent;
    }
  }

  // Works out anew what is not part of a snapshot: slots, places, centers and paths.
  void derive() {
    t_.above.fill(TreeData::kAbsent);
    t_.first_side.fill(TreeData::kAbsent);
    t_.leaves.fill(kNone);
    t_.slots_taken = 0;
    if (t_.root == kNone) return;
    t_.nodes[t_.root].place = TreeData::kRootPlace;
    derive_below(t_.root, 0, 0);
  }

 private:
  using Numbers = lanes::Lanes<8>;
  using Bits8 = lanes::Bits<Numbers>;
  static constexpr std::int8_t kNone = TreeData::kNone;
  static constexpr int kSlots = TreeData::kSlots, kSecond = TreeData::kSecond;
  struct Point {
    double x, y;
  };

  static QWOP_ALWAYS_INLINE std::uint64_t bit(unsigned slot) { return std::uint64_t{1} << slot; }
  static QWOP_ALWAYS_INLINE Point center_of(Box b) {
    const auto [low, negated_high] = lanes::halves(b);
    const auto center = (low - negated_high) * lanes::Lanes<2>(0.5);
    return {center[0], center[1]};
  }
  QWOP_ALWAYS_INLINE Box box(std::int8_t node) const {
    return Box::load(t_.boxes[node].numbers.data());
  }
  QWOP_ALWAYS_INLINE void store(std::int8_t node, Box b) { b.store(t_.boxes[node].numbers.data()); }
  static QWOP_ALWAYS_INLINE bool contains(Box outer, Box inner) {
    return !lanes::any(outer > inner);
  }

  QWOP_ALWAYS_INLINE std::int8_t allocate() {
    std::int8_t node;
    if (t_.free_list != kNone) {
      node = t_.free_list;
      t_.free_list = t_.nodes[node].parent;
    } else {
      assert(t_.used < kMaxTreeNodes);
      node = t_.used++;
    }
    t_.nodes[node] = TreeData::kUnlinked;
    return node;
  }
  QWOP_ALWAYS_INLINE void release(std::int8_t node) {
    t_.nodes[node] = TreeData::kUnlinked;
    t_.nodes[node].parent = t_.free_list;
    t_.boxes[node] = {};
    t_.free_list = node;
  }

  QWOP_ALWAYS_INLINE void store_center(std::int8_t node, Box b) {
    const auto [x, y] = center_of(b);
    const auto place = t_.nodes[node].place;
    t_.center_x[place] = x;
    t_.center_y[place] = y;
  }
  QWOP_ALWAYS_INLINE void set_box(std::int8_t node, Box b) {
    store(node, b);
    store_center(node, b);
  }
  // Puts a node where another one was: under `parent`, at `place`. b: the node's box.
  QWOP_ALWAYS_INLINE void put(std::int8_t node, Box b, std::int8_t parent, std::uint8_t place) {
    t_.nodes[node].parent = parent;
    t_.nodes[node].place = place;
    if (parent == kNone) {
      t_.root = node;
    } else {
      t_.nodes[parent].children[place / kSecond] = node;
    }
    store_center(node, b);
  }

  // Bit of each inner node: set where the first child is nearer to the target.
  QWOP_ALWAYS_INLINE std::uint64_t first_nearer(Point target) const {
    const auto distance = [&](int from) {
      return lanes::abs(Numbers::load(&t_.center_x[from]) - Numbers(target.x)) +
             lanes::abs(Numbers::load(&t_.center_y[from]) - Numbers(target.y));
    };
    std::uint64_t bits = 0;
    for (int i = 0; i < kSlots; i += 8) {
      bits |= std::uint64_t{lanes::lane_bits(distance(kSecond + i) > distance(i))} << i;
    }
    return bits;
  }
  // Decides anew at the inner node one of whose children has its center at `place`.
  QWOP_ALWAYS_INLINE void decide(std::uint64_t& decisions, unsigned place, Point target) const {
    const unsigned slot = place % kSecond;
    const auto distance = [&](unsigned from) {
      return lanes::abs(t_.center_x[from] - target.x) + lanes::abs(t_.center_y[from] - target.y);
    };
    const std::uint64_t first = distance(kSecond + slot) > distance(slot);
    decisions = (decisions & ~bit(slot)) | first << slot;
  }

  static QWOP_ALWAYS_INLINE Bits8 load_bits(const std::uint64_t* from) {
    return lanes::to_bits(Numbers::load(reinterpret_cast<const double*>(from)));
  }
  static QWOP_ALWAYS_INLINE void store_bits(std::uint64_t* to, Bits8 bits) {
    lanes::from_bits(bits).store(reinterpret_cast<double*>(to));
  }
  // The body whose leaf the decisions lead to, other than `body`. Strikes the inner node `gone`
  // (its bit, or zero) off all paths.
  QWOP_ALWAYS_INLINE int body_at_end(std::uint64_t decisions, std::uint64_t gone, int body) {
    const Bits8 taken(static_cast<std::int64_t>(decisions));
    const Bits8 others(static_cast<std::int64_t>(~gone));
    std::uint32_t found = 0;
    for (int i = 0; i < kSlots; i += 8) {
      const Bits8 above = load_bits(&t_.above[i]) & others;
      const Bits8 wrong = (taken ^ load_bits(&t_.first_side[i])) & above;
      store_bits(&t_.above[i], above);
      found |= lanes::lane_bits(wrong == Bits8(std::int64_t{0})) << i;
    }
    return std::countr_zero(found & ~(1u << body));
  }
  QWOP_ALWAYS_INLINE void forget_slot(int slot) {
    t_.slots_taken &= ~(1u << slot);
    const Bits8 others(static_cast<std::int64_t>(~bit(slot)));
    for (int i = 0; i < kSlots; i += 8) {
      store_bits(&t_.above[i], load_bits(&t_.above[i]) & others);
    }
  }

  // Puts the leaf beside that of body `beside`, under the unlinked node `joined`; nothing above
  // grows.
  QWOP_ALWAYS_INLINE void join(std::int8_t leaf, Box fat, std::int8_t joined, int beside) {
    const auto sibling = t_.leaves[beside];
    const auto slot = t_.nodes[joined].slot;
    const auto other = box(sibling);
    const auto both = lanes::min(fat, other);
    store(joined, both);
    put(joined, both, t_.nodes[sibling].parent, t_.nodes[sibling].place);
    put(sibling, other, joined, slot);
    put(leaf, fat, joined, static_cast<std::uint8_t>(slot + kSecond));
    const int body = t_.nodes[leaf].body;
    t_.above[body] = t_.above[beside] | bit(slot);
    t_.first_side[body] = t_.first_side[beside] & ~bit(slot);
    t_.above[beside] |= bit(slot);
    t_.first_side[beside] |= bit(slot);
  }

  // Puts the sibling of a leaf in the place of their parent. What changes of the decisions on the
  // way to the target is decided anew.
  QWOP_ALWAYS_INLINE void part(std::int8_t leaf, Point target, std::uint64_t& decisions) {
    const auto& joined = t_.nodes[t_.nodes[leaf].parent];
    const auto sibling = joined.children[1 - t_.nodes[leaf].place / kSecond];
    auto ancestor = joined.parent;
    put(sibling, box(sibling), ancestor, joined.place);
    decide(decisions, joined.place, target);
    // Shrink the ancestors; the first whose old box holds its new one still takes it, then we stop.
    while (ancestor != kNone) {
      const auto& node = t_.nodes[ancestor];
      const auto old_box = box(ancestor);
      const auto new_box = lanes::min(box(node.children[0]), box(node.children[1]));
      set_box(ancestor, new_box);
      decide(decisions, node.place, target);
      if (contains(old_box, new_box)) break;
      ancestor = node.parent;
    }
  }

  void derive_below(std::int8_t index, std::uint64_t above, std::uint64_t first_side) {
    auto& node = t_.nodes[index];
    store_center(index, box(index));
    if (node.leaf()) {
      t_.leaves[node.body] = index;
      t_.above[node.body] = above;
      t_.first_side[node.body] = first_side;
      return;
    }
    node.slot = static_cast<std::uint8_t>(std::countr_one(t_.slots_taken));
    t_.slots_taken |= 1u << node.slot;
    for (const int second : {0, 1}) {
      const auto child = node.children[second];
      t_.nodes[child].place = static_cast<std::uint8_t>(node.slot + second * kSecond);
      derive_below(child, above | bit(node.slot), first_side | (second ? 0 : bit(node.slot)));
    }
  }

  TreeData& t_;
};

}  // namespace QWOP_ISA_NAMESPACE
}  // namespace qwop::physics
