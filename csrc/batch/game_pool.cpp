#include "batch/game_pool.hpp"

#include <algorithm>
#include <array>

namespace qwop::batch {
namespace {

std::uint8_t events_in(const game::Game& game) {
  const auto& status = game.status();
  std::uint8_t bits = 0;
  if (status.fallen) bits |= game::events::kFallen;
  if (status.jumped) bits |= game::events::kJumped;
  if (status.jump_landed) bits |= game::events::kLanded;
  if (status.ended) bits |= game::events::kEnded;
  const auto& world = game.world().data();
  for (int i = 0; i < world.contact_count; ++i) {
    const auto& contact = world.contacts[i];
    if (!contact.touching) continue;
    const std::uint32_t pair = 1u << contact.body_a | 1u << contact.body_b;
    if ((pair & 1u << game::kHurdleTop) != 0) bits |= game::events::kHurdleTouched;
    if ((pair & 1u << game::kLeftFoot) != 0) bits |= game::events::kLeftFootDown;
    if ((pair & 1u << game::kRightFoot) != 0) bits |= game::events::kRightFootDown;
  }
  return bits;
}

void write_bodies(const game::Game& game, double* out) {
  for (const int part : game::kReportedParts) {
    const auto& body = game.body(part);
    const std::array values{body.pose.center.x,     body.pose.center.y,     body.pose.angle,
                            body.velocity.linear.x, body.velocity.linear.y, body.velocity.angular};
    out = std::copy(values.begin(), values.end(), out);
  }
}

}  // namespace

GamePool::GamePool(const game::Game& first, int games, int threads,
                   support::InstructionSet instruction_set)
    : size_(games),
      block_size_(block_size()),
      instruction_set_(instruction_set),
      flavor_(first.flavor()),
      pool_(threads) {
  for (int begin = 0; begin < games; begin += block_size_) {
    blocks_.push_back(make_block(instruction_set, first, std::min(block_size_, games - begin)));
  }
}

int GamePool::blocks_for(std::size_t games) const {
  return (static_cast<int>(games) + block_size_ - 1) / block_size_;
}

void GamePool::expand(GamePool& source, std::span<const std::int32_t> parents,
                      std::span<const game::KeyMask> keys, int frames, const PoolView& view,
                      support::Interrupt& interrupt) {
  const int count = static_cast<int>(parents.size());
  const auto expand_block = [&](int block) {
    const int begin = block * block_size_;
    const int end = std::min(begin + block_size_, count);
    for (int i = begin; i < end; ++i) game(i) = source.game(parents[i]);
    step_block(block, keys, frames, interrupt);
    look(begin, end - begin, view);
  };
  pool_.run(blocks_for(parents.size()), expand_block, &interrupt);
}

void GamePool::take(GamePool& source, std::span<const std::int32_t> parents, const PoolView& view) {
  const int count = static_cast<int>(parents.size());
  pool_.run(blocks_for(parents.size()), [&](int block) {
    const int begin = block * block_size_;
    const int end = std::min(begin + block_size_, count);
    for (int i = begin; i < end; ++i) game(i) = source.game(parents[i]);
    look(begin, end - begin, view);
  });
}

void GamePool::set(int index, const game::Game& source, const PoolView& view) {
  game(index) = source;
  look(index, 1, view);
}

void GamePool::step(std::span<const game::KeyMask> keys, int frames, const PoolView& view,
                    support::Interrupt& interrupt) {
  const int count = static_cast<int>(keys.size());
  const auto step_and_look = [&](int block) {
    const int begin = block * block_size_;
    step_block(block, keys, frames, interrupt);
    look(begin, std::min(block_size_, count - begin), view);
  };
  pool_.run(blocks_for(keys.size()), step_and_look, &interrupt);
}

// Games that have ended stand still; they would only fall on.
void GamePool::step_block(int block, std::span<const game::KeyMask> keys, int frames,
                          support::Interrupt& interrupt) {
  const int begin = block * block_size_;
  const int count = std::min(block_size_, static_cast<int>(keys.size()) - begin);
  if (interrupt.stopped()) return;
  for (int frame = 0; frame < frames && !interrupt.stopped_after(frame); ++frame) {
    std::uint64_t active = 0;
    for (int lane = 0; lane < count; ++lane) {
      if (!blocks_[block]->standing(lane).ended) active |= std::uint64_t{1} << lane;
    }
    if (active == 0) return;
    blocks_[block]->update(keys.subspan(begin, count), active);
  }
}

// Brings the scalar twins up to date, too, so that other threads may read them.
void GamePool::look(int first, int count, const PoolView& view) {
  for (int i = first; i < first + count; ++i) {
    const auto& seen = game(i);
    write_bodies(seen, view.bodies + static_cast<std::ptrdiff_t>(i) * kPoolGameValues);
    view.events[i] = events_in(seen);
    view.frames[i] = static_cast<std::int32_t>(seen.frames());
    view.score[i] = seen.status().score;
  }
}

}  // namespace qwop::batch
