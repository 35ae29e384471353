// Where the touching contacts of a block's games go in LaneData: which group and column.
#pragma once

#include <array>
#include <cstdint>

#include "batch/lane_data.hpp"

namespace qwop::batch {

// Contacts with ground act on one body each, so that any of them may be solved side by side but
// those of the same body, which follow each other. A contact's rank is its place among its body's;
// groups are filled with contacts of one rank and solved rank by rank.
class ContactShelf {
 public:
  struct Place {
    std::int8_t group, column;
  };

  // Empties the shelf.
  void clear() {
    filled_.fill(kContactColumns);
    groups_ = 0;
  }

  static constexpr int kRanks = 4;
  // Whether there is surely room for so many more contacts.
  bool has_room(int contacts) const { return groups_ + contacts <= kContactGroups; }

  // A free column, whatever else is in the group being empty or of other bodies.
  Place place(int rank, LaneData& data) {
    if (filled_[rank] == kContactColumns) {
      filled_[rank] = 0;
      open_[rank] = static_cast<std::int8_t>(groups_);
      rank_[groups_] = static_cast<std::int8_t>(rank);
      empty(data.contacts[groups_++]);
    }
    return {open_[rank], filled_[rank]++};
  }

  // To be called once all contacts have their places.
  void set_order(LaneData& data) const {
    // The spare body starts from rest, lest numbers grow that slow everything down.
    auto& spare = data.bodies[kSpareBody];
    for (auto* row : {&spare.x, &spare.y, &spare.angle, &spare.sin, &spare.cos, &spare.vx,
                      &spare.vy, &spare.spin})
      (*row)[0] = 0.0;
    data.contact_groups = 0;
    for (int rank = 0; rank < kRanks; ++rank) {
      for (int group = 0; group < groups_; ++group) {
        if (rank_[group] != rank) continue;
        data.contact_order[data.contact_groups++] = static_cast<std::int8_t>(group);
      }
    }
  }

 private:
  static void empty(ContactRows& rows) {
    rows.point_count.fill(0.0);
    rows.mass_b.fill(1.0), rows.inv_mass_b.fill(1.0), rows.inv_inertia_b.fill(1.0);
    rows.offset_a.fill(body_offset(kSpareBody, 0));
    rows.offset_b.fill(body_offset(kSpareBody, 0));
  }

  // By rank: the group that is being filled, and how many of its columns are taken.
  std::array<std::int8_t, kRanks> open_{}, filled_{};
  std::array<std::int8_t, kContactGroups> rank_{};
  int groups_ = 0;
};

}  // namespace qwop::batch
