"""Whether the parameters of a zip are those of a policy's network, said in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch as th


def check_parameters(policy: th.nn.Module, found: Mapping[str, Any]) -> None:
    """Checks that parameters fit a policy before any of them is loaded.

    Args:
        policy: The policy.
        found: A state dict.

    Raises:
        ValueError: Names or shapes differ.
    """
    expected = policy.state_dict()
    if _shapes(found) != _shapes(expected):
        raise ValueError(
            f"the parameters are of {_described(found)}, but the policy has {_described(expected)}"
        )


def _shapes(state: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state.items()}


def _described(state: Mapping[str, Any]) -> str:
    """A network by its layers, "Linear 60-64, LayerNorm 64, Linear 64-1800"."""
    shapes = [
        tuple(value.shape)
        for name, value in state.items()
        if name.endswith(".weight") and "_target." not in name
    ]
    layers = [
        f"Linear {shape[1]}-{shape[0]}" if len(shape) == 2 else f"LayerNorm {shape[0]}"
        for shape in shapes
        if len(shape) in (1, 2)
    ]
    return ", ".join(layers) or "no network"
