// The chance that an episode may have although the game has none: idle steps before it begins, and
// actions that stick.
#pragma once

#include <cstdint>

namespace qwop::env {

struct ChanceOptions {
  int noop_max = 0;                        // a reset plays 1 to so many steps without keys; 0: none
  double repeat_action_probability = 0.0;  // that a step holds the keys of the one before

  bool any() const { return noop_max > 0 || repeat_action_probability > 0.0; }
};

// Random numbers of one game: Steele, Lea and Flood's SplitMix64, whose state is one word.
class Chance {
 public:
  explicit Chance(std::uint64_t seed = 0) : state_(mixed(seed)) {}

  // From 1 to most.
  int draw_up_to(int most) {
    return 1 + static_cast<int>((next() >> 32) * static_cast<std::uint64_t>(most) >> 32);
  }
  bool happens(double probability) {
    return static_cast<double>(next() >> 11) * 0x1p-53 < probability;
  }

  std::uint64_t state() const { return state_; }
  void set_state(std::uint64_t state) { state_ = state; }

 private:
  static std::uint64_t mixed(std::uint64_t z) {
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
  }
  std::uint64_t next() { return mixed(state_ += 0x9e3779b97f4a7c15u); }

  std::uint64_t state_;
};

}  // namespace qwop::env
