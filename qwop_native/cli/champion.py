"""`qwop-native champion`: proves what the shipped policy and the shipped runs do."""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.champion import FRAMES_PER_STEP, runs
from qwop_native.cli import common, in_browser, parity_options, replay, spectate
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import FLAVORS, FRAMES_PER_SECOND, RECORD_FRAMES
from qwop_native.models.evaluate import FINISHES, evaluate
from qwop_native.models.finish import has_finished
from qwop_native.models.load import CHAMPION, find_model, load_model, load_policy
from qwop_native.models.metadata import read_settings
from qwop_native.models.outputs import action_count
from qwop_native.models.policy import ModelPolicy
from qwop_native.models.robustness import KINDS, cases, play
from qwop_native.models.starts import Start, make_starts
from qwop_native.recording import load_recording
from qwop_native.recording.model import result_of
from qwop_native.recording.starts import standard_starts

_ACTION_SET = "essential"
_MAX_FRAMES = 3000
_PUSHED = 100  # runs that are disturbed once
_OF_KIND = {
    "standard": "standard starts",
    "random-keys": "after random keys",
    "disturbed": "pushed on their way",
}


def main(argv: Sequence[str]) -> int:
    """Runs the command: 1 when a run does not replay."""
    return common.run_command(_parser(), argv, lambda given: _run(given, argv))


def _run(given: argparse.Namespace, argv: Sequence[str]) -> int:
    if in_browser.is_asked_for(given):
        if given.results:
            raise ValueError("--results is of the native game; leave it out beside --browser")
        parity_options.game_source(given)  # what is wrong with the game is said once
        own = argparse.ArgumentParser(add_help=False)
        _add_own_options(own)
        return _in_browser(given.policy, own.parse_known_args(argv)[1])
    policy = None if given.policy == common.PLANNER else _loaded(given.policy)
    with whole_file(given.results) if given.results else nullcontext() as file:
        status = max(_replayed(path) for path in runs())
        numbers = _play(policy) if policy else _plan(given.count)
        if file:
            file.write(json.dumps(numbers, indent=1).encode() + b"\n")
    return status


def _loaded(name: str) -> ModelPolicy:
    """The policy to be proved.

    Raises:
        ValueError: It has other actions than the shipped policy.
    """
    common.require_models()
    path = find_model(name)
    told = read_settings(path)
    if told.action_set is None:  # as the sprint's policies of older versions, which tell nothing
        told = told.changed(action_set=_ACTION_SET)
    frames_per_step = told.env.get("frames_per_step", FRAMES_PER_STEP)
    wanted = len(ACTION_SETS[_ACTION_SET])
    has = action_count(load_model(path))
    if told.action_set != _ACTION_SET or has != wanted:
        own = f"{has}" if has != wanted else f"{has} of the {told.action_set} set"
        raise ValueError(
            f"{path} must have the {wanted} actions of the {_ACTION_SET} set, it has {own}"
        )
    return load_policy(
        path, frames_per_step=frames_per_step, action_set=_ACTION_SET, say=common.note
    )


def _replayed(path: Path) -> int:
    """Plays a recording, which says so if it comes out otherwise."""
    recording = load_recording(path)
    game = replay.played(path.stem, recording)
    if game is None:
        return common.NO
    print(f"{path.stem}, {recording.sincos}: {common.summary(result_of(game))}")
    return common.OK


def _play(policy: ModelPolicy) -> dict[str, Any]:
    """Plays a policy from every start in every flavor; returns the frames of each run."""
    frames_per_step = policy.frames_per_step
    pages = standard_starts(frames_per_step).items()
    groups = {
        "standard": [Start(name, page, np.zeros(0, np.uint8)) for name, page in pages],
        "varied": make_starts("varied", frames_per_step=frames_per_step),
        "scrambled": make_starts("scrambled"),
    }
    starts = [start for group in groups.values() for start in group]
    numbers: dict[str, Any] = {}
    for sincos in FLAVORS:
        env = {**policy.settings.env, "sincos": sincos}
        played = iter(evaluate(policy.chooser(), env, starts, _MAX_FRAMES // frames_per_step))
        frames = {}
        for name, group in groups.items():
            runs_of_it = itertools.islice(played, len(group))
            frames[name] = [run.frames if run.finished else 0 for run in runs_of_it]
        print(f"policy, {sincos}, finish: {FINISHES['game']}:")
        standard = dict(zip((name for name, _ in pages), frames["standard"], strict=True))
        for name, count in standard.items():
            time = f"{count} frames, {count / FRAMES_PER_SECOND:.2f} s"
            print(f"  {name}: {time if count else 'fell'}")
        print(f"  {len(frames['varied'])} varied starts: {_spread(frames['varied'])}")
        scrambled = frames["scrambled"]
        print(f"  {len(scrambled)} after half a second of random keys: {_spread(scrambled)}")
        pushed = cases("disturbed", _PUSHED, sincos, seed=0)
        frames["disturbed"] = _frames(play(policy.act, frames_per_step, pushed))
        print(f"  {_PUSHED} {_OF_KIND['disturbed']}: {_spread(frames['disturbed'])}")
        numbers[sincos] = {**frames, "standard": standard}
    return numbers


def _plan(count: int) -> dict[str, Any]:
    """Has the planner play runs of every kind in every flavor; returns the frames of each."""
    from qwop_native.search.live import play_case
    from qwop_native.search.planner import Planner

    planner = Planner()
    numbers: dict[str, Any] = {}
    for sincos in FLAVORS:
        print(f"planner, {sincos}, finish: {FINISHES['game']}:")
        numbers[sincos] = {}
        for kind in KINDS:
            played = cases(kind, count, sincos, seed=0)
            frames = _frames([play_case(planner, case) for case in played])
            print(f"  {len(frames)} {_OF_KIND[kind]}: {_spread(frames)}", flush=True)
            numbers[sincos][kind] = frames
    return numbers


def _frames(games: Sequence[_core.Game]) -> list[int]:
    """Frames of games that have ended, 0 where they have not finished."""
    return [game.frames if has_finished(game) else 0 for game in games]


def _spread(frames: list[int]) -> str:
    """How many of some runs finish, and in how many frames; 0 is a fall."""
    done = sorted(count for count in frames if count)
    under = sum(count < RECORD_FRAMES for count in done)
    text = f"{len(done)} finish, {under} under {RECORD_FRAMES}"
    if done:
        tenth, median = done[len(done) // 10], done[len(done) // 2]
        text += f" (best {done[0]}, a tenth within {tenth}, half within {median}, last {done[-1]})"
    return text


def _in_browser(policy: str, browser: Sequence[str]) -> int:
    """The same runs and a policy, closed-loop, in the real game.

    Args:
        policy: Its name.
        browser: The options of the browser and of the game as they were given.
    """
    status = common.OK
    for path in runs():
        status = max(status, replay.main([str(path), *browser]))
    words = ["--starts", "reset:1,click:1,env:1", "--quiet", *browser]
    if policy != common.PLANNER:
        frames_per_step = str(_loaded(policy).frames_per_step)
        words += ["--frames-per-step", frames_per_step, "--action-set", _ACTION_SET]
    return max(status, spectate.main([policy, *words]))


def _add_own_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--policy",
        default=CHAMPION,
        help=f"another policy: a zip or the folder of a run; it has the {_ACTION_SET} actions and, "
        f"unless its settings say otherwise, {FRAMES_PER_STEP} frames a step; or {common.PLANNER}",
    )
    parser.add_argument(
        "--count",
        type=common.positive,
        default=_PUSHED,
        help=f"runs of each kind of the planner ({_PUSHED}; each takes some fifteen seconds)",
    )
    parser.add_argument("--results", metavar="FILE", help="JSON file for the frames of each run")


def _parser() -> argparse.ArgumentParser:
    parser = common.command_parser(
        "champion",
        "Prove what the shipped policy and the shipped runs do: natively, every run replayed and "
        "the policy played from many starts in each flavor of sine and cosine; with --browser in "
        "the real game.",
        "--browser --game-dir ~/qwop",
    )
    _add_own_options(parser)
    in_browser.add_browser_options(parser)
    return parser
