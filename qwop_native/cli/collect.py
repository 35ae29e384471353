"""Demonstrations from a trained model: `qwop-native collect qrdqn model.zip -o demos.npz`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native.cli.common import note, require_models
from qwop_native.models.load import find_model, load_policy
from qwop_native.models.policy import ModelPolicy
from qwop_native.training.algorithms import get_algorithm


def main(argv: Sequence[str] | None = None) -> int:
    """Plays a model and writes its runs; the exit status: 2 for a mistake, 130 after Ctrl-C."""
    given = _parser().parse_args(argv)
    try:
        return _collect(given)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def _collect(given: argparse.Namespace) -> int:
    require_models()
    from qwop_native.models.weights import algorithm_of
    from qwop_native.training.imitation.sources import collect

    algorithm = get_algorithm(given.algorithm)
    path = find_model(given.model)
    found, wanted = algorithm_of(path), algorithm.saved_as or algorithm.name
    if found != wanted:
        raise ValueError(f"{path} is a model of {found}, not of {wanted}")
    policy = load_policy(
        path,
        frames_per_step=given.frames_per_step,
        action_set=given.action_set,
        sincos=given.sincos,
        say=note,
    )
    player = _Player(policy.model)
    made = collect(
        player.act,
        _environment(policy),
        given.episodes,
        given.min_distance,
        given.max_episode_steps,
        begin=player.begin,
    )
    made.save(given.output)
    distances = made.about["distances"]
    print(
        f"{len(distances)} of {given.episodes} episodes, {len(made):,} steps, "
        f"{min(distances):.1f} to {max(distances):.1f} m: {given.output}"
    )
    return 0


class _Player:
    """A model that plays one episode after the other; recurrent ones remember."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.begin()

    def begin(self) -> None:
        self._state, self._first = None, True

    def act(self, seen: npt.NDArray[np.float32]) -> Any:
        action, self._state = self._model.predict(
            seen, state=self._state, episode_start=np.array([self._first]), deterministic=True
        )
        self._first = False
        return action


def _environment(policy: ModelPolicy) -> gym.Env[Any, Any]:
    """The games that the model was trained on."""
    from qwop_native import QwopEnv
    from qwop_native.wrappers import RichObservation

    env: gym.Env[Any, Any] = QwopEnv(**policy.settings.env)
    columns = policy.settings.columns
    return RichObservation(env, columns) if columns else env


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qwop-native collect",
        description="Play a trained model and keep its runs as demonstrations. "
        "The k-th episode, from 0, begins with k steps without keys.",
        epilog="example:\n  qwop-native collect qrdqn runs/one/model.zip "
        "--action-set reduced --min-distance 50 -o demos.npz",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("algorithm", help="what trained the model, such as qrdqn or ppo")
    parser.add_argument("model", help="the model's zip, the folder of a run, or champion")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .npz to write")
    parser.add_argument("--episodes", type=int, default=10, help="to play (10)")
    parser.add_argument("--min-distance", type=float, default=0.0, help="to keep, meters (0)")
    parser.add_argument("--max-episode-steps", type=int, default=2000, help="limit (2000)")
    parser.add_argument("--frames-per-step", type=int, help="the model's (default: its own)")
    parser.add_argument("--action-set", help="the model's (default: its own)")
    parser.add_argument("--sincos", help="the browsers' (default: its own)")
    return parser
