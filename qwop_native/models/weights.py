"""What a saved model is, found out without running anything in it; its weights alone."""

from __future__ import annotations

import importlib
import json
import zipfile
from pathlib import Path
from typing import Any

import torch
from gymnasium import spaces
from stable_baselines3.common.policies import BasePolicy

from qwop_native.archives import refuses_damage
from qwop_native.wrappers.relative_features import RAMPS

# First part of a weight's name: the algorithm whose policy has such a weight.
_BY_WEIGHT = {"quantile_net": "qrdqn", "q_net": "dqn", "lstm_actor": "recurrent_ppo"}


_DAMAGED = "is not a model of Stable-Baselines3, or it is damaged"


@refuses_damage(_DAMAGED)
def algorithm_of(path: Path) -> str:
    """Name of the algorithm of one of SB3's zips.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no such zip, or of no algorithm that is known here.
    """
    weights = read_weights(path)
    for name in weights:
        if name.partition(".")[0] in _BY_WEIGHT:
            return _BY_WEIGHT[name.partition(".")[0]]
    if "action_net.weight" not in weights:
        raise ValueError(f"{path} is a model of no algorithm that is known here")
    with zipfile.ZipFile(path) as archive:
        saved = json.loads(archive.read("data"))
    return "ppo" if "clip_range" in saved else "a2c"


@refuses_damage(_DAMAGED)
def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights in one of SB3's zips; nothing else in it is looked at, and no code is run.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no such zip, or it is damaged.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no model {path}")
    with zipfile.ZipFile(path) as archive, archive.open("policy.pth") as file:
        archive.getinfo("data")
        found: dict[str, torch.Tensor] = torch.load(file, map_location="cpu", weights_only=True)
    if not any(value.dim() == 2 for value in found.values()):
        raise ValueError(f"{path} is a model of no algorithm that is known here")
    return found


def check_model(
    path: Path, algorithm: str, observations: spaces.Space[Any], actions: spaces.Space[Any]
) -> None:
    """Refuses a model that cannot be trained further as it is asked for.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is of another algorithm, or sees or does other than is asked for.
    """
    found = algorithm_of(path)
    if found != algorithm:
        raise ValueError(f"{path} is a model of {found}, not of {algorithm}")
    weights = read_weights(path)
    wanted = getattr(observations, "shape", None)
    seen = observation_width(path, weights)
    if wanted and seen != wanted[0]:
        raise ValueError(f"{path} sees {seen} numbers, the environment shows {wanted[0]}")
    shown = int(getattr(actions, "n", 0))
    outputs = outputs_of(weights)
    if outputs % shown or ("action_net.weight" in weights and outputs != shown):
        raise ValueError(
            f"{path} was trained with other actions than the environment's {shown}; see "
            "env.action_set and env.t_for_terminate"
        )


def observation_width(path: Path, weights: dict[str, torch.Tensor]) -> int:
    """How many numbers a model is shown, whatever its policy makes of them first."""
    return input_width(weights) - (RAMPS if sees_relatively(path) else 0)


def sees_relatively(path: Path) -> bool:
    """Whether a zip's own text says that its policy sees by `sb3.policies.RelativeFeatures`."""
    return "RelativeFeatures" in str(_policy_arguments(path).get("features_extractor_class", ""))


def input_width(weights: dict[str, torch.Tensor]) -> int:
    """How many numbers a policy's first layer takes."""
    if "lstm_actor.weight_ih_l0" in weights:
        return int(weights["lstm_actor.weight_ih_l0"].shape[1])
    return int(next(value for value in weights.values() if value.dim() == 2).shape[1])


def outputs_of(weights: dict[str, torch.Tensor]) -> int:
    """How many numbers the actor gives: one an action, or as many as there are quantiles."""
    last = [value for name, value in weights.items() if "target" not in name][-1]
    return len(weights.get("action_net.weight", last))


@refuses_damage(_DAMAGED)
def load_weights_only(path: Path, action_counts: tuple[int, ...] = (9, 16, 10, 17)) -> BasePolicy:
    """A policy with the weights of a zip of SB3's, made without running anything in the zip.

    Kind, widths and number of actions are read off the weights' names and shapes, so networks
    other than plain multilayer perceptrons are refused. Such a policy acts, it does not train.

    Args:
        path: The zip.
        action_counts: Numbers of actions to be expected, for QRDQN, whose outputs do not tell.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no such zip, it is damaged, or its network is of another kind.
    """
    from sb3_contrib.common.recurrent.policies import RecurrentActorCriticPolicy
    from stable_baselines3.common.policies import ActorCriticPolicy
    from stable_baselines3.dqn.policies import DQNPolicy

    kind, weights = algorithm_of(path), read_weights(path)
    arguments: dict[str, Any] = {"net_arch": _widths(weights, kind), **_activation(path)}
    actions = outputs = outputs_of(weights)
    classes: dict[str, type[BasePolicy]] = {
        "qrdqn": _ours().QuantilePolicy,
        "dqn": DQNPolicy,
        "recurrent_ppo": RecurrentActorCriticPolicy,
    }
    if kind == "qrdqn":
        fitting = [n for n in action_counts if outputs % n == 0 and outputs > n]
        if not fitting:
            raise ValueError(f"{path} has {outputs} outputs, quantiles of no known set of actions")
        actions = fitting[0]
        arguments["n_quantiles"] = outputs // actions
        arguments |= _of_ours(path, weights)
    if kind == "recurrent_ppo":
        arguments["lstm_hidden_size"] = weights["lstm_actor.weight_hh_l0"].shape[1]
        arguments["n_lstm_layers"] = sum("lstm_actor.weight_hh" in name for name in weights)
    policy = classes.get(kind, ActorCriticPolicy)(
        spaces.Box(-1, 1, (observation_width(path, weights),)),
        spaces.Discrete(actions),
        lambda _: 0.0,
        **arguments,
    )
    try:
        policy.load_state_dict(weights)
    except RuntimeError:
        raise ValueError(
            f"the network in {path} is of a kind that weights alone do not tell"
        ) from None
    policy.set_training_mode(False)
    return policy


def _ours() -> Any:
    """The module of our policies, which stands above this one and is not needed but for them."""
    return importlib.import_module("qwop_native.sb3.policies")


def _of_ours(path: Path, weights: dict[str, torch.Tensor]) -> dict[str, Any]:
    """What `sb3.policies` has beyond sb3-contrib's policy."""
    normed = any(v.dim() == 1 and name.endswith(".weight") for name, v in weights.items())
    features = (
        {"features_extractor_class": _ours().RelativeFeatures} if sees_relatively(path) else {}
    )
    return {"layer_norm": normed, **features}


def _widths(weights: dict[str, torch.Tensor], kind: str) -> list[int] | dict[str, list[int]]:
    if kind in ("qrdqn", "dqn"):
        prefix = "quantile_net.quantile_net." if kind == "qrdqn" else "q_net.q_net."
        return _layers(weights, prefix)[:-1]
    networks = {"pi": "mlp_extractor.policy_net.", "vf": "mlp_extractor.value_net."}
    return {name: _layers(weights, prefix) for name, prefix in networks.items()}


def _layers(weights: dict[str, torch.Tensor], prefix: str) -> list[int]:
    layers = [value for name, value in weights.items() if name.startswith(prefix)]
    return [len(value) for value in layers if value.dim() == 2]


def _policy_arguments(path: Path) -> dict[str, Any]:
    """Arguments of a zip's policy, as far as the zip tells them in plain text."""
    with zipfile.ZipFile(path) as archive:
        saved = json.loads(archive.read("data"))
    found: dict[str, Any] = saved.get("policy_kwargs") or {}
    return found


def _activation(path: Path) -> dict[str, type[torch.nn.Module]]:
    """The activation that a zip's own text names; nothing where it is the algorithm's usual one.

    Raises:
        ValueError: It is none of torch's.
    """
    text = str(_policy_arguments(path).get("activation_fn", ""))
    if not text:
        return {}
    name = text.removesuffix("'>").rpartition(".")[2]
    found = getattr(torch.nn, name, None)
    if not (isinstance(found, type) and issubclass(found, torch.nn.Module)):
        raise ValueError(f"{path} has an activation that weights alone do not tell: {text}")
    return {"activation_fn": found}
