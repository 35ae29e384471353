#include "nn/mlp_memory.hpp"

namespace qwop::nn {

MlpMemory::MlpMemory(const std::vector<ptrdiff_t>& widths, Activation activation, MlpMemory* main) {
  const auto floats = [&](ptrdiff_t n) { return memory_.emplace_back(n).get(); };
  for (std::size_t l = 0; l < widths.size(); ++l) {
    values_.push_back(floats(kChunk * row_stride(widths[l])));
    gradients_.push_back(floats(kChunk * row_stride(widths[l])));
    if (l + 1 == widths.size()) break;
    MlpLayer layer(widths[l], widths[l + 1]);
    if (main) {
      layer.forward = main->layers_[l].forward;
      layer.backward = main->layers_[l].backward;
    } else {
      layer.forward = {floats(padded(layer.outputs) * layer.inputs), floats(padded(layer.outputs))};
      layer.backward = floats(layer.outputs * padded(layer.inputs));
    }
    layer.weight_gradient = floats(layer.outputs * row_stride(layer.inputs));
    layer.bias_gradient = floats(padded(layer.outputs));
    layers_.push_back(layer);
  }
  mlp_ = {static_cast<int>(layers_.size()), activation, layers_.data(), values_.data(),
          gradients_.data()};
}

}  // namespace qwop::nn
