#include "engine/rank.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

namespace qwop::web {
namespace {

constexpr double kModelWeight = 20.0;  // world units for one unit of the critic's value
constexpr double kNoise = 0.05;        // world units
constexpr double kRunning = 15.0;      // world units a second
constexpr int kTorso = 0, kHead = 1;   // among the reported parts

// Part by part: x, y, angle, vx, vy, angular velocity.
double upright(const double* bodies) {
  const double* torso = bodies + kTorso * batch::kPoolPartValues;
  const double* head = bodies + kHead * batch::kPoolPartValues;
  return 3.0 * std::min(-head[1], 4.0) - 6.0 * std::abs(torso[2] + 0.2);
}

void observe(const double* bodies, float* out) {
  for (int part = 0; part < game::kPartCount; ++part, bodies += batch::kPoolPartValues) {
    env::observe_part(bodies[0], bodies[1], bodies[2], bodies[3], bodies[4], out);
    out += env::kValuesPerPart;
  }
}

}  // namespace

Rank::Rank(const physics::Scene& scene, Critic critic) : critic_(std::move(critic)) {
  for (const int part : game::kReportedParts) {
    const auto& def = scene.bodies[part].def;
    shares_.push_back(def.half_width * def.half_height * def.density);
  }
  const double total = std::accumulate(shares_.begin(), shares_.end(), 0.0);
  for (double& share : shares_) share /= total;
}

// Twelve numbers from 0 to 1 together are as good as normally distributed here.
double Rank::noise() {
  double sum = -6.0;
  for (int i = 0; i < 12; ++i) {
    random_ = random_ * 6364136223846793005u + 1442695040888963407u;
    sum += static_cast<double>(random_ >> 40) / (1 << 24);
  }
  return kNoise * sum;
}

void Rank::order(const Pool& pool, std::span<const std::int32_t> rows, std::span<double> ranks) {
  observations_.resize(rows.size() * env::kObservationSize);
  values_.resize(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    observe(pool.bodies(rows[i]), &observations_[i * env::kObservationSize]);
  }
  critic_.evaluate(observations_, values_);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double* bodies = pool.bodies(rows[i]);
    double place = 0.0, speed = 0.0;
    for (int part = 0; part < game::kPartCount; ++part) {
      place += shares_[part] * bodies[part * batch::kPoolPartValues];
      speed += shares_[part] * bodies[part * batch::kPoolPartValues + 3];
    }
    const double slowness = std::clamp(1.0 - speed / kRunning, 0.0, 1.0);
    ranks[i] = place + 0.5 * speed + kModelWeight * static_cast<double>(values_[i]) +
               slowness * upright(bodies) + noise();
  }
}

}  // namespace qwop::web
