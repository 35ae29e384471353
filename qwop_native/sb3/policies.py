"""A QR-DQN policy with LayerNorm, and features that see the runner from its torso."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import torch as th
from sb3_contrib.qrdqn.policies import QRDQNPolicy, QuantileNetwork
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor, create_mlp
from torch import nn

from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.wrappers.relative_features import RAMPS, hinges, relative_terms


class LayerNormQuantileNetwork(QuantileNetwork):
    """sb3-contrib's quantile network with LayerNorm between a hidden layer and its activation.

    It takes what `QuantileNetwork` takes. The layers are in `quantile_net`, as there:
    Linear, LayerNorm, activation, ..., Linear.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        layers = create_mlp(
            self.features_dim,
            int(self.action_space.n) * self.n_quantiles,
            self.net_arch,
            self.activation_fn,
            post_linear_modules=[nn.LayerNorm],
        )
        self.quantile_net = nn.Sequential(*layers)


class QuantilePolicy(QRDQNPolicy):
    """sb3-contrib's QR-DQN policy, with LayerNorm if wanted.

    A zip of a model with this policy loads in stock sb3-contrib and acts the same wherever
    `qwop_native` can be imported. Without LayerNorm its parameters are those of stock's
    `MlpPolicy`.

    Args:
        *args: What `QRDQNPolicy` takes.
        layer_norm: Whether LayerNorm follows each hidden Linear, before the activation.
        **kwargs: What `QRDQNPolicy` takes: `net_arch`, `n_quantiles`, `activation_fn`,
            `features_extractor_class`, `optimizer_class`, `optimizer_kwargs` and so on.
    """

    def __init__(self, *args: Any, layer_norm: bool = False, **kwargs: Any) -> None:
        self.layer_norm = layer_norm
        super().__init__(*args, **kwargs)

    def make_quantile_net(self) -> QuantileNetwork:
        """A network of the policy's shape on a features extractor of its own."""
        network = LayerNormQuantileNetwork if self.layer_norm else QuantileNetwork
        arguments = self._update_features_extractor(self.net_args, features_extractor=None)
        return network(**arguments).to(self.device)

    def _get_constructor_parameters(self) -> dict[str, Any]:
        return {**super()._get_constructor_parameters(), "layer_norm": self.layer_norm}


class RelativeFeatures(BaseFeaturesExtractor):
    """The observation seen from the torso, and ramps along the track: `Features` in torch.

    Give it to a policy on the environment's own observation:
    `policy_kwargs={"features_extractor_class": RelativeFeatures}`. It has no parameters, and its
    constants are not in `state_dict`. Columns behind the 60 numbers, as `RichObservation` has them,
    are passed on as they are.

    Args:
        observation_space: `QwopEnv`'s, of shape (60,) or, with more columns, (60 + columns,).

    Raises:
        ValueError: The observations have another shape.
    """

    own: th.Tensor
    torso: th.Tensor
    bias: th.Tensor
    hinge_weight: th.Tensor
    hinge_bias: th.Tensor
    mix: th.Tensor

    def __init__(self, observation_space: gym.Space[Any]) -> None:
        shape = observation_space.shape or ()
        if len(shape) != 1 or shape[0] < OBSERVATION_SIZE:
            raise ValueError(
                f"RelativeFeatures takes QwopEnv's observation of shape ({OBSERVATION_SIZE},), "
                f"with or without columns behind it, got {shape}"
            )
        super().__init__(observation_space, shape[0] + RAMPS)
        own, torso, bias = relative_terms(shape[0])
        hinge_weights, hinge_bias, mix = hinges()
        constants = {
            "own": own,
            "torso": torso,
            "bias": bias,
            "hinge_weight": hinge_weights[0],
            "hinge_bias": hinge_bias,
            "mix": mix,
        }
        for name, value in constants.items():
            self.register_buffer(name, th.from_numpy(np.array(value)), persistent=False)

    def forward(self, observations: th.Tensor) -> th.Tensor:
        """Features (n, columns + `RAMPS`) of observations (n, columns)."""
        torso = observations[:, :1]
        linear = observations * self.own + torso * self.torso + self.bias
        bent = th.relu(torso * self.hinge_weight + self.hinge_bias)
        return th.cat([linear, bent @ self.mix], dim=1)
