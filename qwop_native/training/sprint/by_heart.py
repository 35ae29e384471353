"""Fast runs, memorized.

The game holds no chance: who does in each state of a run what the run did, runs it. From each start
a beam that keeps to the policy looks for a run that differs from what the policy would do in few
decisions; those are what the policy then learns, and where no such run passes it is to stay as it
was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch as th
from torch.nn import functional

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.facts import ENDED, FALLEN
from qwop_native.models import starts as model_starts
from qwop_native.recording import Recording, load_recording, make_recording
from qwop_native.search.beam import Beam, BeamSettings
from qwop_native.search.guide import Guide, Policy
from qwop_native.search.values import Rank
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.demonstrations import Lessons, lessons_of
from qwop_native.training.sprint.export import play_greedily
from qwop_native.training.sprint.settings import HeartSettings
from qwop_native.wrappers.rich_columns import key_masks

Floats = npt.NDArray[np.float32]
Say = Callable[[str], None]

_ACTIONS = ACTION_SETS["essential"]
_SURE = 0.5  # nats by which a decision is to be likelier than any other
_MAX_FRAMES = 1500
_BATCHES_BEFORE_LOOKING = 300


@dataclass(frozen=True)
class Start:
    """A start of the line.

    Attributes:
        sincos: Flavor.
        number: Among the starts of `line_pages`.
        standard: Whether no frames without keys belong to it.
        page, idle: See `line_pages`.
    """

    sincos: str
    number: int
    standard: bool
    page: Any
    idle: int

    def game(self) -> _core.Game:
        """There."""
        return self.line.game(self.sincos)

    @property
    def line(self) -> model_starts.Start:
        """The same without its flavor."""
        return model_starts.Start(f"start {self.number}", self.page, np.zeros(self.idle, np.uint8))


def distinct_starts(games: GamesSettings, flavors: tuple[str, ...]) -> list[Start]:
    """All starts of the games' flavor, and the standard ones of the others.

    Of several that leave the bodies in the same places the first one is taken.
    """
    pages = model_starts.line_pages(games.idle_frames, games.frames_per_step)
    starts, seen = [], set()
    for sincos in dict.fromkeys((games.sincos, *flavors)):
        all_of_it = [
            Start(sincos, number, number % (games.idle_frames + 1) == 0, page, idle)
            for number, (page, idle) in enumerate(pages)
        ]
        # A standard one is to be known as such where others are like it.
        for start in sorted(all_of_it, key=lambda start: not start.standard):
            place = (sincos, start.game().bodies.tobytes())
            if place not in seen and (start.standard or sincos == games.sincos):
                seen.add(place)
                starts.append(start)
    return starts


class GuidedRuns:
    """Looks for the runs to be learned, and keeps them in a folder.

    Args:
        folder: It is there; runs that it holds are not looked for again.
        model: PPO that guides, on the environment's own observation.
        rank: Orders states.
        settings: How.
        frames_per_step: Of a decision.
        threads: Threads that play.
        rng: Source of the noise.
        say: Told how each went.
        earlier: Folder of the runs that the model has learned so far, of which those that it runs
            stay, and the standard ones; no others are looked for. The others passed nearly the same
            states as one of those, and did something else there.
    """

    def __init__(
        self,
        folder: Path,
        model: Any,
        rank: Rank,
        settings: HeartSettings,
        frames_per_step: int,
        threads: int,
        rng: np.random.Generator,
        say: Say,
        earlier: Path | None = None,
    ) -> None:
        self._folder, self._rank, self._settings, self._say = folder, rank, settings, say
        self._model, self._earlier = model, earlier
        self._policy = Policy(model, len(_ACTIONS))
        self._threads, self._rng = threads, rng
        self._how = BeamSettings(settings.width, frames_per_step, noise=settings.noise)

    def practice(self, starts: list[Start]) -> Practice | None:
        """What is decided in the runs from some starts; None if none finished."""
        parts, importance = [], []
        for start in starts:
            run = self.of(start)
            if run is not None:
                parts.append(lessons_of(run, start.idle, self._how.frames))
                times = self._settings.standard_importance if start.standard else 1.0
                importance.append(np.full(len(parts[-1].actions), times, np.float32))
        return Practice(Lessons.joined(parts), np.concatenate(importance)) if parts else None

    def of(self, start: Start) -> Recording | None:
        """The run from a start; None if nothing finished."""
        path = self._folder / f"run-{start.sincos}-{start.number:03d}.qwop"
        if path.is_file():
            return load_recording(path)
        if self._earlier is not None:
            return self._learned(start, self._earlier / path.name)
        settings, root = self._settings, start.game()
        weight = settings.standard_weight if start.standard else settings.weight
        guide = Guide(self._policy, weight, settings.max_log_prob_gap)
        beam = Beam(root, self._how, self._threads, self._rng, guide)
        tries = settings.standard_tries if start.standard else 1
        found = [beam.run(root, self._rank, _MAX_FRAMES).finish for _ in range(tries)]
        finishes = [finish for finish in found if finish is not None]
        name = f"start {start.number} in {start.sincos}"
        if not finishes:
            self._say(f"{name}: no run finished")
            return None
        best = min(finishes, key=lambda finish: finish.frames)
        keys = np.concatenate([np.zeros(start.idle, np.uint8), best.keys])
        made = make_recording(keys, start.sincos, start.page, found_by="train.sprint")
        made.save(path)
        self._say(f"{name}: {best.frames} frames")
        return made

    def _learned(self, start: Start, path: Path) -> Recording | None:
        """The earlier run, if the model runs it or is to."""
        if not path.is_file():
            return None
        run = load_recording(path)
        (own,) = play_greedily(self._model, [start.line], start.sincos, self._how.frames)
        learned = np.array_equal(own.keys, run.keys)
        return run if learned or start.standard else None


@dataclass(frozen=True)
class Practice:
    """Lessons of which some matter more than others.

    Attributes:
        lessons: What to do where.
        importance: How often each is practised, float32 (n,).
    """

    lessons: Lessons
    importance: Floats


class Memoriser:
    """Fits a policy to lessons; elsewhere it stays near what it was.

    Args:
        model: PPO as `export` makes it; all but its first layer learns.
        before: What it was, of the same make.
        practice: What to do where.
        elsewhere: Observations on the ways of `before`, float32 (n, 60).
        settings: How.
        updates: To be made.
        seed: Of the draws.
    """

    def __init__(
        self,
        model: Any,
        before: Any,
        practice: Practice,
        elsewhere: Floats,
        settings: HeartSettings,
        updates: int,
        seed: int,
    ) -> None:
        first, self._rest = _split(model)
        _, rest_before = _split(before)
        self._settings, self._updates = settings, updates
        self._draws = th.Generator().manual_seed(seed)
        with th.no_grad():
            self._seen = first(th.from_numpy(practice.lessons.observations))
            self._elsewhere = first(th.from_numpy(elsewhere))
            self._was = th.log_softmax(rest_before(self._elsewhere), dim=1)
        self._wanted = th.from_numpy(practice.lessons.actions)
        self._importance = th.from_numpy(practice.importance)
        self._optimizer = th.optim.Adam(self._rest.parameters(), settings.learning_rate)
        self._schedule = th.optim.lr_scheduler.OneCycleLR(
            self._optimizer, settings.learning_rate, updates, pct_start=0.02
        )

    def run(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Learns; yields updates made and figures every `evaluate_every` updates and at last."""
        settings = self._settings
        weights = self._importance
        for update in range(1, self._updates + 1):
            if update % _BATCHES_BEFORE_LOOKING == 0:
                unsure = (self._margins() < _SURE).float()
                weights = self._importance * (1.0 + settings.unsure_importance * unsure)
            loss = self._update(weights)
            if update % settings.evaluate_every == 0 or update == self._updates:
                wrong = int((self._margins() < 0).sum())
                yield update, {"loss": loss, "wrong": wrong, "decisions": len(self._wanted)}

    def _update(self, weights: th.Tensor) -> float:
        settings = self._settings
        rows = th.multinomial(weights, settings.batch_size, True, generator=self._draws)
        others = th.randint(
            len(self._elsewhere), (settings.anchor_batch_size,), generator=self._draws
        )
        known = functional.cross_entropy(self._rest(self._seen[rows]), self._wanted[rows])
        now = th.log_softmax(self._rest(self._elsewhere[others]), dim=1)
        moved = functional.kl_div(now, self._was[others], reduction="batchmean", log_target=True)
        self._optimizer.zero_grad()
        (known + settings.anchor * moved).backward()  # type: ignore[no-untyped-call]
        th.nn.utils.clip_grad_norm_(self._rest.parameters(), 1.0)
        self._optimizer.step()
        self._schedule.step()
        return float(known.detach())

    @th.no_grad()
    def _margins(self) -> th.Tensor:
        """By how much the wanted action is likelier than the likeliest other one, nats."""
        logits = self._rest(self._seen)
        wanted = logits.gather(1, self._wanted[:, None])
        others = logits.scatter(1, self._wanted[:, None], -np.inf)
        margins: th.Tensor = wanted[:, 0] - others.max(dim=1).values
        return margins


def _split(model: Any) -> tuple[th.nn.Module, th.nn.Module]:
    """The actor's first layer, which holds the features, and the rest."""
    policy = model.policy
    layers = [*policy.mlp_extractor.policy_net, policy.action_net]
    return th.nn.Sequential(*layers[:2]), th.nn.Sequential(*layers[2:])


def own_ways(
    model: Any, starts: list[Start], frames: int, games: int, threads: int, rng: np.random.Generator
) -> Floats:
    """Observations of runs in which the policy draws its actions, float32 (n, 60).

    Args:
        model: PPO on the environment's own observation.
        starts: Of which the runs' are drawn.
        frames: Of a decision.
        games: Runs of each flavor.
        threads: Threads that play.
        rng: Source of all draws.
    """
    masks, policy = key_masks(_ACTIONS), Policy(model, len(_ACTIONS))
    parts = []
    for sincos in dict.fromkeys(start.sincos for start in starts):
        lines = [start.game() for start in starts if start.sincos == sincos]
        pool = _core.GamePool(lines[0], num_envs=games, num_threads=threads)
        for number in range(games):
            pool.set_game(number, lines[int(rng.integers(len(lines)))])
        for _ in range(_MAX_FRAMES // frames):
            running = pool.events & (ENDED | FALLEN) == 0
            if not running.any():
                break
            seen = observations(pool.bodies)
            parts.append(seen[running])
            log_prob_gaps = policy.log_prob_gaps(seen)
            drawn = (rng.gumbel(size=log_prob_gaps.shape) - log_prob_gaps).argmax(axis=1)
            pool.step(masks[drawn], frames=frames)
    return np.concatenate(parts)
