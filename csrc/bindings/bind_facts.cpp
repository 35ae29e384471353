// The facts of the game, for Python: qwop_native/facts.py says what they mean.
#include <pybind11/pybind11.h>

#include "env/episode_tracker.hpp"
#include "game/game_facts.hpp"

namespace py = pybind11;

namespace qwop::bindings {
namespace {

py::tuple parts() {
  py::tuple names(game::kPartCount);
  for (std::size_t i = 0; i < game::kPartCount; ++i) {
    names[i] = game::kBodyNames[game::kReportedParts[i]];
  }
  return names;
}

// Width and height (px), density, and the pose in which a body is created: x, y and angle.
py::dict boxes() {
  py::dict found;
  for (int body = game::kHurdleBase; body < game::kBodyCount; ++body) {
    const auto& box = game::kBoxes[body];
    found[game::kBodyNames[body]] =
        py::make_tuple(box.width, box.height, box.density, py::make_tuple(box.x, box.y, box.angle));
  }
  return found;
}

// Two parts, the first one's anchor when it is created, the angle at rest and the widest limits.
py::dict joints() {
  py::dict found;
  for (int joint = game::kNeck; joint < game::kJointCount; ++joint) {
    const auto& fact = game::kJoints[joint];
    const auto limits = game::widest_limits(joint);
    found[game::kJointNames[joint]] =
        py::make_tuple(game::kBodyNames[fact.body_a], game::kBodyNames[fact.body_b],
                       py::make_tuple(fact.anchor_a.x, fact.anchor_a.y), fact.reference_angle,
                       limits.lower, limits.upper);
  }
  return found;
}

py::dict events() {
  using namespace game::events;
  using namespace py::literals;
  return py::dict("fallen"_a = kFallen, "jumped"_a = kJumped, "landed"_a = kLanded,
                  "ended"_a = kEnded, "left_foot_down"_a = kLeftFootDown,
                  "right_foot_down"_a = kRightFootDown, "hurdle_touched"_a = kHurdleTouched);
}

py::tuple flavors() {
  py::tuple names(kSinCosFlavors);
  for (std::size_t i = 0; i < kSinCosFlavors; ++i) {
    names[i] = std::string(to_string(static_cast<SinCosFlavor>(i)));
  }
  return names;
}

}  // namespace

void bind_facts(py::module_& module) {
  module.attr("SINCOS_FLAVORS") = flavors();
  module.attr("DEFAULT_SINCOS") = std::string(to_string(game::kDefaultSinCos));
  module.attr("FRAMES_PER_SECOND") = game::kFramesPerSecond;
  module.attr("PHYSICS_STEP") = game::kPhysicsStep;
  module.attr("ENGINE_TICK") = game::kMaxEngineTick;
  module.attr("UNITS_PER_METER") = static_cast<int>(game::kUnitsPerMeter);
  module.attr("PIXELS_PER_UNIT") = game::kWorldScale;
  module.attr("SCREEN_SIZE") = py::make_tuple(game::kScreenWidth, game::kScreenHeight);
  module.attr("TRACK_Y") = game::kTrackCenterY - 0.5 * game::kTrackHeight / game::kWorldScale;
  module.attr("HURDLE_X") = game::kHurdleAt / game::kWorldScale;
  module.attr("FINISH_SCORE") = game::kFinishScore;
  module.attr("FINISH_X") = game::kSandPitAt / game::kWorldScale;
  module.attr("CONTACT_RANGE") = physics::kContactRadius;
  module.attr("TORSO_RANGE") = py::make_tuple(env::kShortestDistance, env::kLongestDistance);
  module.attr("PARTS") = parts();
  module.attr("BOXES") = boxes();
  module.attr("JOINTS") = joints();
  module.attr("EVENTS") = events();
}

}  // namespace qwop::bindings
