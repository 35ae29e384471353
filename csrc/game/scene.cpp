// The scene of a fresh page, built from the facts.
#include "game/game_facts.hpp"

namespace qwop::game {
namespace {

using physics::Scene;

Scene build_scene(SinCosFlavor flavor) {
  Scene scene(flavor);
  for (const auto& box : kBoxes) {
    scene.add_body({box.type,
                    0.5 * box.width / kWorldScale,
                    0.5 * box.height / kWorldScale,
                    box.density,
                    box.friction,
                    box.category,
                    box.mask,
                    {box.x, box.y},
                    box.angle});
  }
  for (const auto& joint : kJoints) scene.add_joint(joint);
  scene.finish();
  return scene;
}

}  // namespace

const physics::Scene& scene(SinCosFlavor flavor) {
  static const std::array<Scene, kSinCosFlavors> scenes{build_scene(SinCosFlavor::Glibc),
                                                        build_scene(SinCosFlavor::GlibcFma),
                                                        build_scene(SinCosFlavor::Fdlibm)};
  return scenes[static_cast<int>(flavor)];
}

}  // namespace qwop::game
