// kLanes games whose runners are solved side by side.
//
// Each game also exists as a game::Game, its scalar twin, which keeps the contacts, the broad
// phase's tree, the rules and the score. What moves (poses, velocities, joints, boxes) is kept in
// the lanes while the game is in step with the others. It returns to the twin when something
// happens that lanes do not do: a touch of the hurdle, the end of the game, sleep, a restart. From
// then on the twin is updated by itself.
#pragma once

#include <vector>

#include "batch/contact_shelf.hpp"
#include "batch/game_block.hpp"
#include "batch/lane_data.hpp"
#include "batch/lane_kernels.hpp"

namespace qwop::batch {

class LaneBlock final : public GameBlock {
 public:
  // What it takes of the large pages, at most.
  static constexpr std::size_t kBytes =
      sizeof(LaneData) + alignof(LaneData) + kLanes * sizeof(game::Game) + alignof(game::Game);

  LaneBlock(const LaneKernels& kernels, const game::Game& first, int games,
            support::LargePages* memory);

  void update(std::span<const game::KeyMask> keys, std::uint64_t active) override;
  game::Game& game(int lane) override;
  void look_ahead(const GameBlock* next, int share, int shares) override;
  void list_memory(support::MemoryAhead& list, int share, int shares) const override;
  env::Standing standing(int lane) const override;
  std::int64_t frames(int lane) const override { return twins_[lane].frames(); }
  void observe(int lane, std::span<float, env::kObservationSize> observation) const override;

 private:
  bool in_lanes(int lane) const { return (in_lanes_ >> lane & 1u) != 0; }
  void enter_lanes(int lane);
  void leave_lanes(int lane);
  void prefetch_contacts(int lane) const;
  void prefetch_tree(int lane) const;
  void begin(int lane, game::KeyMask keys);
  void list_pairs(int lane);
  void collide(int lane);
  physics::Meeting meeting(int lane, int contact);
  void update_twin_body(int lane, int body);
  physics::Aabb swept_box(int lane, int body) const;
  void update_twin(int lane);
  bool list_contacts(int lane);
  void fill_contact(int lane, ContactShelf::Place place, const physics::Contact& contact);
  void finish(int lane);
  void take_impulses(int lane);
  void find_contacts(int lane);
  void fall_asleep(int lane);
  void copy_keys_effect(int lane);
  void copy_track(int lane);
  void copy_obstacles(int lane);

  const LaneKernels& kernels_;
  std::vector<game::Game, support::LargePagesAllocator<game::Game>> twins_;
  std::vector<LaneData, support::LargePagesAllocator<LaneData>> data_memory_;
  LaneData& data_;
  std::uint32_t in_lanes_ = 0;
  std::uint32_t colliding_ = 0;  // games whose contacts are brought up to date in this update
  // Of each game's contacts by position: its pair in LaneData, or one of these. Contacts further
  // back in the list are left to the twin.
  static constexpr int kListedPairs = 16;
  static constexpr std::int8_t kApart = -1, kByTwin = -2;
  std::array<std::array<std::int8_t, kListedPairs>, kLanes> pairs_{};
  ContactShelf shelf_;
  // The touching contacts of each game: position in the game's list, and place among the lanes'.
  struct Solved {
    std::int8_t contact;
    ContactShelf::Place place;
  };
  std::array<std::array<Solved, kMaxLaneContacts>, kLanes> solved_{};
  std::array<int, kLanes> solved_count_{};
};

}  // namespace qwop::batch
