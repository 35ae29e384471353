// What the worker calls that plans for the planner's runner.
#include <cstdint>

#include "engine/export.hpp"
#include "engine/rolling_beam.hpp"

namespace {

using qwop::game::Game;
using qwop::web::RollingBeam;

}  // namespace

// width: most states of a level; critic: the bytes of critic.bin, which are free afterwards.
QWOP_EXPORT(planner_new)
RollingBeam* planner_new(const Game* game, int width, const std::uint8_t* critic, int bytes) {
  const std::span file(critic, static_cast<std::size_t>(bytes));
  return new RollingBeam(*game, width, qwop::web::Critic(file));
}
QWOP_EXPORT(planner_begin) void planner_begin(RollingBeam* beam, const Game* game, int seed) {
  beam->begin(*game, static_cast<std::uint32_t>(seed));
}
QWOP_EXPORT(planner_deepen) int planner_deepen(RollingBeam* beam, int width) {
  return beam->deepen(width);
}
QWOP_EXPORT(planner_decide) int planner_decide(RollingBeam* beam) { return beam->decide(); }
QWOP_EXPORT(planner_depth) int planner_depth(const RollingBeam* beam) { return beam->depth(); }
QWOP_EXPORT(planner_stuck) int planner_stuck(const RollingBeam* beam) {
  return beam->home() || beam->dead();
}
QWOP_EXPORT(planner_over) int planner_over(const RollingBeam* beam) {
  return beam->root().status().ended || (beam->dead() && beam->depth() == 0);
}
