"""Demonstrations from a trained model: `python -m train.collect qrdqn model.zip -o demos.npz`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym

from qwop_native.facts import DEFAULT_SINCOS
from qwop_native.models.settings import settings_beside
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
    from qwop_native.training.imitation.sources import collect

    if not given.model.is_file():
        raise FileNotFoundError(f"there is no model {given.model}")
    model = get_algorithm(given.algorithm).model_class().load(given.model, device="cpu")
    env = _environment(given)
    if (model.observation_space, model.action_space) != (env.observation_space, env.action_space):
        raise ValueError(
            f"{given.model} is for {model.observation_space} and {model.action_space}, "
            f"not for the environment's {env.observation_space} and {env.action_space}"
        )
    found = collect(
        lambda seen: model.predict(seen, deterministic=True)[0],
        env,
        given.episodes,
        given.min_distance,
        given.max_episode_steps,
    )
    found.save(given.output)
    distances = found.about["distances"]
    print(
        f"{len(distances)} of {given.episodes} episodes, {len(found):,} steps, "
        f"{min(distances):.1f} to {max(distances):.1f} m: {given.output}"
    )
    return 0


def _environment(given: argparse.Namespace) -> gym.Env[Any, Any]:
    """The games of the model: as the options say, else as its run's folder does."""
    from qwop_native import QwopEnv
    from qwop_native.wrappers import RichObservation

    told = settings_beside(given.model)
    env: gym.Env[Any, Any] = QwopEnv(
        frames_per_step=given.frames_per_step or told.env.get("frames_per_step", 4),
        action_set=given.action_set or told.action_set or "essential",
        sincos=given.sincos or told.env.get("sincos", DEFAULT_SINCOS),
    )
    return RichObservation(env, told.columns) if told.columns else env


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m train.collect",
        description="Play a trained model and keep its runs as demonstrations. "
        "The k-th episode, from 0, begins with k steps without keys.",
        epilog="example:\n  python -m train.collect qrdqn runs/one/model.zip "
        "--action-set reduced --min-distance 50 -o demos.npz",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("algorithm", help="what trained the model, such as qrdqn or ppo")
    parser.add_argument("model", type=Path, help="the model's zip")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the .npz to write")
    parser.add_argument("--episodes", type=int, default=10, help="to play (10)")
    parser.add_argument("--min-distance", type=float, default=0.0, help="to keep, metres (0)")
    parser.add_argument("--max-episode-steps", type=int, default=2000, help="limit (2000)")
    parser.add_argument("--frames-per-step", type=int, help="the model's (its run's, else 4)")
    parser.add_argument("--action-set", help="the model's (its run's, else essential)")
    parser.add_argument("--sincos", help="the browsers' (its run's, else glibc)")
    return parser
