"""`act` chooses what the model chose in its environment, whatever it sees and remembers."""

import numpy as np
import pytest

from qwop_native import QwopEnv, load_policy
from qwop_native.models.save import save_model
from qwop_native.models.settings import ModelSettings
from qwop_native.sb3 import QwopVecEnv, RichVecObservation
from qwop_native.training import config
from qwop_native.training.algorithms import get_algorithm
from qwop_native.wrappers import RichObservation

COLUMNS = ["contacts", "turn_rates", "previous_keys"]
RICH = {"module": "qwop_native.sb3", "cls": "RichVecObservation", "kwargs": {"columns": COLUMNS}}
ENV = {"frames_per_step": 3, "action_set": "reduced"}


def saved(tmp_path, name, rich=False):
    algorithm = get_algorithm(name)
    learner = {"buffer_size": 100} if "qn" in name else {}
    settings = config.parse({"env": ENV, "n_envs": 2, "learner": learner}, algorithm)
    venv = QwopVecEnv(2, 1, **ENV)
    model = algorithm.build(settings, RichVecObservation(venv, COLUMNS) if rich else venv, 3)
    path = tmp_path / f"{name}.zip"
    save_model(model, path, ModelSettings.of_games(ENV, [RICH] if rich else []))
    return path, model


def episode(model, rich, idle, steps):
    """Keys that a model holds in an environment after some steps without any."""
    env = QwopEnv(**ENV)
    seen_env = RichObservation(env, COLUMNS) if rich else env
    observation, _ = seen_env.reset(seed=0)
    for _ in range(idle):
        observation, *_ = seen_env.step(0)
    state, first, keys = None, True, []
    for _ in range(steps):
        action, state = model.predict(
            observation, state=state, episode_start=np.array([first]), deterministic=True
        )
        first = False
        keys.append(int(env.action_keys[int(action)]))
        observation, _, over, _, _ = seen_env.step(int(action))
        if over:
            break
    return keys


@pytest.mark.parametrize("name", ["ppo", "a2c", "recurrent_ppo", "dqn", "qrdqn"])
def test_games_are_played_as_in_the_environment(tmp_path, name):
    path, model = saved(tmp_path, name)
    policy = load_policy(path)
    assert policy.frames_per_step == 3
    idles = (0, 2, 5)
    expected = [episode(model, False, idle, 25) for idle in idles]
    envs = [QwopEnv(**ENV) for _ in idles]
    for env, idle in zip(envs, idles, strict=True):
        env.reset(seed=0)
        for _ in range(idle):
            env.step(0)
    games = [env.game for env in envs]
    played = [[] for _ in games]
    for step in range(25):
        # In another order each time, and not always all of them together.
        order = np.random.default_rng(step).permutation(len(games)).tolist()
        for part in (order[:2], order[2:]):
            masks = policy.act([games[row] for row in part])
            assert masks.dtype == np.uint8
            for row, mask in zip(part, masks.tolist(), strict=True):
                if len(played[row]) < len(expected[row]):
                    played[row].append(mask)
                    games[row].step(mask, 3, after_end=True)
    assert played == expected
    assert policy.act([]).shape == (0,)


@pytest.mark.parametrize("name", ["ppo", "recurrent_ppo"])
def test_columns_and_memory_begin_anew_with_each_run(tmp_path, name):
    path, model = saved(tmp_path, name, rich=True)
    policy = load_policy(path)
    expected = episode(model, True, 0, 20)
    env = QwopEnv(**ENV)
    for _ in range(3):
        env.reset(seed=0)
        keys = []
        for _ in range(len(expected)):
            (mask,) = policy.act([env.game]).tolist()
            keys.append(mask)
            env.game.step(mask, 3, after_end=True)
        assert keys == expected


def test_a_few_games_only_are_remembered(tmp_path, monkeypatch):
    from qwop_native.models import policy as module

    monkeypatch.setattr(module, "_MOST_KEPT", 2)
    path, _ = saved(tmp_path, "recurrent_ppo")
    policy = load_policy(path)
    games = [QwopEnv(**ENV).game for _ in range(5)]
    policy.act(games)
    assert len(policy._kept) == 5
    policy.act(games[:1])
    assert len(policy._kept) == 2
    policy.forget()
    assert not policy._kept
