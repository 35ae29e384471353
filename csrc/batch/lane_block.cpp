#include "batch/lane_block.hpp"

#include <algorithm>
#include <bit>

#include "env/episode.hpp"
#include "game/controls.hpp"

namespace qwop::batch {
namespace {

using physics::Contact;
using physics::WorldData;

constexpr std::uint32_t kParts = ((1u << game::kPartCount) - 1) << game::kFirstPart;
constexpr std::uint32_t kHurdle = 1u << game::kHurdleBase | 1u << game::kHurdleTop;

// Where a part comes in the order in which the walk over a runner's island meets the bodies, and so
// their contacts (the joints' order in lane_kernel.hpp is of the same walk).
constexpr std::array<int, game::kPartCount> kBodyOrder{
    game::kRightThigh,   game::kTorso,    game::kHead,        game::kRightArm,
    game::kRightForearm, game::kLeftArm,  game::kLeftForearm, game::kLeftThigh,
    game::kLeftCalf,     game::kLeftFoot, game::kRightCalf,   game::kRightFoot};

// A game may be solved in lanes when its runner is awake and alone with the ground; the hurdle,
// once kicked, moves by itself. The first step ever is special, too: it starts without impulses.
bool fits_lanes(const game::Game& game) {
  const auto& data = game.world().data();
  return game.runs() && (data.awake & kParts) == kParts &&
         (data.contact_partners[game::kHurdleTop] & kParts) == 0 && data.warm_start_ratio != 0.0;
}

void prefetch(const void* from, std::size_t bytes) {
  const auto* first = static_cast<const char*>(from);
  for (std::size_t i = 0; i < bytes; i += 64) __builtin_prefetch(first + i);
}

}  // namespace

LaneBlock::LaneBlock(LaneKernelFunction kernel, const game::Game& first, int games)
    : kernel_(kernel), homes_(static_cast<std::size_t>(games), first), data_{} {
  for (int lane = 0; lane < kLanes; ++lane) {
    for (int k = 0; k < kMaxLaneContacts; ++k) clear_contact(lane, k);
  }
  for (int lane = 0; lane < games; ++lane) {
    data_.trees[lane] = &homes_[lane].world().data().tree.data();
  }
}

game::Game& LaneBlock::game(int lane) {
  if (in_lanes(lane)) go_home(lane);
  return homes_[lane];
}

env::Standing LaneBlock::standing(int lane) const {
  auto now = env::standing(homes_[lane]);
  if (in_lanes(lane)) now.distance = data_.bodies[game::kTorso].x[lane] / 10.0;
  return now;
}

void LaneBlock::observe(int lane, std::span<float, env::kObservationSize> observation) const {
  if (!in_lanes(lane)) {
    env::observe(homes_[lane], observation);
    return;
  }
  float* out = observation.data();
  for (const int part : game::kReportedParts) {
    const auto& b = data_.bodies[part];
    env::observe_part(b.x[lane], b.y[lane], b.angle[lane], b.vx[lane], b.vy[lane], out);
    out += env::kValuesPerPart;
  }
}

void LaneBlock::update(std::span<const game::KeyMask> keys, std::uint64_t active) {
  data_.running = 0;
  data_.contact_count = 0;
  const int games = static_cast<int>(homes_.size());
  for (int lane = 0; lane < games; ++lane) {
    prefetch_contacts(lane + 1);
    if ((active >> lane & 1) != 0) {
      begin(lane, keys[lane]);
    } else if (in_lanes(lane)) {
      go_home(lane);  // the kernel would play on with it
    }
  }
  if (data_.running == 0) return;
  kernel_(homes_[0].world().scene(), data_);
  prefetch_tree(0);
  for (int lane = 0; lane < games; ++lane) {
    prefetch_tree(lane + 1);
    if ((data_.running >> lane & 1u) != 0) finish(lane);
  }
}

// A block is larger than the first-level cache: the next game's part is fetched while this game's
// is worked on.
void LaneBlock::prefetch_contacts(int lane) const {
  constexpr std::size_t kUsualContacts = 6;
  if (lane >= static_cast<int>(homes_.size())) return;
  const auto& world = homes_[lane].world().data();
  prefetch(world.contacts.data(), kUsualContacts * sizeof(Contact));
  prefetch(&world.contact_count, sizeof world.contact_count + sizeof world.contact_partners);
}
void LaneBlock::prefetch_tree(int lane) const {
  if (lane >= static_cast<int>(homes_.size())) return;
  const auto& tree = homes_[lane].world().data().tree;
  prefetch(&tree, sizeof tree);
}

// Everything before the solving; a game that lanes cannot solve is updated to the end.
void LaneBlock::begin(int lane, game::KeyMask keys) {
  auto& home = homes_[lane];
  // After the end of a game, which sets the motors' speeds to zero, each update sets them again.
  const bool keys_changed = home.held_keys() != keys || home.status().ended;
  home.hold(keys);
  if (!in_lanes(lane)) {
    if (!fits_lanes(home)) {
      home.update();
      return;
    }
    enter_lanes(lane);
    copy_keys_effect(lane);
  } else if (keys_changed) {
    copy_keys_effect(lane);
  }
  const double track_before = home.body(game::kTrack0).pose.centre.x;
  home.begin_update();
  if (home.body(game::kTrack0).pose.centre.x != track_before) copy_track(lane);
  if (!home.status().fallen) {
    data_.head_torque[lane] += game::head_torque_gain(data_.bodies[game::kHead].angle[lane]);
  }
  update_contacts(lane);
  if (fits_lanes(home) && list_contacts(lane)) {
    data_.running |= 1u << lane;
  } else {
    update_at_home(lane);
  }
}

// Contacts need poses and boxes of the bodies they join; only those are brought home.
void LaneBlock::update_contacts(int lane) {
  auto& home = homes_[lane];
  auto& world = home.world().data();
  for (int i = 0; i < world.contact_count; ++i) {
    for (const int body : {world.contacts[i].body_a, world.contacts[i].body_b}) {
      if (body < game::kFirstPart) continue;
      auto& target = world.bodies[body];
      const auto& rows = data_.bodies[body];
      const auto& box = data_.boxes[body - game::kFirstPart];
      target.pose = {
          {rows.x[lane], rows.y[lane]}, rows.angle[lane], {rows.sin[lane], rows.cos[lane]}};
      target.fixture_box = {{box.low_x[lane], box.low_y[lane]},
                            {box.high_x[lane], box.high_y[lane]}};
    }
  }
  home.collide();
}

// The rest of an update whose contacts are done, for a game that cannot go on in lanes.
void LaneBlock::update_at_home(int lane) {
  auto& home = homes_[lane];
  go_home(lane);
  home.world().solve();
  home.world().find_new_contacts();
  home.finish_update();
}

// False when they are more than lanes have room for. Wakes the ground under the runner, as the
// game's walk over its island does.
bool LaneBlock::list_contacts(int lane) {
  auto& world = homes_[lane].world().data();
  int count = 0;
  std::uint32_t touching = 0;
  for (int i = 0; i < world.contact_count; ++i) {
    if (world.contacts[i].touching) touching |= 1u << world.contacts[i].body_b;
  }
  touching &= kParts;
  for (const int body : kBodyOrder) {
    if ((touching >> body & 1u) == 0) continue;
    for (int i = world.contact_count - 1; i >= 0; --i) {
      const auto& contact = world.contacts[i];
      if (contact.body_b != body || !contact.touching) continue;
      if (!world.is_awake(contact.body_a)) world.wake(contact.body_a);
      if (count < kMaxLaneContacts) {
        solved_[lane][count] = static_cast<std::int8_t>(i);
        fill_contact(lane, count, contact);
      }
      ++count;
    }
  }
  for (int k = count; k < solved_count_[lane]; ++k) clear_contact(lane, k);
  solved_count_[lane] = std::min(count, kMaxLaneContacts);
  if (count > kMaxLaneContacts) return false;
  data_.contact_count = std::max(data_.contact_count, count);
  return true;
}

void LaneBlock::clear_contact(int lane, int k) {
  auto& rows = data_.contacts[k];
  rows.point_count[lane] = 0.0;
  rows.mass_b[lane] = rows.inv_mass_b[lane] = rows.inv_inertia_b[lane] = 0.0;
  rows.offset_a[lane] = rows.offset_b[lane] = body_offset(kSpareBody, lane);
}

void LaneBlock::fill_contact(int lane, int k, const Contact& contact) {
  auto& rows = data_.contacts[k];
  const auto& m = contact.manifold;
  const auto& scene = homes_[lane].world().scene();
  const auto& a = scene.bodies[contact.body_a];
  const auto& b = scene.bodies[contact.body_b];
  for (int i = 0; i < physics::kMaxManifoldPoints; ++i) {
    rows.points[i].local_x[lane] = m.points[i].local.x;
    rows.points[i].local_y[lane] = m.points[i].local.y;
    rows.points[i].normal_impulse[lane] = m.points[i].normal_impulse;
    rows.points[i].tangent_impulse[lane] = m.points[i].tangent_impulse;
  }
  rows.normal_x[lane] = m.local_normal.x;
  rows.normal_y[lane] = m.local_normal.y;
  rows.plane_x[lane] = m.local_plane_point.x;
  rows.plane_y[lane] = m.local_plane_point.y;
  rows.friction[lane] = lanes::sqrt(a.def.friction * b.def.friction);
  rows.point_count[lane] = m.count;
  rows.flip[lane] = m.flip ? 1.0 : 0.0;
  rows.mass_b[lane] = b.mass;
  rows.inv_mass_b[lane] = b.inv_mass;
  rows.inv_inertia_b[lane] = b.inv_inertia;
  rows.offset_a[lane] = body_offset(contact.body_a, lane);
  rows.offset_b[lane] = body_offset(contact.body_b, lane);
}

// Everything after the solving.
void LaneBlock::finish(int lane) {
  auto& home = homes_[lane];
  take_impulses(lane);
  if ((data_.at_rest >> lane & 1u) != 0) fall_asleep(lane);
  if ((home.world().data().awake & kHurdle) != 0) home.world().solve_without(kParts);
  find_contacts(lane);
  auto& torso = home.world().data().bodies[game::kTorso].pose.centre;
  if (in_lanes(lane)) {
    torso = {data_.bodies[game::kTorso].x[lane], data_.bodies[game::kTorso].y[lane]};
  }
  home.finish_update();
  data_.limp[lane] = home.status().ended ? 1.0 : 0.0;
  if (!home.runs() && in_lanes(lane)) go_home(lane);  // landed: the game stands still
}

void LaneBlock::take_impulses(int lane) {
  auto& world = homes_[lane].world().data();
  for (int k = 0; k < solved_count_[lane]; ++k) {
    auto& points = world.contacts[solved_[lane][k]].manifold.points;
    for (int i = 0; i < physics::kMaxManifoldPoints; ++i) {
      const auto& rows = data_.contacts[k].points[i];
      points[i].normal_impulse = rows.normal_impulse[lane];
      points[i].tangent_impulse = rows.tangent_impulse[lane];
    }
  }
}

// Newest body first, as the game does it.
void LaneBlock::find_contacts(int lane) {
  auto& world = homes_[lane].world();
  for (auto parts = data_.moved_parts[lane]; parts != 0;) {
    const int part = std::bit_width(parts) - 1;
    world.find_contacts_of(game::kFirstPart + part);
    parts &= ~(1u << part);
  }
  world.find_new_contacts();  // of the hurdle, which is older
}

// The runner and the ground it touches.
void LaneBlock::fall_asleep(int lane) {
  auto& world = homes_[lane].world();
  for (int k = 0; k < solved_count_[lane]; ++k) {
    world.put_to_sleep(world.data().contacts[solved_[lane][k]].body_a);
  }
  go_home(lane);
  for (int body = game::kFirstPart; body < game::kBodyCount; ++body) world.put_to_sleep(body);
}

void LaneBlock::copy_keys_effect(int lane) {
  auto& home = homes_[lane];
  home.apply_held_keys();
  for (const int joint : {game::kRightHip, game::kLeftHip, game::kRightShoulder,
                          game::kLeftShoulder, game::kRightKnee, game::kLeftKnee}) {
    const auto& state = home.world().joints()[joint];
    auto& rows = data_.joints[joint];
    rows.motor_speed[lane] = state.motor_speed;
    rows.lower[lane] = state.lower;
    rows.upper[lane] = state.upper;
  }
}

void LaneBlock::copy_track(int lane) {
  for (int body = 0; body < game::kFirstPart; ++body) {
    const auto& pose = homes_[lane].body(body).pose;
    auto& rows = data_.bodies[body];
    rows.x[lane] = pose.centre.x;
    rows.y[lane] = pose.centre.y;
    rows.angle[lane] = pose.angle;
    rows.sin[lane] = pose.rotation.sin;
    rows.cos[lane] = pose.rotation.cos;
  }
}

}  // namespace qwop::batch
