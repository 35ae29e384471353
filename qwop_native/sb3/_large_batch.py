"""The native kernel of QR-DQN for large batches: LayerNorm, n-step returns, other targets."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch as th
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.torch_layers import FlattenExtractor
from torch import nn

from qwop_native import _core
from qwop_native.sb3._buffers import BUFFERS, OWN_BUFFERS
from qwop_native.sb3._drawn import Drawn, Indices
from qwop_native.sb3._fast_path import (
    Family,
    UnsupportedError,
    adam_options,
    check_surroundings,
    hooks_of,
    networks_of,
    read_layers,
)
from qwop_native.sb3._kernel import Kernel
from qwop_native.sb3.compact_replay import CompactReplayBuffer
from qwop_native.sb3.policies import QuantilePolicy, RelativeFeatures
from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer
from qwop_native.wrappers.relative_features import hinges, relative_terms


def is_wanted(model: Any) -> bool:
    """Whether a model has anything that the kernel for stock QR-DQN does not know."""
    extractor = model.policy.features_extractor_class
    return (
        not model.target_options.stock
        or model.n_steps > 1
        or type(model.policy) is QuantilePolicy
        or extractor is RelativeFeatures
        or type(model.replay_buffer) in OWN_BUFFERS
    )


class LargeBatchKernel(Kernel):
    """The native update and actors of a QRDQN with more than sb3-contrib's options.

    Like `Kernel` it works on the model's own memory. It has two actors with packed weights of their
    own: one acts on the parameters as they are now, the other, for games that overlap with updates,
    on a copy that `keep` made.

    Args:
        model: The model.
        family: What kind it is of.

    Raises:
        UnsupportedError: The kernels would not do what torch does.
    """

    collects = False

    def __init__(self, model: Any, family: Family) -> None:
        self._family = family
        self._check(model)
        self._networks = networks_of(model, family)
        online, target = (_parameters(network) for network in self._networks)
        self._online, self._target = online, target
        self._modules = [vars(m) for m in (model.policy, *self._networks[0].modules())]
        shape = _shape(model, self._networks[0])
        self.learner = _core.LargeBatchLearner(shape)
        self.learner.threads = th.get_num_threads()
        self.native = self.learner
        self._actor, self._keeping = _core.ValueActor(shape), _core.ValueActor(shape)
        self.kept_parameters = [p.detach().numpy().copy() for p in online]
        self._keeping.bind(self.kept_parameters)
        self._hooks = hooks_of(self._networks, model.policy.optimizer)
        self._acted_on: list[int] = []
        self._trained_on: list[Any] = []
        self._kept: list[Any] = []
        self._stale = True

    def _check(self, model: Any) -> None:
        _check_model(model, self._family)

    def follow(self) -> None:
        """Takes notice of parameters that others have moved or changed."""
        found = [p.data_ptr() for p in self._online] + [p._version for p in self._online]
        if found != self._acted_on:
            arrays = [p.detach().numpy() for p in self._online]
            self.native.bind_online(arrays)
            self._actor.bind(arrays)
            self._acted_on, self._stale = found, True

    def follow_training(self, model: Any) -> None:
        """Takes notice of a change in anything that an update works on.

        Raises:
            UnsupportedError: It has become something that the kernels cannot handle.
        """
        super().follow_training(model)
        self._targets = model.target_options
        self._buffer: Any = model.replay_buffer

    def draw(self, buffer: ReplayBuffer, count: int, positions: int | None = None) -> Drawn:
        """Draws transitions, from a prioritized buffer by priority; see `Kernel`."""
        if isinstance(buffer, PrioritizedReplayBuffer):
            return buffer.draw(count)
        if isinstance(buffer, CompactReplayBuffer) and buffer.full:
            return self.draw_but(buffer, count, 1)
        return super().draw(buffer, count, positions)

    def draw_but(self, buffer: ReplayBuffer, count: int, oldest: int) -> Drawn:
        """Draws from all transitions of a full buffer but those at the oldest positions."""
        drawn = super().draw(buffer, count, buffer.buffer_size - oldest)
        positions = (drawn.positions + (buffer.pos + oldest)) % buffer.buffer_size
        return drawn._replace(positions=positions)

    def options(
        self, optimizer: th.optim.Optimizer, gamma: float, max_grad_norm: float | None
    ) -> _core.LargeBatchOptions:
        """How updates are made now."""
        targets, buffer = self._targets, self._buffer
        soft = targets.munchausen_alpha, targets.munchausen_tau, targets.munchausen_clip
        return _core.LargeBatchOptions(
            gamma=getattr(buffer, "gamma", gamma),  # an NStepReplayBuffer has its own
            n_steps=getattr(buffer, "n_steps", 1),
            newest=(buffer.pos - 1) % buffer.buffer_size,
            double_q=targets.double_q,
            munchausen=soft if targets.munchausen_alpha > 0 else None,
            max_grad_norm=max_grad_norm,
            adam=adam_options(optimizer),
        )

    def update(
        self,
        optimizer: th.optim.Optimizer,
        drawn: Drawn,
        gamma: float,
        max_grad_norm: float | None,
    ) -> float:
        """One update on transitions of the replay buffer, and their priorities where it has any.

        Returns:
            The loss before the update.
        """
        loss = self.update_with(self.options(optimizer, gamma, max_grad_norm), drawn)
        self.update_priorities([drawn])
        return loss

    def update_with(self, options: _core.LargeBatchOptions, drawn: Drawn) -> float:
        """The update alone, with options that were made before."""
        self._stale = True
        return self.learner.update(
            positions=drawn.positions,
            games=drawn.games,
            options=options,
            importance=drawn.importance,
            errors=drawn.errors,
        )

    def update_priorities(self, batches: list[Drawn]) -> None:
        """Gives errors back to a prioritized replay buffer; to others there is nothing to give."""
        for drawn in batches:
            if drawn.errors is not None:
                self._buffer.update_priorities(drawn)

    def act(self, observations: npt.NDArray[np.float32]) -> Indices:
        """Greedy actions, (rows,), for observations, float32 (rows, size)."""
        self.follow()
        if self._stale:
            self._actor.refresh()
            self._stale = False
        return self._actor.act(observations)

    def keep(self) -> None:
        """Copies the parameters as they are now, for `act_as_kept`."""
        for kept, parameter in zip(self.kept_parameters, self._online, strict=True):
            np.copyto(kept, parameter.detach().numpy())
        self._keeping.refresh()

    def keep_these(self, parameters: list[npt.NDArray[np.float32]]) -> None:
        """Takes a copy that was made before, in another process perhaps."""
        for kept, parameter in zip(self.kept_parameters, parameters, strict=True):
            np.copyto(kept, parameter)
        self._keeping.refresh()

    def act_as_kept(self, observations: npt.NDArray[np.float32]) -> Indices:
        """Greedy actions by the parameters that were kept, whatever becomes of the model's."""
        return self._keeping.act(observations)


def _check_model(model: Any, family: Family) -> None:
    policies = (family.policy, QuantilePolicy)
    check_surroundings(model, family, policies, BUFFERS, "SB3's own")
    policy = model.policy
    if len(model.observation_space.shape) != 1:
        raise UnsupportedError("the observations are not a row of numbers")
    online, target = networks_of(model, family)
    if [type(each) for each in _layers(online)] != [type(each) for each in _layers(target)]:
        raise UnsupportedError("the target network differs from the network in its layers")
    held = [id(p) for p in policy.optimizer.param_groups[0]["params"]]
    if held != [id(p) for p in _parameters(online)]:
        raise UnsupportedError("the optimizer does not hold the parameters of the network")
    _shape(model, online)


def _layers(network: Any) -> list[nn.Module]:
    return list(network.quantile_net)


def _parameters(network: Any) -> list[th.Tensor]:
    """Of each hidden layer weight, bias and, with LayerNorm, gain and bias; then the head's."""
    found: list[th.Tensor] = [p for module in _layers(network) for p in module.parameters()]
    if len(found) != sum(1 for _ in network.parameters()):
        raise UnsupportedError("the network has parameters besides its layers'")
    return found


def _shape(model: Any, network: Any) -> _core.ValueShape:
    """What the kernel needs to know of a network.

    Raises:
        UnsupportedError: It is none that the kernel has.
    """
    layers = _layers(network)
    norms = [module for module in layers if type(module) is nn.LayerNorm]
    plain = read_layers([module for module in layers if type(module) is not nn.LayerNorm])
    hidden = len(plain.widths) - 1
    if hidden < 1:
        raise UnsupportedError("the network has no hidden layer")
    if norms:
        _check_norms(layers, norms, hidden)
    size = int(model.observation_space.shape[0])
    return _core.ValueShape(
        observation_size=size,
        hidden=plain.widths[1:],
        n_actions=int(model.action_space.n),
        n_quantiles=model.n_quantiles,
        activation=plain.activation,
        layer_norm=bool(norms),
        features=_features(network.features_extractor),
    )


def _check_norms(layers: list[nn.Module], norms: list[nn.LayerNorm], hidden: int) -> None:
    if len(norms) != hidden or any(type(module) is not nn.LayerNorm for module in layers[1:-1:3]):
        raise UnsupportedError("LayerNorm does not follow each hidden layer")
    for norm in norms:
        if norm.eps != 1e-5 or norm.weight is None or norm.bias is None:
            raise UnsupportedError("a LayerNorm has other settings than torch's own")
        for parameter in (norm.weight, norm.bias):
            if parameter.dtype != th.float32 or not parameter.requires_grad:
                raise UnsupportedError("a LayerNorm's parameter is frozen or not float32")


def _features(extractor: Any) -> tuple[npt.NDArray[np.float32], ...] | None:
    if type(extractor) is FlattenExtractor:
        return None
    if type(extractor) is not RelativeFeatures:
        raise UnsupportedError(f"the features extractor is {type(extractor).__name__}")
    own, torso, bias = relative_terms(len(extractor.own))
    slopes, places, mix = hinges()
    ramps = np.arange(mix.shape[1])
    return own, torso, bias, slopes[0], places, mix[ramps, ramps], mix[ramps + 1, ramps]
