"""What a network says of a state: values of actions, probabilities, the value of the state.

One place knows the kinds of policies of SB3 and sb3-contrib.
"""

from __future__ import annotations

from typing import Any


def network_of(model: Any) -> Any:
    """The policy network of a model; a policy loaded by its weights alone is one itself."""
    return getattr(model, "policy", model)


def action_count(model: Any) -> int | None:
    """Number of actions; None for other action spaces than Discrete."""
    count = getattr(model.action_space, "n", None)
    return None if count is None else int(count)


def is_recurrent(network: Any) -> bool:
    """Whether it remembers earlier steps."""
    return hasattr(network, "lstm_actor")


def action_values(network: Any, observations: Any) -> Any:
    """Q of each action, a tensor (n, actions); None for a network that has no such values."""
    if hasattr(network, "quantile_net"):
        return network.quantile_net(observations).mean(dim=1)
    if hasattr(network, "q_net"):
        return network.q_net(observations)
    return None


def has_probabilities(network: Any) -> bool:
    """Whether it gives probabilities from an observation alone."""
    return hasattr(network, "get_distribution") and not is_recurrent(network)


def distribution(network: Any, observations: Any) -> Any:
    """Torch's distribution over the actions of a network that `has_probabilities`."""
    return network.get_distribution(observations).distribution


def state_values(network: Any, observations: Any) -> Any:
    """Value of each state, a tensor (n,): the critic's, or that of the best action.

    The network `has_state_values`.
    """
    values = action_values(network, observations)
    return network.predict_values(observations)[:, 0] if values is None else values.max(1).values


def has_state_values(network: Any) -> bool:
    """Whether it values states from an observation alone."""
    if hasattr(network, "quantile_net") or hasattr(network, "q_net"):
        return True
    return hasattr(network, "predict_values") and not is_recurrent(network)
