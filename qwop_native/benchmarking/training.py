"""Training on the game: Stable-Baselines3's learners beside the native ones, in one run.

    python -m benchmarks.training
    python -m benchmarks.training --cases qrdqn --rounds 5 --json training.json

Stock and native learners train the same networks in the same environment, in turns, so that
whatever else the machine does in the meantime meets both. QRDQN has the published recipe's
settings, DQN and PPO those of Stable-Baselines3 on 8 games; `ppo-many` is PPO on 512 games, 64
steps each, in batches of 2048 with layers of 256 and 128. `qrdqn-record` is the native learner with
the settings of train/configs/qrdqn_record.yml beside the same algorithm in plain torch, on one core
and on two; of it only rates and ratios are printed. Printed are the parts of an update, the parts
of a step of all games, and environment steps of the whole loop per second of the clock and per
second of the processor, which other programs disturb less.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import sb3_contrib
import stable_baselines3
import torch
from sb3_contrib.qrdqn import qrdqn as stock_qrdqn
from stable_baselines3.common.logger import Logger

from qwop_native.benchmarking import machine, recipe, record_training
from qwop_native.benchmarking.report import Measurement, ratio, save_json, table
from qwop_native.sb3 import DQN, PPO, QRDQN
from qwop_native.sb3._collector import Collector

RUN = recipe.STEPS  # environment steps of the recipe

Parts = dict[str, list[float]]


@dataclass(frozen=True)
class Case:
    """What is trained.

    Attributes:
        stock: Stable-Baselines3's class.
        native: Its subclass of `qwop_native.sb3`.
        settings: Arguments of both.
        games: Number of games.
        steps: Environment steps of a measurement of the stock and of the native learner.
        parts: Names of the parts of a stock update, and where they are: owner, attribute.
    """

    stock: type[Any]
    native: type[Any]
    settings: dict[str, Any]
    games: int
    steps: tuple[int, int]
    parts: Callable[[Any], list[tuple[Any, str, str]]] | None = None


def value_learner_parts(
    network: str, target: str, module: Any, loss: str
) -> Callable[[Any], list[tuple[Any, str, str]]]:
    """Where the parts of the update of a learner with a target network are."""

    def parts(model: Any) -> list[tuple[Any, str, str]]:
        return [
            (model.replay_buffer, "sample", "sample"),
            (getattr(model, target), "forward", "target network"),
            (getattr(model, network), "forward", "network"),
            (module, loss, "loss"),
            (torch.Tensor, "backward", "backward"),
            (torch.nn.utils, "clip_grad_norm_", "clip"),
            (model.policy.optimizer, "step", "Adam"),
        ]

    return parts


EPSILON = {
    # The mean over a run in which it falls from 0.2 to 0 in the first 30 percent.
    "exploration_initial_eps": 0.03,
    "exploration_final_eps": 0.03,
    "learning_starts": 0,
}
MANY = {
    "n_steps": 64,
    "batch_size": 2048,
    "n_epochs": 3,
    "policy_kwargs": {"net_arch": [256, 128]},
}
CASES = {
    "qrdqn": Case(
        sb3_contrib.QRDQN,
        QRDQN,
        {**recipe.SETTINGS, **EPSILON},
        recipe.GAMES,
        (60 * 32, 3000 * 32),
        value_learner_parts(
            "quantile_net", "quantile_net_target", stock_qrdqn, "quantile_huber_loss"
        ),
    ),
    "dqn": Case(
        stable_baselines3.DQN,
        DQN,
        {"buffer_size": 100_000, "train_freq": 4, "device": "cpu", **EPSILON},
        8,
        (1000 * 32, 3000 * 32),
        value_learner_parts("q_net", "q_net_target", torch.nn.functional, "smooth_l1_loss"),
    ),
    "ppo": Case(stable_baselines3.PPO, PPO, {"n_steps": 256, "device": "cpu"}, 8, (2048, 8 * 2048)),
    "ppo-many": Case(stable_baselines3.PPO, PPO, {**MANY, "device": "cpu"}, 512, (32768, 32768)),
}


class Stopwatch:
    """Adds up the time spent in functions, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextlib.contextmanager
    def on(self, places: list[tuple[Any, str, str]]) -> Iterator[None]:
        """Times functions: owner, attribute, name."""
        with contextlib.ExitStack() as stack:
            for owner, attribute, name in places:
                timed = self._timed(name, getattr(owner, attribute))
                stack.enter_context(mock.patch.object(owner, attribute, timed))
            yield

    def _timed(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        self.seconds[name] = 0.0

        def timed(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            result = function(*args, **kwargs)
            self.seconds[name] += time.perf_counter() - start
            return result

        return timed


def make(case: Case, native: bool, threads: int) -> Any:
    """A model after a little training."""
    env = recipe.environment("reduced", case.games, threads)
    kind = case.native if native else case.stock
    model = kind("MlpPolicy", env, seed=0, **case.settings)
    model.set_logger(Logger(None, []))
    model.learn(1024 if case.parts else case.games * model.n_steps)
    return model


def update_parts(case: Case, model: Any, updates: int, parts: Parts) -> None:
    """Adds microseconds of each part of an update, the median over some updates, to `parts`."""
    assert case.parts is not None
    rows: list[dict[str, float]] = []
    for _ in range(updates):
        if isinstance(model, case.native):
            kernel = model._native(training=True)
            kernel.native.measure_time(True)
            start = time.perf_counter()
            model.train(1, model.batch_size)
            total = time.perf_counter() - start
            seconds = kernel.native.seconds
            kernel.native.measure_time(False)
        else:
            watch = Stopwatch()
            with watch.on(case.parts(model)):
                start = time.perf_counter()
                model.train(1, model.batch_size)
                total = time.perf_counter() - start
            seconds = watch.seconds
        rest = total - sum(seconds.values())
        rows.append({**seconds, "rest": rest, "in all": total})
    for name in rows[0]:
        parts.setdefault(name, []).append(1e6 * statistics.median(row[name] for row in rows))


def loop_parts(case: Case, model: Any, steps: int, parts: Parts) -> None:
    """Adds microseconds of each part of the loop, for each step of all games, to `parts`."""
    watch = Stopwatch()
    places = [(model, "train", "updates")]
    if getattr(model, "_collector", None):
        places += [(Collector, "step", "act and games"), (Collector, "store", "store")]
    else:
        places.append((model.get_env(), "step", "games"))
        if case.parts:
            places += [(model, "_sample_action", "act"), (model, "_store_transition", "store")]
    with watch.on(places):
        start = time.perf_counter()
        model.learn(steps)
        total = time.perf_counter() - start
    rest = total - sum(watch.seconds.values())
    for name, value in {**watch.seconds, "rest": rest, "in all": total}.items():
        parts.setdefault(name, []).append(1e6 * value / (steps / case.games))


def rates(model: Any, steps: int) -> tuple[float, float]:
    """Environment steps of the whole loop per second of the clock and of the processor."""
    clock, processor = time.perf_counter(), time.process_time()
    model.learn(steps)
    return (
        steps / (time.perf_counter() - clock),
        steps / (time.process_time() - processor),
    )


def duration(seconds: float) -> str:
    """A time in the unit a person would use."""
    return f"{seconds / 3600:.1f} h" if seconds >= 5400 else f"{seconds / 60:.1f} min"


def measure(name: str, case: Case, rounds: int, threads: int) -> list[Measurement]:
    """One case, both learners in turns."""
    kinds = {"stock": make(case, False, threads), "native": make(case, True, threads)}
    updates: dict[str, Parts] = {kind: {} for kind in kinds}
    loops: dict[str, Parts] = {kind: {} for kind in kinds}
    speeds: dict[str, list[tuple[float, float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for (kind, model), steps in zip(kinds.items(), case.steps, strict=True):
            if case.parts:
                update_parts(case, model, max(steps // 128, 10), updates[kind])
            loop_parts(
                case,
                model,
                max(steps // 4, case.games * model.n_steps if case.parts is None else 0),
                loops[kind],
            )
            speeds[kind].append(rates(model, steps))
    found = []
    for parts, what in ((updates, "update"), (loops, f"step of {case.games} games")):
        for kind in kinds:
            found += [
                Measurement(f"{name} {kind}: {what}: {part}", "us", tuple(values))
                for part, values in parts[kind].items()
            ]
    for at, unit in enumerate(("env steps/s", "env steps/processor s")):
        both = [
            Measurement(f"{name} {kind}: whole loop", unit, tuple(pair[at] for pair in each))
            for kind, each in speeds.items()
        ]
        found += [both[0], both[1], ratio(f"{name}: native / stock, {unit}", both[1], both[0])]
    return found


def main() -> int:
    """Runs the benchmark from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cases = [*CASES, record_training.NAME]
    parser.add_argument("--cases", nargs="+", default=cases, choices=cases)
    parser.add_argument("--rounds", type=int, default=3, help="repeats of everything")
    parser.add_argument("--threads", type=int, default=1, help="threads that step the games")
    parser.add_argument("--torch-threads", type=int, default=1, help="threads of torch")
    parser.add_argument("--json", type=Path, help="file for the results")
    given = parser.parse_args()
    torch.set_num_threads(given.torch_threads)
    about = machine.describe("torch", "stable-baselines3", "sb3-contrib", "numpy")
    for key, value in about.items():
        print(f"{key}: {value}")
    found: list[Measurement] = []
    for name in given.cases:
        if name == record_training.NAME:
            here = record_training.measure(given.rounds)
        else:
            here = measure(name, CASES[name], given.rounds, given.threads)
        print(table(here), flush=True)
        for m in here:
            if m.unit.startswith("env steps"):
                print(f"{m.name}, {m.unit}: {RUN:,} steps take {duration(RUN / m.median)}")
        found += here
    if given.json:
        settings = {key: str(value) for key, value in vars(given).items()}
        save_json(given.json, "training", about, settings, found)
    return 0
