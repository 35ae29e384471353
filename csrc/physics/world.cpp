#include "physics/world.hpp"

#include <bit>

#include "libm/sincos.hpp"
#include "physics/collide.hpp"
#include "physics/integrate.hpp"
#include "physics/island.hpp"

namespace qwop::physics {

void World::create_body(int index) {
  const auto& def = scene_->bodies[index].def;
  create_body(index, def.position, def.angle);
}

void World::create_body(int index, Vec2<double> position, double angle) {
  const auto& def = scene_->bodies[index].def;
  auto& body = data_.bodies[index];
  body = {};
  const auto r = sincos(scene_->flavor, angle);
  body.pose = {position, angle, {r.sin, r.cos}};
  body.fixture_box = tight_box(body.pose, def.half_width, def.half_height);
  data_.existing |= 1u << index;
  data_.wake(index);
  data_.leaves[index] = data_.tree.create_leaf(body.fixture_box, index);
  add_moved(static_cast<std::int8_t>(index));
}

void World::destroy_body(int index) {
  for (int i = data_.contact_count - 1; i >= 0; --i) {
    const auto& contact = data_.contacts[i];
    if (contact.body_a == index || contact.body_b == index) destroy_contact(i);
  }
  int kept = 0;
  for (int i = 0; i < moved_count_; ++i) {
    if (moved_[i] != index) moved_[kept++] = moved_[i];
  }
  moved_count_ = kept;
  data_.tree.destroy_leaf(data_.leaves[index]);
  data_.leaves[index] = DynamicTree::kNone;
  data_.existing &= ~(1u << index);
  data_.awake &= ~(1u << index);
  data_.bodies[index] = {};
}

void World::create_joint(int index) {
  const auto& params = scene_->joints[index];
  auto& joint = data_.joints[index];
  joint = {};
  joint.limit_state = limit_state::kUnset;
  joint.lower = params.lower;
  joint.upper = params.upper;
  joint.motor_enabled = params.motor_enabled;
  joint.limit_enabled = true;
}

void World::teleport(int index, Vec2<double> position, double angle) {
  const auto& def = scene_->bodies[index].def;
  auto& body = data_.bodies[index];
  const auto r = sincos(scene_->flavor, angle);
  body.pose = {position, angle, {r.sin, r.cos}};
  body.fixture_box = tight_box(body.pose, def.half_width, def.half_height);
  if (data_.tree.move_leaf(data_.leaves[index], body.fixture_box, {0.0, 0.0})) {
    add_moved(static_cast<std::int8_t>(index));
  }
  find_new_contacts();
}

void World::solve_without(std::uint32_t solved) {
  switch (scene_->flavor) {
    case SinCosFlavor::Glibc:
      solve_with<SinCosFlavor::Glibc>(solved);
      break;
    case SinCosFlavor::GlibcFma:
      solve_with<SinCosFlavor::GlibcFma>(solved);
      break;
    case SinCosFlavor::Fdlibm:
      solve_with<SinCosFlavor::Fdlibm>(solved);
      break;
  }
  data_.warm_start_ratio = kInvTimeStep * kTimeStep;
}

template <SinCosFlavor flavor>
void World::solve_with(std::uint32_t solved) {
  StepStart start;
  Island island;
  IslandWalk walk(*scene_, data_, solved);
  while (walk.next(island)) solve_island<flavor>(*scene_, data_, island, start);
  synchronize(start, solved);
}

// Sweeps each moved body's box over its motion and updates the tree, newest body first.
void World::synchronize(const StepStart& start, std::uint32_t solved) {
  for (int i = scene_->body_count - 1; i >= 0; --i) {
    auto& body = data_.bodies[i];
    const auto& params = scene_->bodies[i];
    if ((solved >> i & 1u) != 0 || !data_.is_awake(i) || !params.dynamic()) continue;
    const auto end = tight_box(body.pose, params.def.half_width, params.def.half_height);
    sweep_box(i, unite(start.boxes[i], end), body.pose.center - start.centers[i]);
  }
}

void World::sweep_box(int index, const Aabb& box, Vec2<double> displacement) {
  data_.bodies[index].fixture_box = box;
  if (data_.tree.move_leaf(data_.leaves[index], box, displacement)) {
    add_moved(static_cast<std::int8_t>(index));
  }
}

void World::find_new_contacts() {
  for (int i = 0; i < moved_count_; ++i) find_contacts_of(moved_[i]);
  moved_count_ = 0;
}

// The tree's search decides the order of new contacts, but only where there are two or more: few
// bodies may touch, so they are tested directly and the tree is walked only then.
void World::find_contacts_of(int index) {
  const auto box = data_.fat_box(index);
  std::uint32_t hits = 0;
  auto candidates =
      scene_->bodies[index].partners & data_.existing & ~data_.contact_partners[index];
  for (; candidates != 0; candidates &= candidates - 1) {
    const int other = std::countr_zero(candidates);
    if (overlap(data_.fat_box(other), box)) hits |= 1u << other;
  }
  if (hits == 0) return;
  if (std::has_single_bit(hits)) {
    create_contact(index, std::countr_zero(hits));
    return;
  }
  data_.tree.query(box, [&](int other) {
    if ((hits & 1u << other) != 0) create_contact(index, other);
  });
}

void World::create_contact(int body, int other) {
  const bool body_first = data_.leaves[body] < data_.leaves[other];
  auto& contact = data_.contacts[data_.contact_count++];
  contact = {};
  contact.body_a = static_cast<std::int8_t>(body_first ? body : other);
  contact.body_b = static_cast<std::int8_t>(body_first ? other : body);
  data_.contact_partners[body] |= 1u << other;
  data_.contact_partners[other] |= 1u << body;
}

void World::destroy_contact(int position) {
  const auto& contact = data_.contacts[position];
  const int a = contact.body_a, b = contact.body_b;
  if (contact.manifold.count > 0) {
    data_.wake(a);
    data_.wake(b);
  }
  data_.contact_partners[a] &= ~(1u << b);
  data_.contact_partners[b] &= ~(1u << a);
  --data_.contact_count;
  for (int i = position; i < data_.contact_count; ++i) data_.contacts[i] = data_.contacts[i + 1];
}

void World::collide(ContactListener& listener) {
  collide(listener, [this](int i) { return scalar_meeting(data_.contacts[i]); });
}

Meeting World::scalar_meeting(const Contact& contact) const {
  const auto& a = data_.bodies[contact.body_a];
  const auto& b = data_.bodies[contact.body_b];
  if (!overlap(a.fixture_box, b.fixture_box)) return {};
  const auto& def_a = scene_->bodies[contact.body_a].def;
  const auto& def_b = scene_->bodies[contact.body_b].def;
  return {true, collide_boxes({def_a.half_width, def_a.half_height, a.pose},
                              {def_b.half_width, def_b.half_height, b.pose})};
}

void World::update_contact(Contact& contact, const Meeting& meeting, ContactListener& listener) {
  if (!meeting.near && contact.manifold.blank()) return;
  auto fresh = meeting.manifold;
  carry_impulses(fresh, contact.manifold);
  contact.manifold = fresh;
  const bool touched = contact.touching;
  contact.touching = fresh.count > 0;
  if (contact.touching != touched) {
    data_.wake(contact.body_a);
    data_.wake(contact.body_b);
  }
  if (contact.touching && !touched) {
    const auto& a = data_.bodies[contact.body_a].pose;
    const auto& b = data_.bodies[contact.body_b].pose;
    listener.begin_contact(contact.body_a, contact.body_b, world_manifold(fresh, a, b));
  }
}

}  // namespace qwop::physics
