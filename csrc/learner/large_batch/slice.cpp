#include "learner/large_batch/slice.hpp"

namespace qwop::learner {

Slice::Slice(const ValueShape& shape, ValueNetwork& of_online, ValueNetwork& of_target)
    : online(shape.trunk(), &of_online.trunk()),
      target(shape.trunk(), &of_target.trunk()),
      quantiles(nn::kChunk * nn::row_stride(shape.n_quantiles)),
      targets(nn::kChunk * nn::row_stride(shape.n_quantiles)),
      others(nn::kChunk * nn::row_stride(shape.n_quantiles)),
      chosen_inputs(nn::kChunk * nn::row_stride(shape.hidden.back())),
      q(nn::kChunk * nn::row_stride(shape.n_actions)),
      policy(nn::kChunk * nn::row_stride(shape.n_actions)),
      log_policy(nn::kChunk * nn::row_stride(shape.n_actions)),
      greatest(nn::kChunk),
      bonus(nn::kChunk),
      errors(nn::kChunk),
      head_weight(shape.n_actions * shape.n_quantiles * nn::row_stride(shape.hidden.back())),
      head_bias(nn::padded(shape.n_actions * shape.n_quantiles)),
      chosen(nn::kChunk),
      order(nn::kChunk) {}

void Batch::write_inputs(nn::MlpMemory& memory, const float* observations,
                         const std::vector<ptrdiff_t>& offsets, const Chunk& chunk) const {
  const ptrdiff_t width = shape.observation_size;
  const auto row = [&](ptrdiff_t r) {
    return observations + offsets[static_cast<std::size_t>(chunk.begin + r)] * width;
  };
  constexpr ptrdiff_t kAhead = 8;  // rows lie anywhere in gigabytes
  for (ptrdiff_t r = 0; r < chunk.rows; ++r) {
    if (r + kAhead < chunk.rows) {
      const float* const next = row(r + kAhead);
      for (ptrdiff_t i = 0; i < width; i += 16) __builtin_prefetch(next + i, 0, 2);
    }
    shape.features.write(row(r), width, memory.input_row(r));
  }
}

}  // namespace qwop::learner
