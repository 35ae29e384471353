#include "nn/mlp_memory.hpp"

namespace qwop::nn {

MlpMemory::MlpMemory(const MlpShape& shape, MlpMemory* main) {
  const auto& widths = shape.widths;
  for (std::size_t l = 0; l < widths.size(); ++l) {
    values_.push_back(floats(kChunk * row_stride(widths[l])));
    gradients_.push_back(floats(kChunk * row_stride(widths[l])));
    if (l + 1 == widths.size()) break;
    const MlpLayer* const of_main = main ? &main->layers_[l] : nullptr;
    layers_.push_back(layer(widths[l], widths[l + 1], of_main));
    const bool last = l + 2 == widths.size();
    if (shape.layer_norm && !(last && shape.ends_linear)) add_norm(layers_.back(), of_main);
  }
  mlp_ = {static_cast<int>(layers_.size()),
          shape.activation,
          shape.ends_linear,
          layers_.data(),
          values_.data(),
          gradients_.data()};
}

MlpLayer MlpMemory::layer(ptrdiff_t inputs, ptrdiff_t outputs, const MlpLayer* main) {
  MlpLayer made(inputs, outputs);
  if (main) {
    made.forward = main->forward;
    made.backward = main->backward;
  } else {
    made.forward = {floats(padded(outputs) * inputs), floats(padded(outputs))};
    made.backward = floats(outputs * padded(inputs));
  }
  made.weight_gradient = floats(outputs * row_stride(inputs));
  made.bias_gradient = floats(padded(outputs));
  return made;
}

void MlpMemory::add_norm(MlpLayer& layer, const MlpLayer* main) {
  const ptrdiff_t n = layer.outputs;
  LayerNorm& norm = layer.norm;
  norm.gain.size = norm.bias.size = n;
  norm.packed_gain = main ? main->norm.packed_gain : floats(padded(n));
  norm.packed_bias = main ? main->norm.packed_bias : floats(padded(n));
  norm.gain_gradient = floats(padded(n));
  norm.bias_gradient = floats(padded(n));
  norm.normalized = floats(kChunk * row_stride(n));
  norm.inverse_deviation = floats(kChunk);
}

}  // namespace qwop::nn
