"""QR-DQN's targets, loss, network and n-step returns in float64, written out one by one.

Slow and obvious: what the torch twin and the native kernels are held against.
"""

import math

import numpy as np


class Network:
    """Linear, perhaps LayerNorm, activation, ..., Linear, from a torch Sequential's state dict."""

    def __init__(self, state, layer_norm, activation="relu", epsilon=1e-5):
        arrays = [np.asarray(value, np.float64) for value in state.values()]
        step = 4 if layer_norm else 2
        self.hidden = [arrays[i : i + step] for i in range(0, len(arrays) - 2, step)]
        self.head = arrays[-2:]
        self.activation, self.epsilon = activation, epsilon

    def forward(self, row):
        """Output (outputs,) for one row of inputs; keeps what `backward` needs."""
        self.kept = []
        for weight, bias, *norm in self.hidden:
            inputs, summed = row, weight @ row + bias
            shown = summed
            if norm:
                deviation = math.sqrt(summed.var() + self.epsilon)
                normal = (summed - summed.mean()) / deviation
                shown = normal * norm[0] + norm[1]
            row = np.maximum(shown, 0) if self.activation == "relu" else np.tanh(shown)
            self.kept.append((inputs, shown, row, (normal, deviation) if norm else None))
        self.last = row
        return self.head[0] @ row + self.head[1]

    def backward(self, gradient):
        """Gradients of the parameters, in the state dict's order, after `forward` of one row."""
        found = [np.outer(gradient, self.last), gradient]
        gradient = self.head[0].T @ gradient
        for (weight, _, *norm), (inputs, shown, row, normed) in zip(
            reversed(self.hidden), reversed(self.kept), strict=True
        ):
            gradient = gradient * ((shown > 0) if self.activation == "relu" else 1 - row**2)
            of_norm = []
            if norm:
                normal, deviation = normed
                of_norm = [gradient * normal, gradient]
                inner = gradient * norm[0]
                gradient = (inner - inner.mean() - normal * (inner * normal).mean()) / deviation
            found = [np.outer(gradient, inputs), gradient, *of_norm, *found]
            gradient = weight.T @ gradient
        return found


def log_policy(values, tau):
    best = max(values)
    total = sum(math.exp((value - best) / tau) for value in values)
    return [(value - best) / tau - math.log(total) for value in values]


def target(transition, online, aim, options, quantiles, actions):
    """Target quantiles (quantiles,) of one transition.

    Args:
        transition: observation, action, next observation, done, reward, discount.
        online, aim: Functions from an observation to (quantiles, actions).
        options: `TargetOptions`.
        quantiles, actions: Numbers of them.
    """
    seen, action, following, done, reward, discount = transition
    after = aim(following)
    means = [sum(after[:, a]) / quantiles for a in range(actions)]
    if options.munchausen_alpha > 0:
        tau = options.munchausen_tau
        now = aim(seen)
        log_now = log_policy([sum(now[:, a]) / quantiles for a in range(actions)], tau)
        bonus = min(max(tau * log_now[action], options.munchausen_clip), 0.0)
        reward += options.munchausen_alpha * bonus
        log_next = log_policy(means, tau)
        soft = [
            sum(math.exp(log_next[a]) * (after[i, a] - tau * log_next[a]) for a in range(actions))
            for i in range(quantiles)
        ]
    else:
        if options.double_q:
            chosen = online(following)
            means = [sum(chosen[:, a]) / quantiles for a in range(actions)]
        soft = after[:, int(np.argmax(means))]
    return np.array([reward + discount * (1 - done) * value for value in soft])


def loss(current, wanted):
    """Quantile Huber loss of one transition and its gradient with respect to `current`."""
    count, total, gradient = len(current), 0.0, np.zeros(len(current))
    for i, value in enumerate(current):
        for aimed in wanted:
            delta = aimed - value
            weight = abs((i + 0.5) / count - (delta < 0))
            huber = 0.5 * delta**2 if abs(delta) <= 1 else abs(delta) - 0.5
            total += weight * huber / len(wanted)
            gradient[i] -= weight * min(max(delta, -1.0), 1.0) / len(wanted)
    return total, gradient


def n_step(history, start, steps, gamma):
    """Return, next observation, done and discount of a game's transitions from one on.

    Args:
        history: The game's transitions that are still remembered, oldest first: reward, done,
            whether a time limit ended it, next observation.
        start: Of them, the first one.
        steps: At most.
        gamma: Discount of a step.
    """
    total, discount = 0.0, 1.0
    walked = history[start : start + steps]
    for number, (reward, done, _, _) in enumerate(walked):
        total += discount * reward
        discount *= gamma
        if done:
            walked = walked[: number + 1]
            break
    _, done, cut_off, following = walked[-1]
    return total, following, float(done and not cut_off), discount
