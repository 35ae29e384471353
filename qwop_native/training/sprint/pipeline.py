"""From nothing to a runner: all parts one after the other, in a folder to go on from."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.models.save import save_model
from qwop_native.models.settings import ModelSettings
from qwop_native.models.starts import Start, prepared
from qwop_native.models.summary import line
from qwop_native.recording import load_recording, make_recording
from qwop_native.recording.starts import reset_start, standard_starts
from qwop_native.recording.tape import Tape
from qwop_native.search.run import Searcher, SearchSettings
from qwop_native.search.values import ModelValue, Rank, upright
from qwop_native.text_files import read_text
from qwop_native.training.sprint.by_heart import (
    GuidedRuns,
    Memoriser,
    distinct_starts,
    own_ways,
)
from qwop_native.training.sprint.cloning import clone
from qwop_native.training.sprint.demonstrations import Lessons, Teacher
from qwop_native.training.sprint.export import play_greedily, stock
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.lookahead import Improver
from qwop_native.training.sprint.ppo import load_model, make_model
from qwop_native.training.sprint.settings import HeartSettings, SprintSettings

POLICY_NAME = "policy.zip"
_LAST_NAME = "last.zip"
_LESSONS_NAME = "lessons.npz"
_LOG_NAME = "log.jsonl"
_SETTLED_FRAMES = 60  # before a landing; whoever starts there learns nothing of running
_LEARNING = [
    f"train/{name}"
    for name in ("entropy_loss", "approx_kl", "clip_fraction", "explained_variance", "value_loss")
]

Say = Callable[[str], None]


class Pipeline:
    """Makes a policy in a folder.

    Each round has a folder with what its beams taught (`lessons.npz`), the best policy so far
    (`policy.zip`, a stock zip) and the last state of PPO; what is there is not made again.

    Args:
        folder: Made if it is not there.
        settings: How.
        threads: Threads that play and learn.
        say: Called with a line for each thing that happens.
    """

    def __init__(self, folder: Path, settings: SprintSettings, threads: int, say: Say) -> None:
        self._folder, self._settings, self._threads, self._say = folder, settings, threads, say
        folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> Path:
        """Runs all rounds and returns the path of the last policy."""
        rank, last = self._first_rank(), None
        for number, (name, settings) in enumerate(self._rounds()):
            folder = self._folder / name
            folder.mkdir(exist_ok=True)
            last = Round(folder, settings, number, self._threads, self._say).run(rank, last)
            path = folder / POLICY_NAME
            rank = critic_rank(load_exported(path), settings)
        first = self._by_heart("by-heart", self._settings.by_heart, path, path)
        return self._by_heart(
            "by-heart-again", self._settings.by_heart_again, path, first, first.parent
        )

    def _rounds(self) -> list[tuple[str, SprintSettings]]:
        """Name and settings of each round; the last one is PPO alone, in large batches."""
        settings = self._settings
        rounds = [(f"round-{number}", settings) for number in range(settings.rounds)]
        if settings.long.steps:
            lookahead = settings.lookahead.changed(iterations=0)
            rounds.append(("long", settings.changed(ppo=settings.long, lookahead=lookahead)))
        return rounds

    def _by_heart(
        self,
        name: str,
        heart: HeartSettings,
        unlearned: Path,
        before: Path,
        earlier: Path | None = None,
    ) -> Path:
        """Teaches a policy fast runs from all starts; returns the path of the best one of all.

        Args:
            name: Of the folder for the runs, the policy and what was noted.
            heart: How.
            unlearned: The policy that has memorized nothing, which it is to stay elsewhere.
            before: The policy so far.
            earlier: Folder of the runs that it has learned so far; where it is given, the standard
                starts decide which policy is best.
        """
        folder, games = self._folder / name, self._settings.games
        if heart.updates == 0:
            return before
        folder.mkdir(exist_ok=True)
        keeper = Keeper(folder, self._settings, self._say, standard_first=earlier is not None)
        last = folder / _LAST_NAME
        made = max((entry["steps"] for entry in keeper.entries()), default=0)
        if made >= heart.updates:
            return folder / POLICY_NAME
        rng = np.random.default_rng([self._settings.seed, 3])
        guide, elsewhere = load_exported(before), load_exported(unlearned)
        starts = distinct_starts(games, heart.standard_flavours)
        runs = GuidedRuns(
            folder,
            guide,
            critic_rank(guide, self._settings),
            heart,
            games.frames_per_step,
            self._threads,
            rng,
            self._say,
            earlier,
        )
        practice = runs.practice(starts)
        if practice is None:
            self._say("no run has finished that could be memorized")
            return before
        model = load_exported(last if last.is_file() else before)
        if not keeper.entries():
            keeper.keep(model, "memorizing", 0, {})
        ways = own_ways(
            elsewhere, starts, games.frames_per_step, heart.own_games, self._threads, rng
        )
        memoriser = Memoriser(
            model, elsewhere, practice, ways, heart, heart.updates - made, self._settings.seed
        )
        for updates, learning in memoriser.run():
            keeper.keep(model, "memorizing", made + updates, learning)
        return folder / POLICY_NAME

    def _first_rank(self) -> Rank:
        """Posture and what beams learned of which states last, from beams alone."""
        folder = self._folder / "survivors"
        settings = SearchSettings(
            minutes=60.0,
            rounds=self._settings.survivor_rounds,
            width=self._settings.beams.width,
            grids=(self._settings.beams.frames_per_step,),
            sincos=self._settings.games.sincos,
            threads=self._threads,
            seed=self._settings.seed,
        )
        return Searcher(folder, settings, Rank(((1.0, upright),)), self._say).learn()


def critic_rank(model: Any, settings: SprintSettings) -> Rank:
    """Ranks states by the way that a critic expects beyond what has been made, world units."""
    units = settings.games.frames_per_step / settings.games.reward_scale
    return Rank(((units, ModelValue(model)),))


def load_exported(path: Path) -> Any:
    """A policy that `export` made."""
    from stable_baselines3 import PPO

    return PPO.load(path, device="cpu")


class Round:
    """Beams, cloning in the first of all rounds, PPO, lookahead.

    Args:
        folder: Of the round; it is there.
        settings: How.
        number: Of the round, from 0.
        threads: Threads that play and learn.
        say: Called with a line for each thing that happens.
    """

    def __init__(
        self, folder: Path, settings: SprintSettings, number: int, threads: int, say: Say
    ) -> None:
        self._folder, self._settings, self._threads, self._say = folder, settings, threads, say
        self._seed = [settings.seed, number]

    def run(self, rank: Rank, before: Path | None) -> Path:
        """Makes the round's policy.

        Args:
            rank: What the beams go by.
            before: The last state of the round before; None to clone the beams.

        Returns:
            The round's last state.
        """
        last, settings = self._folder / _LAST_NAME, self._settings
        rng = np.random.default_rng([*self._seed, 1])
        lessons = self._lessons(rank)
        games = SprintGames(settings.games, rng, self._threads, self._moments())
        if last.is_file():
            model = load_model(last, games, settings.ppo)
        elif before is not None:
            model = load_model(before, games, settings.ppo)
            model.num_timesteps = 0
        else:
            seed = int(np.random.default_rng(self._seed).integers(2**31))
            model = make_model(games, settings.ppo, settings.cloning.net_arch, seed)
            clone(model, lessons, settings.cloning, rng, self._say)
            model.warm_up_rollouts = settings.cloning.warm_up_rollouts
        keeper = Keeper(self._folder, settings, self._say)
        left = settings.ppo.steps - model.num_timesteps
        if left > 0:
            evaluations = Evaluations(keeper, settings.ppo.evaluate_every)
            model.learn(left, evaluations, reset_num_timesteps=False)
        self._look_ahead(model, games, keeper, rng)
        return last

    def _look_ahead(
        self, model: Any, games: SprintGames, keeper: Keeper, rng: np.random.Generator
    ) -> None:
        """Makes the iterations of `lookahead` that are left."""
        settings = self._settings.lookahead
        done = max((entry["steps"] for entry in keeper.entries("lookahead")), default=0)
        if done >= settings.iterations:
            return
        improver = Improver(model, games, settings, rng, self._threads)
        for number in range(done + 1, settings.iterations + 1):
            learning = improver.iterate()
            if number % settings.evaluate_every == 0 or number == settings.iterations:
                keeper.keep(model, "lookahead", number, learning)

    def _moments(self) -> list[_core.Game]:
        """Each decision of the beams' finishes, but for the last ones, which decide nothing."""
        moments = []
        for path in sorted(self._folder.glob("beam-*.qwop")):
            recording = load_recording(path)
            game = _core.Game(recording.sincos)
            recording.prepare(game)
            frames = self._settings.games.frames_per_step
            for number, mask in enumerate(recording.keys[:-_SETTLED_FRAMES].tolist()):
                if number % frames == 0:
                    moments.append(game.copy())
                game.step(mask)
        return moments

    def _lessons(self, rank: Rank) -> Lessons:
        path = self._folder / _LESSONS_NAME
        if path.is_file():
            with np.load(path, allow_pickle=False) as arrays:
                return Lessons(arrays["observations"], arrays["actions"])
        settings, sincos = self._settings, self._settings.games.sincos
        rng = np.random.default_rng([*self._seed, 2])
        starts = [(reset_start(), 0), *self._draw_starts(rng)]
        roots = [prepared(sincos, page, idle) for page, idle in starts]
        beams = Teacher(roots, rank, settings.beams, rng, self._threads, self._say).run()
        for beamed in beams:
            if beamed.finish is not None:
                page, idle = starts[beamed.root]
                keys = np.concatenate([np.zeros(idle, np.uint8), beamed.finish.keys])
                name = f"beam-{beamed.root:02d}-{beamed.finish.frames}.qwop"
                made = make_recording(keys, sincos, page, found_by="train.sprint")
                made.save(self._folder / name)
        lessons = Lessons.joined([beamed.lessons for beamed in beams])
        with whole_file(path) as file:
            np.savez_compressed(file, observations=lessons.observations, actions=lessons.actions)
        return lessons

    def _draw_starts(self, rng: np.random.Generator) -> list[tuple[Tape, int]]:
        """Pages and frames without keys, for all beams but the first."""
        settings = self._settings
        pages = list(standard_starts(settings.games.frames_per_step).values())
        count = settings.beams.rounds * settings.beams.beams - 1
        return [
            (pages[number % len(pages)], int(rng.integers(settings.games.idle_frames + 1)))
            for number in range(1, count + 1)
        ]


class Keeper:
    """Evaluates the greedy policy on starts of the line, notes it and keeps the best.

    Args:
        folder: Gets policy.zip, last.zip and log.jsonl.
        settings: What is evaluated.
        say: Called with a line for each evaluation.
        standard_first: Whether of two policies the one is better that is faster from the standard
            starts, and only then that which is from all.
    """

    def __init__(
        self, folder: Path, settings: SprintSettings, say: Say, standard_first: bool = False
    ) -> None:
        self._folder, self._settings, self._say = folder, settings, say
        games = settings.games
        idles = range(0, games.idle_frames + 1, 2)
        self._starts = [
            Start(f"{name}:1+{idle}", page, np.zeros(idle, np.uint8))
            for name, page in standard_starts(games.frames_per_step).items()
            for idle in idles
        ]
        self._standard = slice(0, None, len(idles)) if standard_first else None
        self._begun = time.monotonic()
        self._best = max((self._rank(entry["frames"]) for entry in self.entries()), default=None)

    def keep(self, model: Any, what: str, steps: int, learning: dict[str, float]) -> None:
        """Evaluates a model.

        Args:
            model: The model.
            what: Its learning: "ppo", "lookahead" or "memorizing".
            steps: That it has made.
            learning: Figures to be noted.
        """
        frames_per_step = self._settings.games.frames_per_step
        sincos = self._settings.games.sincos
        runs = play_greedily(model, self._starts, sincos, frames_per_step)
        frames = [run.frames if run.finished else 0 for run in runs]
        rank = self._rank(frames)
        seconds = time.monotonic() - self._begun
        self._say(f"{what}, {steps:,} steps, {seconds:.0f} s: {line(runs)}")
        if self._best is None or rank > self._best:
            self._best = rank
            env = {
                "frames_per_step": frames_per_step,
                "action_set": "essential",
                "t_for_terminate": False,
                "sincos": sincos,
            }
            made = stock(model, frames_per_step)
            save_model(made, self._folder / POLICY_NAME, ModelSettings(env))
        save_model(model, self._folder / _LAST_NAME)
        # Last of all, so that what is noted is there.
        entry = {
            "what": what,
            "steps": steps,
            "seconds": round(seconds, 1),
            "frames": frames,
            "mean_distance": round(float(np.mean([run.distance for run in runs])), 2),
            **learning,
        }
        with whole_file(self._folder / _LOG_NAME) as file:
            for noted in (*self.entries(), entry):
                file.write(json.dumps(noted).encode() + b"\n")

    def entries(self, what: str | None = None) -> list[dict[str, Any]]:
        """What was noted so far, of one way of learning or of all."""
        path = self._folder / _LOG_NAME
        lines = read_text(path).splitlines() if path.is_file() else []
        entries = [json.loads(line) for line in lines]
        return [entry for entry in entries if what in (None, entry["what"])]

    def _rank(self, frames: list[int]) -> tuple[float, ...]:
        """Sorts policies by the frames of their runs: by the share without a fall, 0, in tenths."""
        finished = [count for count in frames if count]
        share = round(len(finished) / len(frames), 1)
        every = -float(np.median(finished)) if finished else -np.inf
        if self._standard is None:
            return share, every
        standard = [count or np.inf for count in frames[self._standard]]
        return share, -float(np.mean(standard)), every


class Evaluations(BaseCallback):
    """Has PPO's policy evaluated now and then.

    Args:
        keeper: Does it.
        every: Steps between two evaluations.
    """

    def __init__(self, keeper: Keeper, every: int) -> None:
        super().__init__()
        self._keeper, self._every, self._next = keeper, every, 0

    def _on_training_start(self) -> None:
        self._next = self.num_timesteps

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self._next:
            self._next += self._every
            self._evaluate()

    def _on_training_end(self) -> None:
        self._evaluate()

    def _evaluate(self) -> None:
        values = self.logger.name_to_value
        learning = {name: float(values[name]) for name in _LEARNING if name in values}
        self._keeper.keep(self.model, "ppo", self.num_timesteps, learning)
