"""`qwop-native champion`: proves what the shipped policy and the shipped runs do."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native.atomic import whole_file
from qwop_native.champion import FRAMES_PER_STEP, POLICY, runs
from qwop_native.champion.evaluation import evaluate
from qwop_native.champion.starts import line_starts, prepared, scrambled_starts
from qwop_native.cli import common, in_browser, replay, spectate
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import FLAVORS, FRAMES_PER_SECOND, RECORD_FRAMES
from qwop_native.models.policy import load_model
from qwop_native.models.settings import settings_beside
from qwop_native.recording import load_recording
from qwop_native.recording.recording import result_of
from qwop_native.recording.starts import standard_starts

_ACTION_SET = "essential"
_IDLE_FRAMES = 30
_SCRAMBLED = 100  # starts


def main(argv: Sequence[str]) -> int:
    """Runs the command: 1 when a run does not replay."""
    return common.run_command(_parser(), argv, lambda given: _run(given, argv))


def _run(given: argparse.Namespace, argv: Sequence[str]) -> int:
    if in_browser.is_asked_for(given):
        if given.results:
            raise ValueError("--results is of the native game; leave it out beside --browser")
        own = argparse.ArgumentParser(add_help=False)
        _add_own_options(own)
        return _in_browser(given.policy, own.parse_known_args(argv)[1])
    model, frames_per_step = _loaded(given.policy)
    with whole_file(given.results) if given.results else nullcontext() as file:
        status = max(_replayed(path) for path in runs())
        numbers = _play(model, frames_per_step)
        if file:
            file.write(json.dumps(numbers, indent=1).encode() + b"\n")
    return status


def _loaded(path: Path) -> tuple[Any, int]:
    """A model and the frames of its steps.

    Raises:
        ValueError: It has other actions than the shipped policy.
    """
    model, told = load_model(path), settings_beside(path)
    count = getattr(model.action_space, "n", None)
    if told.action_set not in (None, _ACTION_SET) or count != len(ACTION_SETS[_ACTION_SET]):
        own = f"{count} of the {told.action_set} set" if told.action_set else str(count)
        raise ValueError(
            f"{path} must have the {len(ACTION_SETS[_ACTION_SET])} actions of the {_ACTION_SET} "
            f"set, it has {own}"
        )
    return model, int(told.env.get("frames_per_step", FRAMES_PER_STEP))


def _replayed(path: Path) -> int:
    """Plays a recording, which says so if it comes out otherwise."""
    recording = load_recording(path)
    game = replay.played(path.stem, recording)
    if game is None:
        return common.NO
    print(f"{path.stem}, {recording.sincos}: {common.summary(result_of(game))}")
    return common.OK


def _play(model: Any, frames_per_step: int) -> dict[str, Any]:
    """Plays a model from every start in every flavour; returns the frames of each run."""
    numbers: dict[str, Any] = {}
    for sincos in FLAVORS:
        starts = {
            name: prepared(sincos, page) for name, page in standard_starts(frames_per_step).items()
        }
        groups = {
            "standard": list(starts.values()),
            "varied": line_starts(sincos, _IDLE_FRAMES, frames_per_step),
            "scrambled": scrambled_starts(sincos, _SCRAMBLED),
        }
        played = evaluate(
            lambda seen: model.predict(seen, deterministic=True)[0],
            [game for group in groups.values() for game in group],
            frames_per_step,
        )
        ends = np.cumsum([len(group) for group in groups.values()])[:-1]
        standard, varied, scrambled = (part.tolist() for part in np.split(played.frames, ends))
        print(f"policy, {sincos}:")
        for name, count in zip(starts, standard, strict=True):
            time = f"{count} frames, {count / FRAMES_PER_SECOND:.2f} s"
            print(f"  {name}: {time if count else 'fell'}")
        print(f"  {len(varied)} varied starts: {_spread(varied)}")
        print(f"  {len(scrambled)} after half a second of random keys: {_spread(scrambled)}")
        numbers[sincos] = {
            "standard": dict(zip(starts, standard, strict=True)),
            "varied": varied,
            "scrambled": scrambled,
        }
    return numbers


def _spread(frames: list[int]) -> str:
    """How many of some runs finish, and in how many frames; 0 is a fall."""
    done = sorted(count for count in frames if count)
    under = sum(count < RECORD_FRAMES for count in done)
    text = f"{len(done)} finish, {under} under {RECORD_FRAMES}"
    if done:
        tenth, median = done[len(done) // 10], done[len(done) // 2]
        text += f" (best {done[0]}, a tenth within {tenth}, half within {median}, last {done[-1]})"
    return text


def _in_browser(policy: Path, browser: Sequence[str]) -> int:
    """The same runs and a policy, closed-loop, in the real game.

    Args:
        policy: Its zip.
        browser: The options of the browser and of the game as they were given.
    """
    _, frames_per_step = _loaded(policy)
    status = common.OK
    for path in runs():
        status = max(status, replay.main([str(path), *browser]))
    grid = ["--frames-per-step", str(frames_per_step), "--action-set", _ACTION_SET]
    starts = ["--starts", "reset:1,click:1,env:1", "--quiet"]
    return max(status, spectate.main([str(policy), *grid, *starts, *browser]))


def _add_own_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy",
        type=Path,
        default=POLICY,
        help=f"another policy's zip; it has the {_ACTION_SET} actions and, unless the metadata.yml "
        f"of its run says otherwise, {FRAMES_PER_STEP} frames a step",
    )
    parser.add_argument("--results", metavar="FILE", help="JSON file for the frames of each run")


def _parser() -> argparse.ArgumentParser:
    parser = common.command_parser(
        "champion",
        "Prove what the shipped policy and the shipped runs do: natively, every run replayed and "
        "the policy played from many starts in each flavour of sine and cosine; with --browser in "
        "the real game.",
        "--browser --game-dir ~/qwop",
    )
    _add_own_options(parser)
    in_browser.add_browser_options(parser)
    return parser
