"""Which models the native kernels can train exactly as Stable-Baselines3 would."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import torch as th
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.torch_layers import FlattenExtractor
from torch import nn

from qwop_native import _core

_ACTIVATIONS: dict[type[nn.Module], str] = {nn.ReLU: "relu", nn.Tanh: "tanh"}
_OPTIMIZERS = (th.optim.Adam, th.optim.AdamW)
_MODULE_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
_OPTIMIZER_HOOKS = ("_optimizer_step_pre_hooks", "_optimizer_step_post_hooks")
_OPTIMIZER_FLAGS = ("amsgrad", "maximize", "capturable", "differentiable", "fused")


class UnsupportedError(Exception):
    """Why a model is trained by Stable-Baselines3's own code."""


class Family(NamedTuple):
    """What distinguishes one value-based algorithm from another.

    Attributes:
        package: The package of the algorithm.
        own: Whose code runs where the kernels are not used.
        factor: How many times slower that code is (docs/learner.md, "Stock and native").
        policy: Class of the policies covered.
        network: Class of their networks.
        online: Attribute of the model that holds the network.
        target: Attribute of the model that holds the target network.
        layers: Attribute of the network that holds its layers.
        loss_scale: The loss divided by that of QR-DQN.
    """

    package: str
    own: str
    factor: str
    policy: type[Any]
    network: type[nn.Module]
    online: str
    target: str
    layers: str
    loss_scale: float


class Network(NamedTuple):
    """What the kernels need to know of a quantile network.

    Attributes:
        widths: Of the observation and of each hidden layer.
        activation: "relu" or "tanh"; "relu" also where there is no hidden layer.
        parameters: Weight and bias of each layer, from the observation on.
    """

    widths: list[int]
    activation: str
    parameters: list[th.Tensor]


def networks_of(model: BaseAlgorithm, family: Family) -> tuple[nn.Module, nn.Module]:
    """The network and the target network."""
    return getattr(model, family.online), getattr(model, family.target)


def check_model(model: Any, family: Family) -> None:
    """Checks everything that does not change in the middle of a training.

    Raises:
        UnsupportedError: The kernels would not do what Stable-Baselines3 does.
    """
    check_surroundings(model, family, (family.policy,), (ReplayBuffer,), "ReplayBuffer")
    policy = model.policy
    online, target = (read_network(net, family) for net in networks_of(model, family))
    if (online.widths, online.activation) != (target.widths, target.activation):
        raise UnsupportedError("the target network differs from the network in its layers")
    if [id(p) for p in policy.optimizer.param_groups[0]["params"]] != list(
        map(id, online.parameters)
    ):
        raise UnsupportedError("the optimizer does not hold the parameters of the network")


def check_surroundings(
    model: Any,
    family: Family,
    policies: tuple[type[Any], ...],
    buffers: tuple[type[ReplayBuffer], ...],
    buffer_name: str,
) -> None:
    """Checks what is around a network: spaces, policy, replay buffer, hooks and optimizer.

    Args:
        model: The model.
        family: What kind it is of.
        policies: Classes of policies that are covered; their subclasses are not.
        buffers: The same of replay buffers.
        buffer_name: What to call them.

    Raises:
        UnsupportedError: Something is not covered.
    """
    check_spaces(model)
    policy, buffer = model.policy, model.replay_buffer
    if type(policy) not in policies:
        raise UnsupportedError(f"the policy is {type(policy).__name__}, not MlpPolicy")
    if model._vec_normalize_env is not None:
        raise UnsupportedError("VecNormalize normalizes what is sampled")
    if type(buffer) not in buffers:
        raise UnsupportedError(f"the replay buffer is {type(buffer).__name__}, not {buffer_name}")
    if buffer.optimize_memory_usage:
        raise UnsupportedError("the replay buffer has optimize_memory_usage")
    if "sample" in vars(buffer) or "_get_samples" in vars(buffer):
        raise UnsupportedError("the replay buffer's sampling was replaced")
    if any(hooks_of(networks_of(model, family), policy.optimizer)):
        raise UnsupportedError("hooks are registered with the network or the optimizer")
    check_optimizer(policy.optimizer)


def check_spaces(model: BaseAlgorithm) -> None:
    """Raises UnsupportedError unless flat numbers go in and one of a few actions comes out."""
    if model.device.type != "cpu":
        raise UnsupportedError(f"the device is {model.device}, not the CPU")
    observations, actions = model.observation_space, model.action_space
    if not isinstance(observations, spaces.Box) or observations.dtype != "float32":
        raise UnsupportedError("the observations are not a Box of float32")
    if type(actions) is not spaces.Discrete or actions.start != 0:
        raise UnsupportedError("the actions are not Discrete from 0 on")


def check_optimizer(optimizer: th.optim.Optimizer) -> None:
    """Raises UnsupportedError unless it is a plain Adam or AdamW."""
    if type(optimizer) not in _OPTIMIZERS:
        raise UnsupportedError(f"the optimizer is {type(optimizer).__name__}, not Adam or AdamW")
    if len(optimizer.param_groups) != 1:
        raise UnsupportedError("the optimizer has several parameter groups")
    group = optimizer.param_groups[0]
    for option in _OPTIMIZER_FLAGS:
        if group.get(option):
            raise UnsupportedError(f"the optimizer has {option}=True")
    if any(isinstance(group[name], th.Tensor) for name in ("lr", "eps", "weight_decay")):
        raise UnsupportedError("a setting of the optimizer is a tensor")
    if any(isinstance(beta, th.Tensor) for beta in group["betas"]):
        raise UnsupportedError("the optimizer's betas are tensors")


def read_network(network: nn.Module, family: Family) -> Network:
    """Reads the layers of a value network.

    Raises:
        UnsupportedError: It is not a plain multilayer perceptron of float32.
    """
    if type(network) is not family.network:
        name = family.network.__name__
        raise UnsupportedError(f"the network is {type(network).__name__}, not {name}")
    check_extractor(network.features_extractor)
    read = read_layers(list(getattr(network, family.layers)))
    if len(read.parameters) != sum(1 for _ in network.parameters()):
        raise UnsupportedError("the network has parameters besides its layers'")
    return read


def check_extractor(extractor: Any) -> None:
    """Raises UnsupportedError unless features are the observations as they are."""
    if type(extractor) is not FlattenExtractor:
        name = type(extractor).__name__
        raise UnsupportedError(f"the features extractor is {name}, not FlattenExtractor")


def read_layers(modules: list[nn.Module]) -> Network:
    """Reads linear layers with activations between them.

    Raises:
        UnsupportedError: There is something else, or a parameter is not plain float32.
    """
    linear, activations = [], set()
    for is_linear, module in _alternating(modules):
        if is_linear and type(module) is nn.Linear and module.bias is not None:
            linear.append(module)
        elif not is_linear and type(module) in _ACTIVATIONS:
            activations.add(_ACTIVATIONS[type(module)])
        else:
            raise UnsupportedError(f"the network has {module} where it is not expected")
    if len(activations) > 1:
        raise UnsupportedError("the network mixes activations")
    parameters = [parameter for layer in linear for parameter in (layer.weight, layer.bias)]
    for parameter in parameters:
        plain = parameter.is_contiguous() and parameter.requires_grad
        if parameter._backward_hooks:
            raise UnsupportedError("a parameter has hooks")
        if parameter.dtype != th.float32 or not plain:
            raise UnsupportedError("a parameter is frozen, not float32 or not contiguous")
    return Network(
        [layer.in_features for layer in linear],
        activations.pop() if activations else "relu",
        parameters,
    )


def _alternating(modules: list[nn.Module]) -> Iterator[tuple[bool, nn.Module]]:
    if len(modules) % 2 == 0:
        raise UnsupportedError("the network's layers and activations do not alternate")
    for i, module in enumerate(modules):
        yield i % 2 == 0, module


def hooks_of(networks: Iterable[nn.Module], optimizer: th.optim.Optimizer) -> list[Any]:
    """Every collection of hooks that torch would call; all empty where the kernels can be used."""
    modules = [module for network in networks for module in network.modules()]
    hooks = [getattr(module, name) for module in modules for name in _MODULE_HOOKS]
    hooks += [getattr(nn.modules.module, f"_global{name}") for name in _MODULE_HOOKS]
    return hooks + [getattr(optimizer, name) for name in _OPTIMIZER_HOOKS]


def optimizer_options(optimizer: th.optim.Optimizer) -> tuple[Any, ...]:
    """What must not be set for the kernels to be used, and may be set at any time."""
    groups = optimizer.param_groups
    return len(groups), *map(groups[0].get, _OPTIMIZER_FLAGS)


def adam_state(optimizer: th.optim.Optimizer, parameter: th.Tensor) -> dict[str, Any]:
    """Adam's state of a parameter, begun as Adam itself begins it.

    Raises:
        UnsupportedError: It is there, but not of float32.
    """
    state: dict[str, Any] = optimizer.state[parameter]
    if not state:
        state["step"] = th.tensor(0.0, dtype=th.float32)
        state["exp_avg"] = th.zeros_like(parameter, memory_format=th.preserve_format)
        state["exp_avg_sq"] = th.zeros_like(parameter, memory_format=th.preserve_format)
    for name in ("step", "exp_avg", "exp_avg_sq"):
        tensor = state.get(name)
        if not isinstance(tensor, th.Tensor) or tensor.dtype != th.float32:
            raise UnsupportedError(f"the optimizer's {name} is not a tensor of float32")
        if not tensor.is_contiguous() or tensor.device.type != "cpu":
            raise UnsupportedError(f"the optimizer's {name} is not contiguous or not on the CPU")
    return state


def adam_options(optimizer: th.optim.Optimizer) -> _core.AdamOptions:
    """What an update takes from the optimizer's one group."""
    group = optimizer.param_groups[0]
    return _core.AdamOptions(
        learning_rate=group["lr"],
        betas=group["betas"],
        epsilon=group["eps"],
        weight_decay=group["weight_decay"],
        decoupled_weight_decay=group.get(
            "decoupled_weight_decay", type(optimizer) is th.optim.AdamW
        ),
    )
