// One world: bodies, joints and contacts of a scene, and the step that moves them.
#pragma once

#include "physics/island.hpp"
#include "physics/scene.hpp"
#include "physics/world_data.hpp"

namespace qwop::physics {

// Told when two bodies begin to touch, in the middle of a step.
class ContactListener {
 public:
  virtual void begin_contact(int body_a, int body_b, const WorldManifold& manifold) = 0;

 protected:
  ~ContactListener() = default;
};

// Whether the swept boxes of a contact's bodies overlap and, if so, the fresh manifold.
struct Meeting {
  bool near;
  Manifold manifold;
};

class World {
 public:
  // Empty at first. The scene must outlive the world.
  explicit World(const Scene& scene) : scene_(&scene) {}

  // Puts body `index` of the scene into the world, at rest and awake.
  void create_body(int index, Vec2<double> position, double angle);
  void create_body(int index);  // where the scene has it
  void destroy_body(int index);
  // Joint `index` as the scene has it, without accumulated force.
  void create_joint(int index);

  // Sets the pose without a motion; contacts are looked for at once.
  void teleport(int index, Vec2<double> position, double angle);
  void wake(int index) { data_.wake(index); }
  void put_to_sleep(int index) { data_.put_to_sleep(index); }
  bool is_awake(int index) const { return data_.is_awake(index); }
  void add_torque(int index, double torque) { data_.bodies[index].torque += torque; }

  // A step of the fixed length is collide(), solve(), find_new_contacts(); those who solve many
  // worlds side by side put their own solving in the middle.
  //
  // Brings the contacts up to date with the poses and tells of new touches.
  void collide(ContactListener& listener);
  // The same for those who look elsewhere whether boxes meet: meeting_of(position) is asked for the
  // contacts that live on, newest first. Poses are only read where a touch begins.
  template <class MeetingOf>
  void collide(ContactListener& listener, MeetingOf&& meeting_of);
  // What this world's own boxes say of a contact.
  Meeting scalar_meeting(const Contact& contact) const;
  // Moves the bodies, island by island, and sweeps their boxes.
  void solve() { solve_without(0); }
  // The same for those who have solved some bodies (a bit set) elsewhere. Their islands must end
  // with them.
  void solve_without(std::uint32_t solved);
  // What solve() does with a body's swept box once the body has moved by displacement.
  void sweep_box(int index, const Aabb& box, Vec2<double> displacement);
  // Contacts of the bodies that left their fat boxes; ends the step.
  void find_new_contacts();
  // The same for one body whose leaf was moved by others, who see to the order.
  void find_contacts_of(int body);

  const Scene& scene() const { return *scene_; }
  const Body& body(int index) const { return data_.bodies[index]; }
  std::array<JointState<double>, kMaxJoints>& joints() { return data_.joints; }
  const WorldData& data() const { return data_; }
  WorldData& data() { return data_; }

 private:
  void add_moved(std::int8_t body) { moved_[moved_count_++] = body; }
  void create_contact(int body, int other);
  void destroy_contact(int position);
  void update_contact(Contact& contact, const Meeting& meeting, ContactListener& listener);
  template <SinCosFlavor flavor>
  void solve_with(std::uint32_t solved);
  void synchronize(const StepStart& start, std::uint32_t solved);

  const Scene* scene_;
  WorldData data_;
  // Bodies whose leaf was (re)inserted since contacts were last looked for; empty between calls.
  std::array<std::int8_t, 2 * kMaxBodies> moved_{};
  int moved_count_ = 0;
};

template <class MeetingOf>
void World::collide(ContactListener& listener, MeetingOf&& meeting_of) {
  find_new_contacts();  // of bodies created since
  for (int i = data_.contact_count - 1; i >= 0; --i) {
    auto& contact = data_.contacts[i];
    const int a = contact.body_a, b = contact.body_b;
    if (!data_.is_awake(a) && !data_.is_awake(b)) continue;
    if (overlap(data_.fat_box(a), data_.fat_box(b))) {
      update_contact(contact, meeting_of(i), listener);
    } else {
      destroy_contact(i);
    }
  }
}

}  // namespace qwop::physics
