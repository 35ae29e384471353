// The head of QR-DQN's network for large batches, action by action, and the table of its kernels.
//
// Output quantile * n_actions + action of the head is a quantile of an action, as sb3-contrib has
// it. The rows of one action are packed together, so that a batch sorted by action needs only the
// quantiles of the actions that were taken. What chooses an action is linear in the weights: their
// mean over the quantiles, one row an action.
#pragma once

#include "nn/mlp.hpp"

namespace qwop::learner {

using std::ptrdiff_t;

struct Head {
  ptrdiff_t inputs = 0, n_actions = 0, n_quantiles = 0;
  nn::Parameter weight, bias;           // in the order of the outputs
  nn::PackedLinear* actions = nullptr;  // one for each action
  float** backward = nullptr;           // packed for dx = dy w, one for each action
  float* mean_rows = nullptr;           // (n_actions, inputs): means over the quantiles
  float* mean_bias = nullptr;           // n_actions
  nn::PackedLinear mean;                // the same, packed

  ptrdiff_t outputs() const { return n_actions * n_quantiles; }
};

// The functions that are compiled for each instruction set. Matrices hold one row a transition, as
// far apart as nn::row_stride of their columns says.
struct HeadKernels {
  // Packs the parameters anew.
  void (*refresh)(const Head& head);
  // Quantiles of one action; means of the quantiles of all actions.
  void (*quantiles)(const Head& head, ptrdiff_t action, const float* x, ptrdiff_t rows, float* y);
  void (*means)(const Head& head, const float* x, ptrdiff_t rows, float* y);
  // The gradient for x of rows that all took one action, from that of its quantiles.
  void (*backward)(const Head& head, ptrdiff_t action, const float* dy, ptrdiff_t rows, float* dx);
  // Adds the gradients of the action's parameters to `weight`, rows row_stride(inputs) apart, and
  // to `bias`, both in the order of the outputs.
  void (*gradients)(const Head& head, ptrdiff_t action, const float* x, const float* dy,
                    ptrdiff_t rows, float* weight, float* bias);
  // Turns quantiles into their gradients, times `scale`; returns the sum of the losses
  // sum_ij |tau_i - [d_ij < 0]| huber(d_ij), d_ij = targets[j] - quantiles[i]. Row r counts
  // importance[r] times where there is an `importance`, and errors[r] becomes its loss.
  double (*quantile_huber)(ptrdiff_t rows, ptrdiff_t n, const float* tau, const float* targets,
                           float scale, const float* importance, float* quantiles, float* errors);
  // Adds factors[r * step] * (x + offsets[r * step]) to the first n columns of row r of y.
  void (*add_scaled)(ptrdiff_t rows, ptrdiff_t n, const float* factors, const float* offsets,
                     ptrdiff_t step, const float* x, float* y);
};

}  // namespace qwop::learner
