"""`qwop-native search`: looks for a fast run on exact copies of the game."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from qwop_native.cli import common, search_islands
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import (
    DEFAULT_SINCOS,
    FLAVORS,
    FRAMES_PER_SECOND,
    RECORD_FRAMES,
    RECORD_SECONDS,
)
from qwop_native.models.load import load_policy
from qwop_native.models.policy import ModelPolicy
from qwop_native.recording import load_recording
from qwop_native.recording.grid import Masks
from qwop_native.recording.starts import standard_starts
from qwop_native.recording.tape import Tape
from qwop_native.search.guide import Guide, Policy, guides
from qwop_native.search.stretches import StretchSettings
from qwop_native.search.values import ModelValue, Rank, upright


def main(argv: Sequence[str]) -> int:
    """Runs the command: 1 when nothing has finished."""
    return common.run_command(_parser(), argv, _search)


def _search(given: argparse.Namespace) -> int:
    from qwop_native.search.islands.gait_search import GaitSearcher
    from qwop_native.search.islands.search import IslandSearcher
    from qwop_native.search.run import Searcher, SearchSettings

    common.require_extra("train", "torch")
    models = _models(given)
    page, head, sincos = _beginning(given, models[0].sincos if models else DEFAULT_SINCOS)
    groups, width = _size(given)
    settings = SearchSettings(
        minutes=given.minutes,
        rounds=given.rounds,
        stretches=_stretches(given),
        groups=groups,
        width=width,
        grids=tuple(given.grids),
        action_set=given.actions,
        sincos=sincos,
        page=page,
        head=head,
        threads=given.threads,
        seed=given.seed,
    )
    rank, guide = _rank(models, given.model_weight), _guide(models, given)
    islands = search_islands.crew_of(given, _say)
    if islands is None:
        best = Searcher(given.folder, settings, rank, _say, guide).run()
    else:
        with closing(islands[0]):
            common_to_both = (given.folder, settings, rank, *islands, _say, guide)
            if given.gaits is None:
                best = IslandSearcher(*common_to_both).run()
            else:
                best = GaitSearcher(*common_to_both, given.gaits).run()
    if best is None:
        print(
            "no run has finished; give it more --rounds and --minutes for them, a larger --width, "
            "or a --model"
        )
        return common.NO
    print(
        f"{best.frames} frames, {best.frames / FRAMES_PER_SECOND:.2f} s; the human record is "
        f"{RECORD_FRAMES} frames, {RECORD_SECONDS} s. It is in {given.folder / 'best.qwop'}"
    )
    return common.OK


def _say(line: str) -> None:
    print(line, flush=True)


def _models(given: argparse.Namespace) -> list[ModelPolicy]:
    """The models; the first one's settings stand for options that are not given."""
    models = [
        load_policy(name, weights_only=given.weights_only, say=common.note) for name in given.model
    ]
    own = models[0].settings.env if models else {}
    given.actions = given.actions or own.get("action_set", "essential")
    # Every frame takes twice as long and is worth it in the middle of a run only.
    given.grids = given.grids or [max(2, own.get("frames_per_step", 2))]
    return models


def _beginning(given: argparse.Namespace, own: str) -> tuple[Tape, Masks, str]:
    """What happens on the page, the keys with which every run begins, and the flavor."""
    if (given.from_run is None) != (given.at is None):
        raise ValueError("--from and --at belong together: a recording, and how much of it to keep")
    if given.from_run is None:
        page = standard_starts(given.grids[0])[given.start or "reset"]
        return page, np.zeros(0, np.uint8), given.sincos or own
    if given.start is not None:
        raise ValueError("--start says nothing beside --from: the recording has its own start")
    recording = load_recording(given.from_run)
    if not 0 <= given.at < len(recording.keys):
        raise ValueError(
            f"--at must be from 0 to {len(recording.keys) - 1}, the frames of {given.from_run}, "
            f"got {given.at}"
        )
    return recording.page, recording.keys[: given.at], given.sincos or recording.sincos


def _stretches(given: argparse.Namespace) -> StretchSettings | None:
    if given.tries:
        frames = StretchSettings.frames if given.stretch is None else given.stretch
        return StretchSettings(given.tries, frames)
    if given.stretch is not None:
        raise ValueError("--stretch needs --tries: how often each stretch is searched")
    return None


def _size(given: argparse.Namespace) -> tuple[int, int]:
    """Groups and states of each, as given or else by what ranks them.

    Groups that give way to each other need a rank that knows more than posture.
    """
    groups, width = (96, 20) if given.model else (1, 300)
    return (
        groups if given.groups is None else given.groups,
        width if given.width is None else given.width,
    )


def _rank(models: list[ModelPolicy], weight: float) -> Rank:
    if not math.isfinite(weight):
        raise ValueError(f"--model-weight must be a number of world units, got {weight}")
    if not models:
        return Rank(((1.0, upright),))
    return Rank(tuple((weight / len(models), ModelValue(policy.model)) for policy in models))


def _guide(models: list[ModelPolicy], given: argparse.Namespace) -> Guide | None:
    """The first model, if it says how likely the actions are that are searched."""
    actions = len(ACTION_SETS[given.actions])
    if given.guide_weight == 0 or not models or not guides(models[0].model, actions):
        return None
    its_own = models[0].settings.action_set
    if its_own != given.actions:
        print(f"{given.model[0]} has the {its_own} actions, which guide no search of others")
        return None
    return Guide(Policy(models[0].model, actions), given.guide_weight, given.max_log_prob_gap)


def _parser() -> argparse.ArgumentParser:
    parser = common.command_parser(
        "search",
        "Search for a fast run of 100 m: beams of exact copies of the game try every key "
        "combination at every decision and keep the best states, round after round with a value "
        "learned from which states lasted; then the fastest run is searched again from states "
        "along it. A folder that holds an earlier search is continued.",
        "runs/search --minutes 10 --model model.zip",
    )
    parser.add_argument("folder", type=Path, help="folder for what is found")
    parser.add_argument("--minutes", type=float, default=10.0, help="wall time (default 10)")
    parser.add_argument(
        "--model",
        nargs="+",
        default=[],
        metavar="ZIP",
        help="trained models (zips, folders of runs, champion) whose mean value ranks states (PPO, "
        "A2C, DQN or QRDQN on the environment's own observation); without one a plain measure of "
        "posture does",
    )
    parser.add_argument("--weights-only", action="store_true", help="run nothing in their zips")
    parser.add_argument(
        "--model-weight",
        type=float,
        default=20.0,
        help="world units that one unit of the model's value counts (default 20)",
    )
    parser.add_argument(
        "--guide-weight",
        type=float,
        default=0.01,
        metavar="UNITS",
        help="world units that a state's rank loses, in the first round, for each nat by which the "
        "actions that led to it are less likely than the likeliest ones by the first model's "
        "policy, if that is PPO or A2C; 0 is no guide (default 0.01)",
    )
    parser.add_argument(
        "--max-log-prob-gap",
        "--most-regret",  # its name so far
        type=float,
        default=8.0,
        metavar="NATS",
        help="actions that such a policy thinks so much less likely than the likeliest are not "
        "tried (default 8)",
    )
    parser.add_argument(
        "--groups",
        type=int,
        help="beams side by side, of which every 45 frames the better ones take the place of "
        "others (default 96 with a model, 1 without)",
    )
    parser.add_argument(
        "--width",
        type=int,
        help="states that each of them keeps (default 20 with a model, 300 without)",
    )
    parser.add_argument(
        "--grids",
        type=int,
        nargs="+",
        metavar="FRAMES",
        help="frames between decisions; every round searches with each of them (default: the first "
        "model's but 2 at least, 2 without one)",
    )
    parser.add_argument(
        "--rounds",
        type=int,
        default=2,
        help="learning rounds, those of earlier calls included (default 2)",
    )
    parser.add_argument(
        "--tries",
        type=int,
        default=0,
        help="after the rounds, search a run stretch by stretch and go on with the best of so many "
        "tries of each; 0, the default: do not",
    )
    parser.add_argument(
        "--stretch",
        type=int,
        metavar="FRAMES",
        help=f"length of a stretch (default {StretchSettings.frames})",
    )
    parser.add_argument(
        "--actions",
        choices=list(ACTION_SETS),
        help="key combinations that are tried (default: the first model's, essential without one)",
    )
    parser.add_argument(
        "--sincos",
        choices=FLAVORS,
        help="flavor of sine and cosine (default: that of --from, else the first model's, else "
        "glibc)",
    )
    parser.add_argument(
        "--start", choices=["reset", "click", "env"], help="what runs start from (default reset)"
    )
    parser.add_argument(
        "--from",
        type=Path,
        dest="from_run",
        metavar="RUN",
        help="a recording whose first frames all runs have in common; with --sincos those keys are "
        "played in another flavor",
    )
    parser.add_argument("--at", type=int, metavar="FRAMES", help="how many frames of it")
    parser.add_argument("--threads", type=int, default=0, help="0, the default: one for each core")
    parser.add_argument("--seed", type=int, default=1, help="of all that is random (default 1)")
    search_islands.add_options(parser)
    return parser
