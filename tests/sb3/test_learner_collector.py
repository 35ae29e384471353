"""The native loop around the games: nothing differs from what the loop in Python does."""

import copy
import datetime

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import sb3_contrib
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnvWrapper

from qwop_native import _core
from qwop_native.sb3 import QRDQN, QwopVecEnv

pytestmark = pytest.mark.usefixtures("one_thread")

SMALL = {
    "policy": "MlpPolicy",
    "learning_rate": 1e-3,
    "buffer_size": 800,  # 200 places, so the buffer is filled more than once
    "learning_starts": 100,
    "batch_size": 32,
    "train_freq": 4,
    "target_update_interval": 64,
    "exploration_fraction": 0.5,
    "exploration_initial_eps": 0.5,
    "policy_kwargs": {"net_arch": [24, 17], "n_quantiles": 25},
    "seed": 5,
    "device": "cpu",
}
ARRAYS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")


def games(**options):
    # Few steps an episode: many are cut off, and some end by a fall.
    limits = {"max_episode_steps": 40, "frames_per_step": 4, "reduced_action_set": True, "seed": 1}
    return QwopVecEnv(4, 1, **{**limits, **options})


class InPython(QRDQN):
    """Has a method of its own in the loop, so that the loop stays in Python."""

    def predict(self, *arguments, **named):
        return super().predict(*arguments, **named)


class StoredByStock(InPython):
    """Stores and takes note of ended episodes by Stable-Baselines3's own walk over all games."""

    _store_transition = OffPolicyAlgorithm._store_transition
    _update_info_buffer = BaseAlgorithm._update_info_buffer


def trained(kind, steps=2000, env=games, callback=None):
    model = kind(env=env(), **copy.deepcopy(SMALL))
    model.learn(steps, callback=callback)
    return model


def state(model):
    """Everything that a training leaves behind, as bytes."""
    buffer = model.replay_buffer
    parts = [getattr(buffer, name).tobytes() for name in ARRAYS]
    parts += [p.detach().numpy().tobytes() for p in model.policy.parameters()]
    parts += [str(np.random.get_state()), str(model.action_space.np_random.bit_generator.state)]
    episodes = [(info["r"], info["l"]) for info in model.ep_info_buffer]
    counts = (buffer.pos, buffer.full, model._n_calls, model._episode_num, model.num_timesteps)
    return [*parts, model._last_obs.tobytes(), str(episodes), str(counts)]


class Watching(BaseCallback):
    def __init__(self):
        super().__init__()
        self.seen = []

    def _on_step(self):
        seen = (self.locals[name].tobytes() for name in ("actions", "new_obs", "rewards", "dones"))
        self.seen.append([*seen, sorted(self.locals["infos"][0])])
        return self.n_calls < 450


def test_the_loop_in_python_leaves_the_same():
    native, python = trained(QRDQN), trained(InPython)
    assert native._collector is not None
    assert python._collector is None
    assert len(native.ep_info_buffer) > 10
    assert state(native) == state(python)


def test_callbacks_see_the_same_and_can_stop():
    found = []
    for kind in (QRDQN, InPython):
        watching = Watching()
        model = trained(kind, callback=watching)
        assert model.num_timesteps == 450 * 4
        found.append((watching.seen, state(model)))
    assert found[0] == found[1]


def test_stock_stores_the_same():
    # No greedy step, so that rounding has no say.
    options = {**SMALL, "exploration_initial_eps": 1.0, "exploration_final_eps": 1.0}
    buffers = []
    for kind in (sb3_contrib.QRDQN, QRDQN):
        model = kind(env=games(), **copy.deepcopy(options))
        model.learn(1200)
        buffers.append(model.replay_buffer)
    for name in ARRAYS:
        assert getattr(buffers[0], name).tobytes() == getattr(buffers[1], name).tobytes(), name


class Replacing(BaseCallback):
    """Puts other tensors in the place of the parameters in the middle of a rollout."""

    def _on_step(self):
        if self.n_calls == 150:
            for p in self.model.quantile_net.parameters():
                p.data = 0.5 * p.data
        return True


def test_parameters_replaced_by_a_callback_are_noticed():
    found = [state(trained(kind, callback=Replacing())) for kind in (QRDQN, InPython)]
    assert found[0] == found[1]


class Wrapped(VecEnvWrapper):
    def reset(self):
        return self.venv.reset()

    def step_wait(self):
        return self.venv.step_wait()


@pytest.mark.parametrize("what", ["wrapped", "own step", "own store"])
def test_whoever_takes_part_is_asked(what):
    asked = []
    env = Wrapped(games()) if what == "wrapped" else games()
    model = QRDQN(env=env, **copy.deepcopy(SMALL))

    def asking(function):
        def ask(*arguments, **named):
            asked.append(what)
            return function(*arguments, **named)

        return ask

    if what == "wrapped":
        env.step_wait = asking(env.step_wait)
    elif what == "own step":
        env.step = asking(env.step)
    else:
        model._store_transition = asking(model._store_transition)
    model.learn(400)
    assert model._collector is None
    assert len(asked) == 100


def test_another_environment_gets_a_collector_of_its_own():
    model = trained(QRDQN, 400)
    first = model._collector
    model.set_env(games(seed=9))
    model.learn(400)
    assert model._collector is not first
    assert copy.deepcopy(model._collector) is None


@pytest.fixture
def parts():
    env = games()
    batch = env._batch
    learner = _core.QuantileLearner(widths=[60, 8], n_actions=9, n_quantiles=5, activation="relu")
    native = _core.Collector(
        batch.engine,
        learner,
        rewards=batch.rewards,
        terminated=batch.terminated,
        truncated=batch.truncated,
    )
    return env, native


def test_what_cannot_be_is_refused(parts):
    env, native = parts
    space, actions = np.zeros((4, 60), np.float32), np.zeros(4, np.int64)
    with pytest.raises(ValueError, match="game 0 must be reset before it can step"):
        native.take(actions=actions, next_observations=space)
    env.reset()
    with pytest.raises(ValueError, match=r"actions must be in 0\.\.8"):
        native.take(actions=actions + 9, next_observations=space)
    with pytest.raises(ValueError, match="actions must hold 4 numbers, got 3"):
        native.take(actions=actions[:3].copy(), next_observations=space)
    with pytest.raises(ValueError, match="next_observations must hold 240 numbers, got 180"):
        native.take(actions=actions, next_observations=space[:3])
    with pytest.raises(TypeError):
        native.take(actions=actions, next_observations=space.astype(np.float64))
    with pytest.raises(ValueError, match="capsule of a numpy"):
        native.play(
            datetime.datetime_CAPI, epsilon=0.1, observations=space, next_observations=space
        )
    with pytest.raises(IndexError, match="no position 0"):
        native.store(
            position=0,
            observations=space,
            next_observations=space,
            actions=actions,
            rewards=np.zeros(4, np.float32),
        )
    other = _core.QuantileLearner(widths=[61, 8], n_actions=9, n_quantiles=5, activation="relu")
    batch = env._batch
    with pytest.raises(ValueError, match="observations are not the engine's"):
        _core.Collector(
            batch.engine,
            other,
            rewards=batch.rewards,
            terminated=batch.terminated,
            truncated=batch.truncated,
        )


@pytest.mark.parametrize("kept", [True, False])
def test_ends_of_episodes_are_stored_as_stock_stores_them(kept):
    options = {"replay_buffer_kwargs": {"handle_timeout_termination": kept}}
    found = []
    for kind in (StoredByStock, InPython):
        model = kind(env=games(max_episode_steps=12), **{**copy.deepcopy(SMALL), **options})
        model.learn(600)
        found.append(state(model))
        buffer = model.replay_buffer
        assert buffer.dones.sum() > 20
        assert (buffer.timeouts.sum() > 10) == kept
        after = np.roll(buffer.observations, -1, axis=0)
        last = (buffer.next_observations != after)[: buffer.pos - 1].any(axis=2)
        np.testing.assert_array_equal(last, buffer.dones[: buffer.pos - 1] != 0)
    assert found[0] == found[1]
