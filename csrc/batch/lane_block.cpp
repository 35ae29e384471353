#include "batch/lane_block.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "env/episode.hpp"
#include "game/controls.hpp"

namespace qwop::batch {
namespace {

using physics::Contact;
using physics::WorldData;

constexpr std::uint32_t kParts = ((1u << game::kPartCount) - 1) << game::kFirstPart;
constexpr std::uint32_t kHurdle = 1u << game::kHurdleBase | 1u << game::kHurdleTop;

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

constexpr std::size_t kUsualContacts = 6;

}  // namespace

LaneBlock::LaneBlock(const LaneKernels& kernels, const game::Game& first, int games,
                     support::LargePages* memory)
    : kernels_(kernels),
      twins_(static_cast<std::size_t>(games), first, memory),
      data_memory_(1, memory),
      data_(data_memory_.front()) {
  for (int lane = 0; lane < games; ++lane) {
    data_.trees[lane] = &twins_[lane].world().data().tree.data();
  }
}

game::Game& LaneBlock::game(int lane) {
  if (in_lanes(lane)) leave_lanes(lane);
  return twins_[lane];
}

env::Standing LaneBlock::standing(int lane) const {
  auto now = env::standing(twins_[lane]);
  if (in_lanes(lane)) now.distance = data_.bodies[game::kTorso].x[lane] / 10.0;
  return now;
}

void LaneBlock::observe(int lane, std::span<float, env::kObservationSize> observation) const {
  if (!in_lanes(lane)) {
    env::observe(twins_[lane], observation);
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
  data_.pair_count = 0;
  colliding_ = 0;
  shelf_.clear();
  const int games = static_cast<int>(twins_.size());
  for (int lane = 0; lane < games; ++lane) {
    prefetch_contacts(lane + 1);
    if ((active >> lane & 1) != 0) {
      begin(lane, keys[lane]);
    } else if (in_lanes(lane)) {
      leave_lanes(lane);  // the kernel would play on with it
    }
  }
  if (colliding_ == 0) return;
  kernels_.collide(data_);
  for (auto left = colliding_; left != 0; left &= left - 1) collide(std::countr_zero(left));
  if (data_.running == 0) return;
  shelf_.set_order(data_);
  kernels_.run(twins_[0].world().scene(), data_);
  prefetch_tree(0);
  for (int lane = 0; lane < games; ++lane) {
    prefetch_tree(lane + 1);
    if ((data_.running >> lane & 1u) != 0) finish(lane);
  }
}

void LaneBlock::look_ahead(const GameBlock* next, int share, int shares) {
  data_.ahead.clear();
  if (next != nullptr) next->list_memory(data_.ahead, share, shares);
}

void LaneBlock::list_memory(support::MemoryAhead& list, int share, int shares) const {
  constexpr std::size_t kUsualGroups = 2;
  constexpr auto kUsual = offsetof(LaneData, contacts) + kUsualGroups * sizeof(ContactRows);
  const auto* data = reinterpret_cast<const char*>(&data_);
  const auto cut = [&](auto all, int i) { return all * i / shares; };
  list.add(data + cut(kUsual, share), cut(kUsual, share + 1) - cut(kUsual, share));
  const int games = static_cast<int>(twins_.size());
  for (int lane = cut(games, share); lane < cut(games, share + 1); ++lane) {
    const auto& world = twins_[lane].world().data();
    list.add(&world.bodies, (game::kTorso + 1) * sizeof(physics::Body));
    list.add(&world.contacts, kUsualContacts * sizeof(Contact));
    list.add(&world.contact_count, sizeof world.contact_count + sizeof world.contact_partners);
    list.add(&world.tree, sizeof world.tree);
  }
}

// A block is larger than the first-level cache: the next game's part is fetched while this game's
// is worked on.
void LaneBlock::prefetch_contacts(int lane) const {
  if (lane >= static_cast<int>(twins_.size())) return;
  const auto& world = twins_[lane].world().data();
  batch::prefetch(&world.contacts, kUsualContacts * sizeof(Contact));
  batch::prefetch(&world.contact_count, sizeof world.contact_count + sizeof world.contact_partners);
}
void LaneBlock::prefetch_tree(int lane) const {
  if (lane >= static_cast<int>(twins_.size())) return;
  const auto& tree = twins_[lane].world().data().tree;
  batch::prefetch(&tree, sizeof tree);
}

// Everything before the contacts; a game that does not fit into lanes is updated to the end.
void LaneBlock::begin(int lane, game::KeyMask keys) {
  auto& twin = twins_[lane];
  // After the end of a game, which sets the motors' speeds to zero, each update sets them again.
  const bool keys_changed = twin.held_keys() != keys || twin.status().ended;
  twin.hold(keys);
  if (!in_lanes(lane)) {
    if (!fits_lanes(twin)) {
      twin.update();
      return;
    }
    enter_lanes(lane);
    copy_keys_effect(lane);
  } else if (keys_changed) {
    copy_keys_effect(lane);
  }
  const double track_before = twin.body(game::kTrack0).pose.center.x;
  twin.begin_update();
  if (twin.body(game::kTrack0).pose.center.x != track_before) copy_track(lane);
  if (!twin.status().fallen) {
    data_.head_torque[lane] += game::head_torque_gain(data_.bodies[game::kHead].angle[lane]);
  }
  list_pairs(lane);
  colliding_ |= 1u << lane;
}

// Puts boxes that may touch where the lanes' narrow phase finds them. The hurdle, which moves by
// itself, is left to the twin.
void LaneBlock::list_pairs(int lane) {
  const auto& world = twins_[lane].world().data();
  const auto& scene = twins_[lane].world().scene();
  for (int i = 0; i < std::min(world.contact_count, kListedPairs); ++i) {
    const int a = world.contacts[i].body_a, b = world.contacts[i].body_b;
    auto& pair = pairs_[lane][i];
    pair = kByTwin;
    if ((kParts >> b & 1u) == 0 || (kHurdle >> a & 1u) != 0) continue;
    if (!overlap(world.bodies[a].fixture_box, swept_box(lane, b))) {
      pair = kApart;
      continue;
    }
    if (data_.pair_count == kPairGroups * kContactColumns) continue;
    pair = static_cast<std::int8_t>(data_.pair_count++);
    auto& rows = data_.pairs[pair / kContactColumns];
    const int column = pair % kContactColumns;
    rows.half_width_a[column] = scene.bodies[a].def.half_width;
    rows.half_height_a[column] = scene.bodies[a].def.half_height;
    rows.half_width_b[column] = scene.bodies[b].def.half_width;
    rows.half_height_b[column] = scene.bodies[b].def.half_height;
    rows.offset_a[column] = body_offset(a, lane);
    rows.offset_b[column] = body_offset(b, lane);
  }
}

physics::Aabb LaneBlock::swept_box(int lane, int body) const {
  const auto& box = data_.boxes[body - game::kFirstPart];
  return {{box.low_x[lane], box.low_y[lane]}, {box.high_x[lane], box.high_y[lane]}};
}

// Brings a game's contacts up to date and passes it on to the solver, of the lanes or of the twin.
void LaneBlock::collide(int lane) {
  auto& twin = twins_[lane];
  auto& world = twin.world().data();
  world.woken = 0;
  twin.collide([&](int i) { return meeting(lane, i); });
  for (auto woken = world.woken & kParts; woken != 0; woken &= woken - 1) {
    data_.bodies[std::countr_zero(woken)].sleep_time[lane] = 0.0;
  }
  if (fits_lanes(twin) && list_contacts(lane)) {
    data_.running |= 1u << lane;
  } else {
    update_twin(lane);
  }
}

physics::Meeting LaneBlock::meeting(int lane, int i) {
  const auto& contact = twins_[lane].world().data().contacts[i];
  const auto pair = i < kListedPairs ? pairs_[lane][i] : kByTwin;
  if (pair == kApart) return {};
  if (pair == kByTwin) {
    update_twin_body(lane, contact.body_a);  // a part may come before the hurdle
    update_twin_body(lane, contact.body_b);
    return twins_[lane].world().scalar_meeting(contact);
  }
  const auto& rows = data_.pairs[pair / kContactColumns];
  const int column = pair % kContactColumns;
  const auto has = [column](std::uint32_t bits) { return (bits >> column & 1u) != 0; };
  physics::Meeting met{true, {}};
  auto& m = met.manifold;
  m.flip = has(rows.flip);
  if (!has(rows.clipped)) return met;
  m.local_normal = {rows.normal_x[column], rows.normal_y[column]};
  m.local_plane_point = {rows.plane_x[column], rows.plane_y[column]};
  m.count = static_cast<std::uint8_t>(has(rows.one) + has(rows.two));
  for (int k = 0; k < m.count; ++k) {
    m.points[k].local = {rows.local_x[k][column], rows.local_y[k][column]};
    m.points[k].id = static_cast<std::uint32_t>(rows.id[k][column]);
  }
  if (m.count > 0 && !contact.touching)
    update_twin_body(lane, contact.body_b);  // the rules look at it
  return met;
}

void LaneBlock::update_twin_body(int lane, int body) {
  if ((kParts >> body & 1u) == 0) return;
  auto& target = twins_[lane].world().data().bodies[body];
  const auto& rows = data_.bodies[body];
  target.pose = {{rows.x[lane], rows.y[lane]}, rows.angle[lane], {rows.sin[lane], rows.cos[lane]}};
  target.fixture_box = swept_box(lane, body);
}

// The rest of an update whose contacts are done, for a game that cannot go on in lanes.
void LaneBlock::update_twin(int lane) {
  auto& twin = twins_[lane];
  leave_lanes(lane);
  twin.world().solve();
  twin.world().find_new_contacts();
  twin.finish_update();
}

// False when they are more than lanes have room for. Wakes the ground under the runner, as the
// game's walk over its island does.
bool LaneBlock::list_contacts(int lane) {
  auto& world = twins_[lane].world();
  const auto& contacts = world.data().contacts;
  std::array<std::int8_t, kMaxLaneContacts> touching, rank;
  std::array<std::int8_t, game::kBodyCount> of_body{};
  int count = 0;
  for (int i = world.data().contact_count - 1; i >= 0; --i) {  // newest first, as the game does
    const int body = contacts[i].body_b;
    if (!contacts[i].touching || (kParts >> body & 1u) == 0) continue;
    if (!world.is_awake(contacts[i].body_a)) world.wake(contacts[i].body_a);
    if (count == kMaxLaneContacts || of_body[body] == ContactShelf::kRanks) return false;
    touching[count] = static_cast<std::int8_t>(i);
    rank[count++] = of_body[body]++;
  }
  if (!shelf_.has_room(count)) return false;
  solved_count_[lane] = count;
  for (int k = 0; k < count; ++k) {
    const auto place = shelf_.place(rank[k], data_);
    solved_[lane][k] = {touching[k], place};
    fill_contact(lane, place, contacts[touching[k]]);
  }
  return true;
}

void LaneBlock::fill_contact(int lane, ContactShelf::Place place, const Contact& contact) {
  auto& rows = data_.contacts[place.group];
  const int column = place.column;
  const auto& m = contact.manifold;
  const auto& scene = twins_[lane].world().scene();
  const auto& a = scene.bodies[contact.body_a];
  const auto& b = scene.bodies[contact.body_b];
  for (int i = 0; i < physics::kMaxManifoldPoints; ++i) {
    rows.points[i].local_x[column] = m.points[i].local.x;
    rows.points[i].local_y[column] = m.points[i].local.y;
    rows.points[i].normal_impulse[column] = m.points[i].normal_impulse;
    rows.points[i].tangent_impulse[column] = m.points[i].tangent_impulse;
  }
  rows.normal_x[column] = m.local_normal.x;
  rows.normal_y[column] = m.local_normal.y;
  rows.plane_x[column] = m.local_plane_point.x;
  rows.plane_y[column] = m.local_plane_point.y;
  rows.friction[column] = lanes::sqrt(a.def.friction * b.def.friction);
  rows.point_count[column] = m.count;
  rows.flip[column] = m.flip ? 1.0 : 0.0;
  rows.mass_b[column] = b.mass;
  rows.inv_mass_b[column] = b.inv_mass;
  rows.inv_inertia_b[column] = b.inv_inertia;
  rows.offset_a[column] = body_offset(contact.body_a, lane);
  rows.offset_b[column] = body_offset(contact.body_b, lane);
}

// Everything after the solving.
void LaneBlock::finish(int lane) {
  auto& twin = twins_[lane];
  take_impulses(lane);
  if ((data_.at_rest >> lane & 1u) != 0) fall_asleep(lane);
  if ((twin.world().data().awake & kHurdle) != 0) {
    twin.world().solve_without(kParts);
    copy_obstacles(lane);
  }
  find_contacts(lane);
  auto& torso = twin.world().data().bodies[game::kTorso].pose.center;
  if (in_lanes(lane)) {
    torso = {data_.bodies[game::kTorso].x[lane], data_.bodies[game::kTorso].y[lane]};
  }
  twin.finish_update();
  data_.limp[lane] = twin.status().ended ? 1.0 : 0.0;
  if (!twin.runs() && in_lanes(lane)) leave_lanes(lane);  // landed: the game stands still
}

void LaneBlock::take_impulses(int lane) {
  auto& world = twins_[lane].world().data();
  for (int k = 0; k < solved_count_[lane]; ++k) {
    const auto [contact, place] = solved_[lane][k];
    auto& points = world.contacts[contact].manifold.points;
    for (int i = 0; i < physics::kMaxManifoldPoints; ++i) {
      const auto& rows = data_.contacts[place.group].points[i];
      points[i].normal_impulse = rows.normal_impulse[place.column];
      points[i].tangent_impulse = rows.tangent_impulse[place.column];
    }
  }
}

// Newest body first, as the game does it.
void LaneBlock::find_contacts(int lane) {
  auto& world = twins_[lane].world();
  for (auto parts = data_.meeting_parts[lane]; parts != 0;) {
    const int part = std::bit_width(parts) - 1;
    world.find_contacts_of(game::kFirstPart + part);
    parts &= ~(1u << part);
  }
  world.find_new_contacts();  // of the hurdle, which is older
}

// The runner and the ground it touches.
void LaneBlock::fall_asleep(int lane) {
  auto& world = twins_[lane].world();
  for (int k = 0; k < solved_count_[lane]; ++k) {
    world.put_to_sleep(world.data().contacts[solved_[lane][k].contact].body_a);
  }
  leave_lanes(lane);
  for (int body = game::kFirstPart; body < game::kBodyCount; ++body) world.put_to_sleep(body);
}

void LaneBlock::copy_keys_effect(int lane) {
  auto& twin = twins_[lane];
  twin.apply_held_keys();
  for (const int joint : {game::kRightHip, game::kLeftHip, game::kRightShoulder,
                          game::kLeftShoulder, game::kRightKnee, game::kLeftKnee}) {
    const auto& state = twin.world().joints()[joint];
    auto& rows = data_.joints[joint];
    rows.motor_speed[lane] = state.motor_speed;
    rows.lower[lane] = state.lower;
    rows.upper[lane] = state.upper;
  }
}

void LaneBlock::copy_track(int lane) {
  for (int body = 0; body < game::kHurdleBase; ++body) {  // what the lanes' contacts may be with
    const auto& pose = twins_[lane].body(body).pose;
    auto& rows = data_.bodies[body];
    rows.x[lane] = pose.center.x;
    rows.y[lane] = pose.center.y;
    rows.angle[lane] = pose.angle;
    rows.sin[lane] = pose.rotation.sin;
    rows.cos[lane] = pose.rotation.cos;
  }
  copy_obstacles(lane);
}

void LaneBlock::copy_obstacles(int lane) {
  const auto& world = twins_[lane].world().data();
  double top = world.fat_box(game::kTrack0).low.y;
  for (int i = 1; i < game::kTrackTiles; ++i) {
    top = std::min(top, world.fat_box(game::kTrack0 + i).low.y);
  }
  data_.ground_top[lane] = top;
  data_.block_right[lane] = world.fat_box(game::kBlock).high.x;
  data_.hurdle_left[lane] = world.fat_box(game::kHurdleTop).low.x;
}

}  // namespace qwop::batch
