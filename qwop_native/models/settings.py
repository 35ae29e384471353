"""What decides what a model sees and does, and the line that is said where it has to be guessed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from qwop_native.envs.env import QwopEnv
from qwop_native.envs.spaces import ACTION_SETS, action_keys
from qwop_native.facts import DEFAULT_SINCOS
from qwop_native.wrappers.rich_columns import columns_of

TOLD = ("frames_per_step", "action_set", "reduced_action_set", "t_for_terminate", "sincos")
"""Arguments of `QwopEnv` that decide how a model plays."""

GUESSED_FRAMES_PER_STEP = 4

_CHANGES_OBSERVATIONS = ("VecNormalize", "NormalizeObservation", "TransformObservation")

Say = Callable[[str], None]


@dataclass(frozen=True)
class ModelSettings:
    """What decides what a model sees and does.

    Attributes:
        env: Arguments of `QwopEnv` that are told, no others.
        columns: Groups of columns that it sees after the 60 numbers, as in `RichObservation`.
        wrappers: Wrappers of the games it was trained on, as in a run's `env_wrappers`.
    """

    env: dict[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    wrappers: tuple[Mapping[str, Any], ...] = ()

    @classmethod
    def of(
        cls, env: Mapping[str, Any], wrappers: Sequence[Mapping[str, Any]] = ()
    ) -> ModelSettings:
        """Settings of games made with arguments of `QwopEnv` and with wrappers."""
        told = {name: env[name] for name in TOLD if env.get(name) is not None}
        return cls(told, columns_of(wrappers), tuple(wrappers))

    @classmethod
    def of_games(
        cls, env: Mapping[str, Any], wrappers: Sequence[Mapping[str, Any]] = ()
    ) -> ModelSettings:
        """The same with what `QwopEnv` takes where an argument is left out."""
        given = {name: env[name] for name in TOLD if env.get(name) is not None}
        made = QwopEnv(**given)
        told = {name: getattr(made, name) for name in TOLD if name != "reduced_action_set"}
        return cls(told, columns_of(wrappers), tuple(wrappers))

    @property
    def action_set(self) -> str | None:
        """Name of the model's actions, None where nothing tells it."""
        if self.env.get("action_set"):
            return str(self.env["action_set"])
        reduced = self.env.get("reduced_action_set")
        return None if reduced is None else "reduced" if reduced else "full"

    def changed(
        self,
        frames_per_step: int | None = None,
        action_set: str | None = None,
        sincos: str | None = None,
    ) -> ModelSettings:
        """The same with what an option asks for, where it is not None."""
        env = dict(self.env)
        if action_set is not None:
            env.pop("reduced_action_set", None)
            env["action_set"] = action_set
        given = {"frames_per_step": frames_per_step, "sincos": sincos}
        env |= {name: value for name, value in given.items() if value is not None}
        return ModelSettings(env, self.columns, self.wrappers)

    def completed(self, name: str, actions: int | None, outputs: int, say: Say) -> ModelSettings:
        """The same with everything told, guessed where need be, which is said.

        Args:
            name: Of the model, for what is said.
            actions: Number of the model's actions; None where only its outputs are known.
            outputs: Of the network: a multiple of the number of actions.
            say: Called with a line for each guess.

        Returns:
            Settings whose `env` has frames_per_step, action_set, t_for_terminate and sincos.

        Raises:
            ValueError: The model has other actions than the set that is told.
        """
        for wrapper in self.wrappers:
            if wrapper.get("cls") in _CHANGES_OBSERVATIONS:
                say(f"{name} was trained under {wrapper['cls']}, which is not part of it")
        frames = self.env.get("frames_per_step")
        if frames is None:
            frames = GUESSED_FRAMES_PER_STEP
            say(f"nothing tells the frames per step of {name}; taking {frames} (--frames-per-step)")
        chosen = self.action_set
        if chosen is None:
            chosen = "reduced" if (actions or outputs) % 9 == 0 or actions == 10 else "full"
            if actions not in (16, 17):  # those can only be the full set
                others = "|".join(ACTION_SETS)
                say(f"nothing tells the actions of {name}; taking {chosen} (--action-set {others})")
        terminates = self.env.get("t_for_terminate")
        count = len(action_keys(chosen, False))
        if terminates is None:
            terminates = actions == count + 1 or (outputs % count != 0 and actions is None)
        wanted = count + bool(terminates)
        if (actions or wanted) != wanted or outputs % wanted:
            has = actions if actions is not None else f"{outputs} outputs"
            raise ValueError(
                f"{name} was trained with other actions: it has {has}, the {chosen} set has "
                f"{wanted}; see --action-set"
            )
        sincos = self.env.get("sincos") or DEFAULT_SINCOS
        env = {
            "frames_per_step": int(frames),
            "action_set": chosen,
            "t_for_terminate": bool(terminates),
            "sincos": str(sincos),
        }
        return ModelSettings(env, self.columns, self.wrappers)
