// The scene of a fresh page, built from the facts.
#include "game/game_facts.hpp"

namespace qwop::game {
namespace {

using physics::Scene;

Scene build_scene(SinCosFlavour flavour) {
  Scene scene(flavour);
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

const physics::Scene& scene(SinCosFlavour flavour) {
  static const std::array<Scene, kSinCosFlavours> scenes{build_scene(SinCosFlavour::Glibc),
                                                         build_scene(SinCosFlavour::GlibcFma),
                                                         build_scene(SinCosFlavour::Fdlibm)};
  return scenes[static_cast<int>(flavour)];
}

}  // namespace qwop::game
