"""Weights averaged over updates: single ones run now better, now worse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
import torch as th

Weights = list[npt.NDArray[np.float32]]


class AveragedWeights:
    """Keeps an exponential moving average of a model's weights.

    Attributes:
        ema_decay: Decay at each call of `_average`, at least 0 and below 1.
    """

    ema_decay: float = 0.0
    _ema: Weights | None = None

    def _averaged_network(self) -> th.nn.Module:
        raise NotImplementedError

    def synchronize(self) -> list[float]:
        """Waits for updates under way; returns their losses."""
        return []

    def _average(self) -> None:
        """Takes the weights as they are into their average."""
        weights = self._weights()
        if self._ema is None:
            self._ema = [each.copy() for each in weights]
            return
        share = np.float32(1.0 - self.ema_decay)
        for average, now in zip(self._ema, weights, strict=True):
            average += share * (now - average)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """The average of the weights in the place of the weights, to evaluate or to save it.

        Without `ema_decay`, and before the first update, everything stays as it is.
        """
        self.synchronize()
        average = self._ema
        if average is None:
            yield
            return
        own = [each.copy() for each in self._weights()]
        self._ema = None  # a model that is saved meanwhile is the average and needs no other
        self._put(average)
        try:
            yield
        finally:
            self.synchronize()
            self._put(own)
            self._ema = average

    def _weights(self) -> Weights:
        return [each.detach().cpu().numpy() for each in self._averaged_network().parameters()]

    def _put(self, weights: Sequence[npt.NDArray[np.float32]]) -> None:
        with th.no_grad():  # counted as changes, of which the kernels take notice
            for parameter, array in zip(
                self._averaged_network().parameters(), weights, strict=True
            ):
                parameter.copy_(th.from_numpy(array))
