// PPO's losses of the policy and of the value, and their gradients for the networks' results.
#include <algorithm>
#include <cmath>

#include "learner/ppo/actor_critic.hpp"

namespace qwop::learner {

using nn::row_stride;

// The advantages of the batch, with mean 0 and deviation 1 where that is wanted.
void ActorCritic::normalize(bool wanted) {
  const std::size_t n = places_.size();
  advantages_.resize(n);
  double sum = 0.0, squares = 0.0;
  for (std::size_t i = 0; i < n; ++i) {
    advantages_[i] = rollout_.advantages[static_cast<std::size_t>(places_[i])];
    sum += double{advantages_[i]};
  }
  if (!wanted || n < 2) return;
  const double mean = sum / static_cast<double>(n);
  for (const float a : advantages_) squares += (double{a} - mean) * (double{a} - mean);
  const double deviation = std::sqrt(squares / static_cast<double>(n - 1));
  for (float& a : advantages_) a = static_cast<float>((double{a} - mean) / (deviation + 1e-8));
}

// Gradients of the loss for the policy's results; what is logged is added to the slice's sums.
void ActorCritic::policy_losses(Slice& slice, ptrdiff_t begin, ptrdiff_t rows,
                                const PpoSettings& settings) {
  const ptrdiff_t n = n_actions_;
  const auto share = 1.0f / static_cast<float>(places_.size());
  const auto low = static_cast<float>(1.0 - settings.clip_range);
  const auto high = static_cast<float>(1.0 + settings.clip_range);
  const auto clip = static_cast<float>(settings.clip_range);
  const auto entropy_share = static_cast<float>(settings.entropy_coefficient) * share;
  PpoResult& sums = slice.policy_sums;
  kernels_.exponentials(slice.policy.output_row(0), rows, n, slice.exponentials.get(),
                        slice.greatest.get());
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const auto i = static_cast<std::size_t>(begin + r);
    const ptrdiff_t at = places_[i];
    const float* const e = slice.exponentials.get() + r * row_stride(n);
    const float* const logits = slice.policy.output_row(r);
    float total = 0.0f;
    for (ptrdiff_t a = 0; a < n; ++a) total += e[a];
    const float shift = slice.greatest.get()[r] + std::log(total), inverse = 1.0f / total;
    float entropy = 0.0f;
    for (ptrdiff_t a = 0; a < n; ++a) entropy -= e[a] * inverse * (logits[a] - shift);
    const ptrdiff_t action = rollout_.actions[static_cast<std::size_t>(at)];
    const float moved = logits[action] - shift - rollout_.log_probs[static_cast<std::size_t>(at)];
    const float ratio = std::exp(moved), advantage = advantages_[i];
    const float plain = advantage * ratio, clipped = advantage * std::clamp(ratio, low, high);
    // Where both are equal, either half of the gradient arrives.
    const float for_log_prob = plain <= clipped ? -plain * share : plain > clipped ? 0.0f : plain;
    float* const gradient = slice.policy.gradient_row(r);
    for (ptrdiff_t a = 0; a < n; ++a) {
      const float probability = e[a] * inverse;
      gradient[a] =
          -for_log_prob * probability + entropy_share * probability * (logits[a] - shift + entropy);
    }
    gradient[action] += for_log_prob;

    sums.policy_loss -= double{std::min(plain, clipped)};
    sums.entropy_loss -= double{entropy};
    sums.clip_fraction += std::abs(ratio - 1.0f) > clip ? 1.0 : 0.0;
    sums.kl += double{ratio - 1.0f - moved};
  }
}

// The same for the value.
void ActorCritic::value_losses(Slice& slice, ptrdiff_t begin, ptrdiff_t rows,
                               const PpoSettings& settings) {
  const auto share = 1.0f / static_cast<float>(places_.size());
  const auto value_share = 2.0f * static_cast<float>(settings.value_coefficient) * share;
  for (ptrdiff_t r = 0; r < rows; ++r) {
    const ptrdiff_t at = places_[static_cast<std::size_t>(begin + r)];
    const float value = *slice.value.output_row(r),
                wanted = rollout_.returns[static_cast<std::size_t>(at)];
    float used = value;
    bool inside = true;
    if (settings.clip_range_values) {
      const auto most = static_cast<float>(*settings.clip_range_values);
      const float difference = value - rollout_.values[static_cast<std::size_t>(at)];
      inside = !(difference < -most || difference > most);
      used = rollout_.values[static_cast<std::size_t>(at)] + std::clamp(difference, -most, most);
    }
    *slice.value.gradient_row(r) = inside ? value_share * (used - wanted) : 0.0f;
    slice.value_sums.value_loss += double{used - wanted} * double{used - wanted};
  }
}

}  // namespace qwop::learner
