#include "engine/critic.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace qwop::web {
namespace {

constexpr int kAtOnce = 4;  // observations that share each weight that is loaded
constexpr int kWidest = 256;
using Rows = std::array<std::array<float, kWidest>, kAtOnce>;

float from_half(std::uint16_t half) {
  const std::uint32_t sign = (half & 0x8000u) << 16, exponent = half >> 10 & 31u;
  const std::uint32_t fraction = half & 1023u;
  if (exponent == 0) {  // a number too small for an exponent of its own
    const float small = static_cast<float>(fraction) / 16777216.0f;
    return sign != 0 ? -small : small;
  }
  const std::uint32_t bits = sign | (exponent + 112) << 23 | fraction << 13;
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool more() const { return at_ + 4 <= bytes_.size(); }
  std::uint16_t next() {
    const int low = bytes_[at_], high = bytes_[at_ + 1];
    at_ += 2;
    return static_cast<std::uint16_t>(low | high << 8);
  }
  std::vector<float> halves(int count) {
    std::vector<float> values(count);
    for (float& value : values) value = from_half(next());
    return values;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace

Critic::Critic(std::span<const std::uint8_t> file) {
  Reader reader(file);
  while (reader.more()) {
    const int inputs = reader.next(), outputs = reader.next();
    auto weights = reader.halves(inputs * outputs);
    layers_.push_back({inputs, outputs, std::move(weights), reader.halves(outputs)});
  }
}

void Critic::evaluate(std::span<const float> observations, std::span<float> values) const {
  std::fill(values.begin(), values.end(), 0.0f);
  if (layers_.empty()) return;
  const int count = static_cast<int>(values.size());
  Rows x, y;
  for (int first = 0; first < count; first += kAtOnce) {
    const int rows = std::min(kAtOnce, count - first);
    for (int r = 0; r < kAtOnce; ++r) {  // the last ones once more where there are no others
      const auto* from = &observations[(first + std::min(r, rows - 1)) * env::kObservationSize];
      std::copy(from, from + env::kObservationSize, x[r].begin());
    }
    for (const Layer& layer : layers_) {
      const bool hidden = &layer != &layers_.back();
      for (auto& row : y) std::copy(layer.biases.begin(), layer.biases.end(), row.begin());
      for (int i = 0; i < layer.inputs; ++i) {
        const float* weights = &layer.weights[static_cast<std::size_t>(i) * layer.outputs];
        const float a = x[0][i], b = x[1][i], c = x[2][i], d = x[3][i];
        for (int o = 0; o < layer.outputs; ++o) {
          y[0][o] += a * weights[o];
          y[1][o] += b * weights[o];
          y[2][o] += c * weights[o];
          y[3][o] += d * weights[o];
        }
      }
      for (int r = 0; r < kAtOnce; ++r) {
        for (int o = 0; o < layer.outputs; ++o) {
          x[r][o] = hidden ? std::max(y[r][o], 0.0f) : y[r][o];
        }
      }
    }
    for (int r = 0; r < rows; ++r) values[first + r] = x[r][0];
  }
}

}  // namespace qwop::web
