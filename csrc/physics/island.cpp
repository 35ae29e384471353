#include "physics/island.hpp"

namespace qwop::physics {

bool IslandWalk::next(Island& island) {
  while (--seed_ >= 0) {
    if (!data_.is_awake(seed_) || body_taken_[seed_] || (left_out_ >> seed_ & 1u) != 0) continue;
    if (!scene_.bodies[seed_].dynamic()) continue;
    collect(seed_, island);
    return true;
  }
  return false;
}

void IslandWalk::push(int body) {
  if (body_taken_[body]) return;
  body_taken_[body] = true;
  stack_[depth_++] = static_cast<std::int8_t>(body);
}

void IslandWalk::collect(int seed, Island& island) {
  island.body_count = island.contact_count = island.joint_count = 0;
  push(seed);
  while (depth_ > 0) {
    const auto index = stack_[--depth_];
    island.bodies[island.body_count++] = index;
    if (!data_.is_awake(index)) data_.wake(index);
    if (!scene_.bodies[index].dynamic()) continue;  // islands do not reach through statics
    visit_contacts(index, island);
    visit_joints(index, island);
  }
  for (int i = 0; i < island.body_count; ++i) {
    const auto index = island.bodies[i];
    if (!scene_.bodies[index].dynamic()) body_taken_[index] = false;
  }
}

void IslandWalk::visit_contacts(int body, Island& island) {
  for (int i = data_.contact_count - 1; i >= 0; --i) {
    const auto& contact = data_.contacts[i];
    if (contact.body_a != body && contact.body_b != body) continue;
    if (!contact.touching || contact_taken_[i]) continue;
    contact_taken_[i] = true;
    island.contacts[island.contact_count++] = static_cast<std::int8_t>(i);
    push(contact.body_a == body ? contact.body_b : contact.body_a);
  }
}

void IslandWalk::visit_joints(int body, Island& island) {
  for (int i = 0; i < scene_.body_joint_count[body]; ++i) {
    const auto k = scene_.body_joints[body][i];
    if (joint_taken_[k]) continue;
    joint_taken_[k] = true;
    island.joints[island.joint_count++] = k;
    const auto& joint = scene_.joints[k];
    push(joint.body_a == body ? joint.body_b : joint.body_a);
  }
}

}  // namespace qwop::physics
