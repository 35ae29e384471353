"""`qwop-native champion`: proves what the shipped policy and the shipped runs do."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native.atomic import whole_file
from qwop_native.champion import FRAMES_PER_STEP, POLICY, runs
from qwop_native.champion.evaluation import evaluate
from qwop_native.champion.starts import (
    line_starts,
    prepared,
    scrambled_starts,
    standard_starts,
)
from qwop_native.commands import common, in_browser, replay, spectate
from qwop_native.commands.policies import load_model
from qwop_native.recording import load_recording
from qwop_native.search.run import RECORD_FRAMES

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
    policy = load_model(given.policy)
    for path in runs():
        recording = load_recording(path)
        recording.play()  # refuses to if it comes out otherwise
        print(f"{path.stem}, {recording.sincos}: {common.summary(recording.metadata['result'])}")
    numbers = _play(policy)
    if given.results:
        with whole_file(given.results) as file:
            file.write(json.dumps(numbers, indent=1).encode() + b"\n")
    return common.OK


def _play(model: Any) -> dict[str, Any]:
    """Plays a model from every start in every flavour; returns the frames of each run."""
    numbers: dict[str, Any] = {}
    for sincos in common.FLAVOURS:
        starts = {
            name: prepared(sincos, page) for name, page in standard_starts(FRAMES_PER_STEP).items()
        }
        groups = {
            "standard": list(starts.values()),
            "varied": line_starts(sincos, _IDLE_FRAMES),
            "scrambled": scrambled_starts(sincos, _SCRAMBLED),
        }
        played = evaluate(
            lambda seen: model.predict(seen, deterministic=True)[0],
            [game for group in groups.values() for game in group],
            FRAMES_PER_STEP,
        )
        ends = np.cumsum([len(group) for group in groups.values()])[:-1]
        standard, varied, scrambled = (part.tolist() for part in np.split(played.frames, ends))
        print(f"policy, {sincos}:")
        for name, count in zip(starts, standard, strict=True):
            print(f"  {name}: " + (f"{count} frames, {count / 30:.2f} s" if count else "fell"))
        print(f"  {_spread(varied)} varied starts")
        print(f"  {_spread(scrambled)} starts after half a second of random keys")
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
        text += f" (best {done[0]}, first tenth {tenth}, median {median}, last {done[-1]})"
    return f"{text} of {len(frames)}"


def _in_browser(policy: Path, browser: Sequence[str]) -> int:
    """The same runs and the policy, closed-loop, in the real game.

    Args:
        policy: Its zip.
        browser: The options of the browser and of the game as they were given.
    """
    status = common.OK
    for path in runs():
        status = max(status, replay.main([str(path), *browser]))
    grid = ["--frames-per-step", str(FRAMES_PER_STEP), "--action-set", "essential"]
    starts = ["--starts", "reset:1,click:1,env:1", "--quiet"]
    return max(status, spectate.main([str(policy), *grid, *starts, *browser]))


def _add_own_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", type=Path, default=POLICY, help="another policy's zip")
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
