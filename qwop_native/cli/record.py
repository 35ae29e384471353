"""``qwop-native record``: let a model play many episodes and keep the good ones."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from qwop_native.cli import common
from qwop_native.facts import FINISH_SCORE
from qwop_native.models.evaluate import FINISHES
from qwop_native.models.load import frames_of
from qwop_native.models.policy import ModelPolicy
from qwop_native.qwop_gym.rec import Rec, RecEpisode
from qwop_native.recording import SUFFIX, Recording
from qwop_native.recording.stage import NativeStage, run_policy
from qwop_native.recording.starts import env_start
from qwop_native.recording.tape import Tape


def main(argv: Sequence[str]) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv, _run)


def _parser() -> argparse.ArgumentParser:
    parser = common.command_parser(
        "record",
        "Record episodes of a model on one page, as qwop-gym's environment plays them.",
        "model.zip --episodes 20 --min-distance 100 --rec good.rec --out runs",
    )
    parser.add_argument("model", help=common.MODEL_HELP)
    parser.add_argument("--episodes", type=common.positive, default=10, metavar="N")
    parser.add_argument("--min-distance", type=float, default=0.0, metavar="M", help="in meters")
    parser.add_argument(
        "--max-time",
        type=float,
        default=999.0,
        metavar="T",
        help="on qwop-gym's clock, a tenth of the game's: 6 is 60 s",
    )
    parser.add_argument("--max-frames", type=common.positive, default=20_000, metavar="N")
    parser.add_argument("--rec", metavar="FILE", help="qwop-gym's .rec, skipped episodes included")
    parser.add_argument("--out", metavar="DIR", help="folder for a recording of each that is kept")
    parser.add_argument(
        "--finish",
        choices=FINISHES,
        default="game",
        help="how far a finished run is: game: as far as the game shows, which counts the foot "
        "that lands beyond 100 m; torso: as far as the torso, as qwop-gym has it (default: game)",
    )
    common.add_model_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    player = common.player(options, options.model)
    frames_per_step = options.frames_per_step or frames_of(player)
    if options.rec and not isinstance(player, ModelPolicy):
        raise ValueError("a .rec file holds actions of a set, which only a model's zip file has")
    folder = common.output_folder(options.out) if options.out else None
    stage = NativeStage(common.flavor(options, player))
    page, kept = env_start(frames_per_step), 0
    episodes: list[RecEpisode] = []
    for number in range(1, options.episodes + 1):
        run, _ = run_policy(stage, page, player, options.max_frames, policy=options.model)
        keep = _is_kept(options, run)
        kept += keep
        print(f"{number}: {common.summary(run.metadata['result'])}{'' if keep else ', skipped'}")
        if folder and keep:
            run.save(folder / f"{Path(options.model).stem}-{number}{SUFFIX}")
        if options.rec:
            episodes.append(RecEpisode(run.actions, skip=not keep))
        # The next episode comes on the same page, whose past it feels.
        again = env_start(frames_per_step).events[-3:]
        page = Tape((*run.tape.events, *again))
    print(f"{kept} of {options.episodes} kept; finish: {FINISHES[options.finish]}")
    if options.rec and kept:
        last = max(index for index, each in enumerate(episodes) if not each.skip)
        Rec(0, tuple(episodes[: last + 1])).save(options.rec)
    return common.OK if kept else common.NO


def _is_kept(options: argparse.Namespace, run: Recording) -> bool:
    """Whether an ended episode is fast and far enough."""
    game = run.play(check=False)
    result = run.metadata["result"]
    ended = result["ended"] or not -10 <= result["distance"] <= 105
    fast = game.score_time / 10 <= options.max_time
    reached = result["distance"]
    if options.finish == "game" and result["landed"] and result["score"] >= FINISH_SCORE:
        reached = max(reached, result["score"])
    return bool(ended and fast and reached >= options.min_distance)
