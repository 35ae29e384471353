"""Checkpoints: what goes on from one is what would have happened without it."""

import json
import os
import random
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from paths import TESTS

pytest.importorskip("sb3_contrib")

import sb3_contrib
import torch
from learner_reference import drift_envs
from sb3_contrib import RecurrentPPO
from stable_baselines3 import A2C, DQN, PPO
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.logger import configure
from stable_baselines3.common.vec_env import VecFrameStack

from qwop_native.sb3 import QRDQN, QwopVecEnv
from qwop_native.sb3.checkpoint import (
    Checkpoints,
    load_checkpoint,
    read_extra,
    resume_tensorboard,
    save_checkpoint,
)

pytestmark = pytest.mark.usefixtures("one_thread")

TOTAL = 1600
OPTIONS = {
    "policy": "MlpPolicy",
    "learning_rate": lambda left: 1e-3 * left,
    "buffer_size": 1000,
    "learning_starts": 300,
    "batch_size": 16,
    "gamma": 0.99,
    "train_freq": 3,
    "target_update_interval": 60,
    "exploration_fraction": 0.6,
    "exploration_initial_eps": 0.6,
    "seed": 8,
    "device": "cpu",
}
POLICIES = {
    QRDQN: {"net_arch": [24], "n_quantiles": 20},
    sb3_contrib.QRDQN: {"net_arch": [24], "n_quantiles": 20},
    DQN: {"net_arch": [24]},
}


def make_env(**options):
    defaults = {"max_episode_steps": 40, "frames_per_step": 4, "reduced_action_set": True}
    return QwopVecEnv(4, 1, **{**defaults, **options})


def make(kind=QRDQN, **options):
    return kind(env=make_env(), policy_kwargs=POLICIES[kind], **{**OPTIONS, **options})


class StopAt(Checkpoints):
    """Stops at a number of environment steps, as a signal would."""

    def __init__(self, path, at):
        super().__init__(path, 10**9)
        self.at = at

    def _on_rollout_start(self):
        if self.model.num_timesteps >= self.at:
            self.stop()
        super()._on_rollout_start()


def everything(model):
    """All that a further training depends on, as plain values."""
    buffer = model.replay_buffer
    arrays = [getattr(buffer, name) for name in ("observations", "next_observations", "actions")]
    arrays += [buffer.rewards, buffer.dones, buffer.timeouts]
    moments = model.policy.optimizer.state.values()
    return {
        "parameters": [p.numpy().tobytes() for p in model.policy.state_dict().values()],
        "optimizer": [[v.numpy().tobytes() for v in m.values()] for m in moments],
        "buffer": [a.tobytes() for a in arrays] + [buffer.pos, buffer.full],
        "last observation": model._last_obs.tobytes(),
        "games": model.get_env().env_method("snapshot"),
        "numpy": str(np.random.get_state()),
        "python": random.getstate(),
        "torch": torch.get_rng_state().tolist(),
        "actions": model.action_space.np_random.bit_generator.state,
        "counts": [model.num_timesteps, model._n_updates, model._n_calls, model._episode_num],
        "episodes": [(e["r"], e["l"]) for e in model.ep_info_buffer],
        "exploration": model.exploration_rate,
        "progress": model._current_progress_remaining,
        "learning rate": model.policy.optimizer.param_groups[0]["lr"],
    }


@pytest.fixture(scope="module")
def whole():
    """What uninterrupted trainings come to, by the kind of model."""
    found = {}

    def of(kind=QRDQN):
        if kind not in found:
            model = make(kind)
            model.learn(TOTAL)
            found[kind] = everything(model)
        return found[kind]

    return of


@pytest.mark.parametrize(
    ("kind", "at"),
    [(QRDQN, 1), (QRDQN, 200), (QRDQN, 777), (sb3_contrib.QRDQN, 1000), (DQN, 200), (DQN, 1000)],
)
def test_a_resumed_training_is_the_uninterrupted_one(kind, at, whole, tmp_path):
    wanted = whole(kind)
    path = tmp_path / "training.checkpoint"
    make(kind).learn(TOTAL, callback=StopAt(path, at))
    np.random.seed(0)  # nothing depends on what happens in between
    random.seed(0)
    model = load_checkpoint(path, make_env())
    assert type(model) is kind
    assert at <= model.num_timesteps < at + 12
    model.learn(TOTAL - model.num_timesteps, reset_num_timesteps=False)
    assert everything(model) == wanted


ON_POLICY = {"n_steps": 16, "device": "cpu", "seed": 4, "policy_kwargs": {"net_arch": [16]}}
MORE = {PPO: {"batch_size": 32, "n_epochs": 3}, A2C: {}, RecurrentPPO: {"n_epochs": 2}}


@pytest.mark.parametrize("kind", MORE)
def test_on_policy_models(kind, tmp_path):
    policy = "MlpLstmPolicy" if kind is RecurrentPPO else "MlpPolicy"

    def make_one():
        model = kind(policy, make_env(), **ON_POLICY, **MORE[kind])
        if kind is RecurrentPPO:
            assert model.policy.lstm_actor.hidden_size == 256
        return model

    def state(model):
        return {
            "parameters": [p.numpy().tobytes() for p in model.policy.state_dict().values()],
            "optimizer": str(model.policy.optimizer.state_dict()),
            "games": model.get_env().env_method("snapshot"),
            "last": [model._last_obs.tobytes(), model._last_episode_starts.tobytes()],
            "random": [str(np.random.get_state()), torch.get_rng_state().tolist()],
            "steps": model.num_timesteps,
        }

    one = make_one()
    one.learn(512)
    path = tmp_path / "training.checkpoint"
    make_one().learn(512, callback=StopAt(path, 200))
    torch.manual_seed(5)
    model = load_checkpoint(path, make_env())
    assert 200 <= model.num_timesteps < 264
    model.learn(512 - model.num_timesteps, reset_num_timesteps=False)
    assert state(model) == state(one)


def test_resumed_again_and_again(whole, tmp_path):
    wanted = whole()
    path = tmp_path / "training.checkpoint"
    model = make()
    for at in (150, 160, 700, 1200, 1210, 1500, TOTAL):
        model.learn(
            TOTAL - model.num_timesteps, callback=StopAt(path, at), reset_num_timesteps=False
        )
        if at < TOTAL:
            model = load_checkpoint(path, make_env())
    assert everything(model) == wanted


def test_saving_changes_nothing(whole, tmp_path):
    model = make()
    model.learn(TOTAL, callback=Checkpoints(tmp_path / "a.checkpoint", 60))
    assert everything(model) == whole()


def without_times(path):
    lines = path.read_text().splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    return [
        {k: v for k, v in row.items() if k not in ("time/fps", "time/time_elapsed")} for row in rows
    ]


def test_logs_go_on(tmp_path):
    def learn(model, folder, **options):
        model.set_logger(configure(str(tmp_path / folder), ["csv"]))
        model.learn(TOTAL - model.num_timesteps, log_interval=3, **options)
        model.logger.close()
        return without_times(tmp_path / folder / "progress.csv")

    whole = learn(make(), "whole")
    path = tmp_path / "training.checkpoint"
    first = learn(make(), "first", callback=StopAt(path, 1100))
    model = load_checkpoint(path, make_env())
    second = learn(model, "second", reset_num_timesteps=False)
    assert len(first) > 5
    assert len(second) >= 5
    assert [{k: v for k, v in row.items() if v} for row in first + second] == [
        {k: v for k, v in row.items() if v} for row in whole
    ]


def test_tensorboard_goes_on(tmp_path):
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    for steps, resumed in (((10, 20, 30), None), ((25, 35), 20)):
        if resumed is not None:
            resume_tensorboard(tmp_path, resumed)
        logger = configure(str(tmp_path), ["tensorboard"])
        for step in steps:
            logger.record("value", step)
            logger.dump(step)
        logger.close()
        time.sleep(1.1)  # the files are read in the order of the seconds in their names
    events = reader.EventAccumulator(str(tmp_path)).Reload().Scalars("value")
    assert [event.step for event in events] == [10, 20, 25, 35]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="trainings are forked")
def test_killed_again_and_again(tmp_path):
    script = TESTS / "support" / "learner_kills.py"
    command = [sys.executable, str(script), str(tmp_path), "10", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert result["killed"] >= 5
    assert all(result["equal"].values()), result
    assert [p.name for p in (tmp_path / "broken").iterdir() if p.suffix == ".part"] == []


def test_stopped_by_a_signal(whole, tmp_path):
    path = tmp_path / "training.checkpoint"

    class Signal(Checkpoints):
        def _on_step(self):
            if self.n_calls == 100:
                signal.raise_signal(signal.SIGTERM)
            return super()._on_step()

    stopper = Signal(path, 10**9)
    before = signal.signal(signal.SIGTERM, lambda *_: stopper.stop())
    try:
        make().learn(TOTAL, callback=stopper)
    finally:
        signal.signal(signal.SIGTERM, before)
    wanted = whole()
    model = load_checkpoint(path, make_env())
    assert 400 <= model.num_timesteps <= 412
    model.learn(TOTAL - model.num_timesteps, reset_num_timesteps=False)
    assert everything(model) == wanted


def test_what_is_saved_besides(tmp_path):
    path = tmp_path / "a.checkpoint"
    model = make()
    more = Checkpoints(path, 60, extra=lambda: {"best": model.num_timesteps})
    model.learn(200, callback=more)
    assert read_extra(path) == {"best": 180}
    assert load_checkpoint(path, make_env()).num_timesteps == 180


class Interrupt(BaseException):
    pass


def test_an_interrupted_save_leaves_the_one_before(tmp_path, monkeypatch):
    path = tmp_path / "a.checkpoint"
    model = make()
    model.learn(400)
    save_checkpoint(path, model)
    before = path.read_bytes()
    model.learn(400)
    (tmp_path / ".a.checkpoint.12345.part").write_bytes(b"of a program that was killed")
    with monkeypatch.context() as patched:

        def interrupted(*_):
            raise Interrupt

        patched.setattr("qwop_native.sb3._replay_archive._write", interrupted)
        with pytest.raises(Interrupt):
            save_checkpoint(path, model)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.checkpoint"]


class OtherBuffer(ReplayBuffer):
    pass


class TestRefusals:
    @pytest.fixture
    def path(self, tmp_path):
        path = tmp_path / "a.checkpoint"
        model = make()
        model.learn(400)
        save_checkpoint(path, model)
        return path

    def test_no_file(self, path):
        with pytest.raises(FileNotFoundError):
            load_checkpoint(path.with_name("b"), make_env())
        model = make()
        with pytest.raises(FileNotFoundError, match="there is no folder"):
            save_checkpoint(path.parent / "nowhere" / "a", model)

    def test_no_checkpoint(self, path, tmp_path):
        model = make()
        model.save(tmp_path / "model.zip")
        for name, content in [("empty", b""), ("text", b"a" * 500)]:
            (tmp_path / name).write_bytes(content)
        for name in ("model.zip", "empty", "text"):
            with pytest.raises(ValueError, match="is no checkpoint of this version"):
                load_checkpoint(tmp_path / name, make_env())
            with pytest.raises(ValueError, match="is no checkpoint of this version"):
                read_extra(tmp_path / name)

    def test_cut_short(self, path):
        content = path.read_bytes()
        for length in (1, 100, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:length])
            with pytest.raises(ValueError, match="is no checkpoint of this version"):
                load_checkpoint(path, make_env())

    def test_damaged_anywhere(self, path):
        content = path.read_bytes()
        chance = np.random.default_rng(0)
        wanted = everything(load_checkpoint(path, make_env()))
        refused = 0
        for at in chance.integers(0, len(content), 25):
            path.write_bytes(content[:at] + bytes([content[at] ^ 0x55]) + content[at + 1 :])
            try:
                model = load_checkpoint(path, make_env())
            except ValueError:
                refused += 1
            else:  # a file's date, for instance
                assert everything(model) == wanted
        assert refused > 18

    def test_of_another_version(self, path, monkeypatch):
        monkeypatch.setattr("qwop_native.sb3.checkpoint.FORMAT", 2)
        with pytest.raises(ValueError, match="is no checkpoint of this version"):
            load_checkpoint(path, make_env())

    def test_another_environment(self, path):
        with pytest.raises(ValueError, match=r"this one has.*'max_episode_steps': 30"):
            load_checkpoint(path, make_env(max_episode_steps=30))
        with pytest.raises(ValueError, match="was on an environment with"):
            load_checkpoint(path, make_env(frames_per_step=2))
        with pytest.raises(TypeError, match="needs a QwopVecEnv, not wrapped, got VecFrameStack"):
            load_checkpoint(path, VecFrameStack(make_env(), 2))

    def test_models_of_another_kind(self, tmp_path):
        small = {"policy_kwargs": {"net_arch": [8]}, "device": "cpu"}
        other = DQN("MlpPolicy", make_env(), replay_buffer_class=OtherBuffer, **small)
        with pytest.raises(TypeError, match="SB3's ReplayBuffer, DQN has OtherBuffer"):
            save_checkpoint(tmp_path / "a", other)
        with pytest.raises(TypeError, match=r"needs a QwopVecEnv.*got DummyVecEnv"):
            save_checkpoint(tmp_path / "a", DQN("MlpPolicy", drift_envs(2), **small))
        with pytest.raises(ValueError, match="every must be 1 or more, got 0"):
            Checkpoints(tmp_path / "a", 0)
        assert list(tmp_path.iterdir()) == []


class Count(BaseCallback):
    def _on_step(self):
        return True


def test_callbacks_are_told_as_ever(tmp_path):
    path = tmp_path / "a.checkpoint"
    make().learn(400, callback=Checkpoints(path, 100))
    model = load_checkpoint(path, make_env())
    count = Count()
    model.learn(400 - model.num_timesteps, callback=count, reset_num_timesteps=False)
    assert count.num_timesteps == model.num_timesteps >= 400
