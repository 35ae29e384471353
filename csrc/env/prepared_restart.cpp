#include "env/prepared_restart.hpp"

#include <cstring>

namespace qwop::env {
namespace {

bool same_box(const physics::Aabb& a, const physics::Aabb& b) {
  return std::memcmp(&a, &b, sizeof a) == 0;
}

}  // namespace

PreparedRestart::PreparedRestart(const game::Game& page, const EpisodeOptions& options)
    : options_(options), before_(page), after_(page) {
  before_.hold(0);
  before_.begin_reset();
  after_ = before_;
  const bool first = prepare(after_, game::kFrameTime);
  usable_ =
      prepare(after_, kEngineTick) && first && !after_.status().fallen && !after_.status().jumped;
}

// An update of which is recorded which leaves move. False if its outcome depends on the tree: where
// one body meets several, the tree says in which order.
bool PreparedRestart::prepare(game::Game& game, double elapsed) {
  const auto& world = game.world().data();
  std::array<physics::Aabb, game::kBodyCount> boxes;
  for (int i = 0; i < game::kBodyCount; ++i) boxes[i] = world.fat_box(i);
  const int contacts = world.contact_count;
  game.update(elapsed);
  bool independent = true;
  for (int i = game::kBodyCount - 1; i >= 0; --i) {
    const auto box = world.fat_box(i);
    if (same_box(box, boxes[i])) continue;
    moves_[move_count_++] = {i, box};
    independent &= i >= game::kFirstPart;
  }
  std::uint32_t met = 0;
  for (int i = contacts; i < world.contact_count; ++i) {
    const auto body = 1u << world.contacts[i].body_b;
    independent &= (met & body) == 0;
    met |= body;
  }
  return independent && world.contact_count >= contacts;
}

bool PreparedRestart::fits(const game::Game& game) const {
  const auto& world = game.world().data();
  const auto& expected = before_.world().data();
  if (!usable_ || game.started() != before_.started()) return false;
  if (world.awake != expected.awake || world.contact_count != expected.contact_count ||
      world.warm_start_ratio != expected.warm_start_ratio) {
    return false;
  }
  for (int i = 0; i < world.contact_count; ++i) {
    if (world.contacts[i].body_a != expected.contacts[i].body_a ||
        world.contacts[i].body_b != expected.contacts[i].body_b) {
      return false;
    }
  }
  if (std::memcmp(&world.bodies, &expected.bodies, sizeof world.bodies) != 0) return false;
  for (int i = 0; i < game::kBodyCount; ++i) {
    if (!same_box(world.fat_box(i), expected.fat_box(i))) return false;
  }
  return true;
}

void PreparedRestart::reset(game::Game& game, support::Interrupt& interrupt) const {
  if (options_.reload_on_reset) {
    const auto page = loaded_page(options_, interrupt);
    if (interrupt.stopped()) return;
    game = page;
  }
  game.hold(0);
  game.begin_reset();
  if (!fits(game)) {
    game.update();
    game.update(kEngineTick);
    return;
  }
  auto& world = game.world().data();
  for (int i = 0; i < move_count_; ++i) {
    world.tree.replace_leaf(world.leaves[moves_[i].body], moves_[i].box);
  }
  game.continue_as(after_);
}

}  // namespace qwop::env
