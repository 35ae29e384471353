"""What all natively trained learners have in common: kernels, or the reason why there are none."""

from __future__ import annotations

import io
import pathlib
from collections.abc import Iterable
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.save_util import open_path
from stable_baselines3.common.type_aliases import MaybeCallback

from qwop_native.models.games import settings_of
from qwop_native.models.metadata import embed
from qwop_native.sb3._fast_path import UnsupportedError
from qwop_native.sb3.slow_path import warn_slow, why_untested


def check_version(package: str) -> None:
    """Raises UnsupportedError for a version that the native loops were not tested with."""
    reason = why_untested(package)
    if reason is not None:
        raise UnsupportedError(reason)


class NativeModel(BaseAlgorithm):
    """Keeps native kernels beside a model, or the reason why there are none."""

    _kernel: Any = None
    _refusal: str | None = None
    _said: str | None = None  # the last refusal that the user was told
    _restored_log: dict[str, Any] | None = None  # by load_checkpoint

    @property
    def native_refusal(self) -> str | None:
        """Why the native kernels are not in use; None while they are or have not been asked yet."""
        return self._refusal

    def _refuse(self, own: str, reason: Exception, factor: str) -> None:
        self._kernel = None
        self._refusal = str(reason)
        if self._said != self._refusal:
            self._said = self._refusal
            warn_slow(type(self).__name__, own, reason, factor)

    def _setup_learn(
        self,
        total_timesteps: int,
        callback: MaybeCallback = None,
        reset_num_timesteps: bool = True,
        tb_log_name: str = "run",
        progress_bar: bool = False,
    ) -> tuple[int, BaseCallback]:
        # Whatever has been changed since, hooks included, is looked at anew.
        self._kernel = self._refusal = None
        result = super()._setup_learn(
            total_timesteps, callback, reset_num_timesteps, tb_log_name, progress_bar
        )
        for name, values in (self._restored_log or {}).items():
            getattr(self.logger, name).update(values)
        self._restored_log = None
        return result

    def save(
        self,
        path: str | pathlib.Path | io.BufferedIOBase,
        exclude: Iterable[str] | None = None,
        include: Iterable[str] | None = None,
    ) -> None:
        """As SB3's, with the settings of the games in the zip, which `load_policy` reads."""
        content = io.BytesIO()
        super().save(content, exclude, include)
        settings = None if self.env is None else settings_of(self.env)
        if settings is not None:
            embed(content, settings)
        file = open_path(path, "w", verbose=0, suffix="zip")
        file.write(content.getbuffer())
        if isinstance(path, (str, pathlib.Path)):
            file.close()

    def _excluded_save_params(self) -> list[str]:
        own = ["_kernel", "_refusal", "_said", "_restored_log"]
        return [*super()._excluded_save_params(), *own]
