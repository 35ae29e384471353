"""The games that learners play: reproducible, resumable, and as QR-DQN takes them."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import torch
from stable_baselines3.common.callbacks import BaseCallback

from qwop_native import QwopEnv
from qwop_native.envs.spaces import observations
from qwop_native.sb3 import QRDQN, RelativeFeatures
from qwop_native.sb3.checkpoint import load_checkpoint, save_checkpoint
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.starts import SnapshotBuckets
from qwop_native.wrappers.relative_features import Features

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    # Not all of this has native kernels.
    pytest.mark.filterwarnings("ignore::qwop_native.sb3.SlowPathWarning"),
]

COUNT = 24


def make(seed=3, threads=1, **options):
    settings = GamesSettings(
        **{"num_envs": COUNT, "idle_frames": 1, "snapshot_chance": 0.2, "snapshot_after": 3},
        slow_frames=60,
        slow_units=5.0,
        bucket_size=2,
    )
    return SprintGames(settings, np.random.default_rng(seed), threads, **options)


def actions(steps, seed=1):
    """Held for some steps each, so that runners get away from the line; int64 (steps, games)."""
    drawn = np.random.default_rng(seed).integers(0, 9, (-(-steps // 4), COUNT))
    return np.repeat(drawn, 4, axis=0)[:steps]


def played(games, rows):
    """Everything that a learner sees of some steps, as bytes."""
    parts = []
    for row in rows:
        seen, rewards, dones, infos = games.step(row)
        last = [
            (game, {**info, "terminal_observation": info["terminal_observation"].tobytes()})
            for game, info in enumerate(infos)
            if info
        ]
        parts.append((seen.tobytes(), rewards.tobytes(), dones.tobytes(), repr(last)))
    return parts


def test_the_same_seed_plays_the_same_with_any_number_of_threads():
    runs = []
    for seed, threads in ((3, 1), (3, 2), (4, 1)):
        games = make(seed, threads)
        first = games.reset()
        runs.append([first.tobytes(), *played(games, actions(150))])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("observation", ["relative", "standard"])
def test_a_stopped_training_goes_on_bit_for_bit(observation):
    games = make(observation=observation)
    games.reset()
    played(games, actions(160))
    assert len(games.buckets) > 5
    state = pickle.dumps(games.get_state())
    seen = games.observe()
    wanted = played(games, actions(160, seed=2))
    assert sum("from_line': False" in part[3] for part in wanted) > 3  # kept games were drawn
    again = make(seed=99, observation=observation)  # another program's
    again.reset()
    again.set_state(pickle.loads(state))
    np.testing.assert_array_equal(again.observe(), seen)
    assert played(again, actions(160, seed=2)) == wanted
    # Nor does asking for the state change anything, or going on change the state.
    games.set_state(pickle.loads(state))
    np.testing.assert_equal(games.get_state(), pickle.loads(state))
    assert played(games, actions(160, seed=2)) == wanted
    assert again.time_cost == games.time_cost


def test_a_state_of_other_games_is_refused():
    games, others = make(), SprintGames(GamesSettings(num_envs=8), np.random.default_rng(1))
    said = "the state is of 8 games that are slow after 60 steps, these are 24 after 20"
    with pytest.raises(ValueError, match=said):
        games.set_state(others.get_state())
    few, many = (SnapshotBuckets(units, 2, np.random.default_rng(1)) for units in (20.0, 10.0))
    with pytest.raises(ValueError, match=r"the state is of 54 buckets .* these are 107 of 2"):
        many.set_state(few.get_state(), "glibc")


def test_standard_observations_are_the_environments_and_make_the_relative_ones():
    standard, relative = make(observation="standard"), make()
    assert standard.observation_space == QwopEnv().observation_space
    seen = standard.reset(), relative.reset()
    for row in actions(80):
        np.testing.assert_array_equal(Features()(seen[0]), seen[1])
        np.testing.assert_array_equal(seen[0], observations(standard.pool.bodies))
        assert seen[0].dtype == np.float32
        (a, *_, infos), (b, *_, others) = standard.step(row), relative.step(row)
        seen = a, b
        for info, other in zip(infos, others, strict=True):
            if info:
                last = info.pop("terminal_observation")[None]
                np.testing.assert_array_equal(
                    Features()(last)[0], other.pop("terminal_observation")
                )
                assert info == other
    with pytest.raises(ValueError, match="observation must be relative or standard, got 'rich'"):
        make(observation="rich")


def test_the_last_infos_tell_of_the_episode_that_ended():
    games = make()
    games.reset()
    totals, steps, ended = np.zeros(COUNT), np.zeros(COUNT, int), 0
    for row in actions(200):
        _, rewards, dones, infos = games.step(row)
        totals += rewards
        steps += 1
        for game in np.flatnonzero(dones):
            info = infos[game]
            assert info["episode"]["l"] == steps[game]
            assert info["episode"]["r"] == pytest.approx(totals[game], abs=1e-4)
            assert info["terminal_observation"].shape == games.observation_space.shape
            assert not info.get("TimeLimit.truncated", False)  # slow is as bad as fallen
            ended += 1
        totals[dones], steps[dones] = 0, 0
    assert ended > 20


def test_many_draws_at_once_are_distributed_as_single_ones():
    def filled():
        buckets = SnapshotBuckets(10.0, 2, np.random.default_rng(2))
        game = make(observation="standard").pool.game(0)
        for x in (100.0, 300.0, 305.0, 620.0):
            for _ in range(2):
                game.step(0)  # no two are alike
                buckets.add(x, game)
        buckets.died(np.full(500, 640.0))
        buckets.died(330.0)
        return buckets

    one, many = filled(), filled()
    singles = [one.draw() for _ in range(2000)]
    at_once = many.draw_many(2000)

    def shares(buckets, drawn):
        kept = [game for games in buckets.get_state()["games"] for game in games]
        found = [game and game.snapshot() for game in drawn]
        return np.array([found.count(game) for game in kept]) / len(drawn)

    np.testing.assert_allclose(shares(one, singles), shares(many, at_once), atol=0.05)
    assert shares(many, at_once)[-2:].min() > 0.15  # those before the place of most deaths
    assert None in at_once  # a place with nothing kept before it


def learner(games):
    return QRDQN(
        "MlpPolicy",
        games,
        buffer_size=1200,
        learning_starts=240,
        batch_size=32,
        n_steps=3,
        munchausen_alpha=0.9,
        target_update_interval=480,
        exploration_fraction=0.5,
        policy_kwargs={
            "net_arch": [16],
            "n_quantiles": 8,
            "layer_norm": True,
            "features_extractor_class": RelativeFeatures,
        },
        seed=5,
        device="cpu",
    )


class SaveOnce(BaseCallback):
    """Saves a checkpoint in the middle and goes on."""

    def __init__(self, path, at):
        super().__init__()
        self.path, self.at = path, at

    def _on_step(self):
        return True

    def _on_rollout_start(self):
        if self.model.num_timesteps == self.at:
            save_checkpoint(self.path, self.model)


@pytest.mark.parametrize("at", [960, 1440])  # before the buffer is full, and after
def test_qrdqn_learns_on_them_and_goes_on_bit_for_bit(at, tmp_path):
    path = tmp_path / "training.checkpoint"
    whole = learner(make(observation="standard"))
    whole.learn(2400, SaveOnce(path, at))
    assert whole._n_updates > 10
    assert len(whole.ep_info_buffer) > 3
    again = load_checkpoint(path, make(seed=77, observation="standard"))
    assert again.num_timesteps == at
    again.learn(2400 - at, reset_num_timesteps=False)
    assert again._n_updates == whole._n_updates
    for name, value in whole.policy.state_dict().items():
        assert torch.equal(again.policy.state_dict()[name], value), name
    assert again.env.time_cost == whole.env.time_cost
    for name in ("observations", "rewards", "dones"):
        buffers = (getattr(model.replay_buffer, name) for model in (whole, again))
        np.testing.assert_array_equal(*buffers)


def test_a_checkpoint_of_other_games_is_refused(tmp_path):
    path = tmp_path / "training.checkpoint"
    model = learner(make(observation="standard"))
    model.learn(480, SaveOnce(path, 96))
    with pytest.raises(ValueError, match=r"was on an environment with .*\(60,\).* has .*\(76,\)"):
        load_checkpoint(path, make())
