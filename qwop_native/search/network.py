"""Small networks on the features of a state: evaluated with numpy, kept in .npz files."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qwop_native.atomic import whole_file
from qwop_native.search.states import FEATURES, States, features

if TYPE_CHECKING:
    import torch

Floats32 = npt.NDArray[np.float32]


class Network:
    """Linear layers with ReLU between them.

    Args:
        layers: Weights (inputs, outputs) and biases (outputs,), float32; the first takes `FEATURES`
            columns.
    """

    def __init__(self, layers: Sequence[tuple[Floats32, Floats32]]) -> None:
        self._layers = tuple(layers)

    def __call__(self, states: States) -> Floats32:
        """What comes out for each state, float32 (n, outputs)."""
        x = features(states)
        for number, (weight, bias) in enumerate(self._layers):
            x = x @ weight + bias
            if number + 1 < len(self._layers):
                np.maximum(x, 0.0, out=x)
        return x

    def save(self, path: str | os.PathLike[str], **more: Any) -> None:
        """Writes it and some further arrays as .npz, whole or not at all."""
        for number, (weight, bias) in enumerate(self._layers):
            more |= {f"weight{number}": weight, f"bias{number}": bias}
        with whole_file(path) as file:
            np.savez(file, **more)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], what: str, further: str
    ) -> tuple[Network, npt.NDArray[Any]]:
        """Reads what `save` wrote, and one of the further arrays.

        Args:
            path: The file.
            what: What it is called in errors.
            further: Name of the further array; as many outputs as it has elements are right.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is damaged or something else.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no {what} {path}")
        try:
            with np.load(path, allow_pickle=False) as data:
                count = sum(name.startswith("weight") for name in data.files)
                layers = [(data[f"weight{i}"], data[f"bias{i}"]) for i in range(count)]
                array = data[further]
        except Exception as error:
            raise ValueError(f"{path} is not a {what} of this program: {error}") from None
        if not layers or layers[0][0].shape[0] != FEATURES or layers[-1][0].shape[1] != array.size:
            raise ValueError(f"{path} is a {what} for other features")
        return cls(layers), array


def layers_to_fit(*widths: int) -> torch.nn.Sequential:
    """Linear layers with ReLU between them, from `FEATURES` columns to the last of the widths."""
    import torch

    layers: list[torch.nn.Module] = []
    for inputs, outputs in pairwise((FEATURES, *widths)):
        layers += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def fitted(layers: torch.nn.Sequential) -> list[tuple[Floats32, Floats32]]:
    """Weights and biases of what `layers_to_fit` has made, as `Network` takes them."""
    arrays = [parameter.detach().numpy() for parameter in layers.parameters()]
    return [(w.T.copy(), b.copy()) for w, b in zip(arrays[::2], arrays[1::2], strict=True)]
