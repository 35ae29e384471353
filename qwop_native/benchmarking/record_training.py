"""The record config's QR-DQN on native kernels beside the same algorithm in plain torch.

Both learn with the settings of train/configs/qrdqn_record.yml on games of their own, in turns, on
one core and then on two. The replay buffer is smaller, which changes no speed.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.logger import Logger

from qwop_native.benchmarking.report import Measurement, ratio
from qwop_native.sb3 import QRDQN
from qwop_native.training import config
from qwop_native.training.algorithms import CONFIGS, get_algorithm
from qwop_native.training.algorithms.value import keywords
from qwop_native.training.environments import make_vec_env

NAME = "qrdqn-record"
THREADS = (1, 2)

_BUFFER = 200_000
_EPSILON = 0.04  # the mean over a run
_WARM_UP = 12  # steps of all games
_STEPS = {"plain torch": 40, "native": 160}  # of all games, in a measurement


class PlainTorch(QRDQN):
    """The same algorithm by Stable-Baselines3's own loops, updates in torch."""

    def _native(self, training: bool) -> None:
        return None


def measure(rounds: int) -> list[Measurement]:
    """Environment steps per second of both, and their ratio, for one and for two threads.

    Args:
        rounds: Measurements of each.
    """
    models = {"plain torch": _model(PlainTorch), "native": _model(QRDQN)}
    found: list[Measurement] = []
    for threads in THREADS:
        rates: dict[str, list[float]] = {kind: [] for kind in models}
        with _cores(threads):
            for _ in range(rounds):
                for kind, model in models.items():
                    rates[kind].append(_rate(model, _STEPS[kind] * model.n_envs))
        words = f"{threads} thread{'s' * (threads > 1)}"
        plain, native = (
            Measurement(f"{NAME} {kind}: whole loop, {words}", "env steps/s", tuple(each))
            for kind, each in rates.items()
        )
        found += [plain, native, ratio(f"{NAME}: native / plain torch, {words}", native, plain)]
    return found


def _model(kind: type[QRDQN]) -> Any:
    run = config.load(CONFIGS / "qrdqn_record.yml", ["seed=0"], get_algorithm("qrdqn"))
    games = make_vec_env(run)
    arguments = keywords(run.learner, games.num_envs) | {
        "buffer_size": _BUFFER,
        "learning_starts": 0,
        "exploration_initial_eps": _EPSILON,
        "exploration_final_eps": _EPSILON,
    }
    if kind is PlainTorch:  # whose updates and games take turns
        arguments.pop("overlap", None)
    model = kind(env=games, seed=run.seed, device="cpu", **arguments)
    model.set_logger(Logger(None, []))
    model.learn(_WARM_UP * games.num_envs)
    return model


def _rate(model: Any, steps: int) -> float:
    start = time.perf_counter()
    model.learn(steps)
    return steps / (time.perf_counter() - start)


@contextlib.contextmanager
def _cores(count: int) -> Iterator[None]:
    """Keeps the program to a number of cores, where the system can, and torch to as many threads.

    Raises:
        ValueError: The program may use fewer.
    """
    before = torch.get_num_threads()
    pins = hasattr(os, "sched_setaffinity")
    usable = os.sched_getaffinity(0) if pins else set(range(os.cpu_count() or 1))
    if len(usable) < count:
        raise ValueError(f"{NAME} needs {count} cores, this program may use {len(usable)}")
    try:
        if pins:
            _pin(set(sorted(usable)[:count]))
        torch.set_num_threads(count)
        yield
    finally:
        torch.set_num_threads(before)
        if pins:
            _pin(usable)


def _pin(cores: set[int]) -> None:
    """Of all threads: those that are there already do not follow the first one."""
    threads = Path("/proc/self/task")
    for each in threads.iterdir() if threads.is_dir() else ():
        with contextlib.suppress(OSError):  # it has ended meanwhile
            os.sched_setaffinity(int(each.name), cores)
