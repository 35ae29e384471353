"""Games that play recorded runs beside a learner's own."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

from qwop_native import Game
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.models.starts import random_masks
from qwop_native.recording import load_recording, make_recording
from qwop_native.training import algorithms, config
from qwop_native.training.algorithms.value import DemonstratedQRDQN
from qwop_native.training.runner import INTERRUPTED, Run
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.recorded_runs import load_runs
from qwop_native.wrappers.rich_columns import key_masks

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore::qwop_native.sb3.SlowPathWarning"),
]

MASKS = key_masks(ACTION_SETS["essential"]).astype(np.uint8)
ALGORITHM = algorithms.get_algorithm("qrdqn")
RECORD = algorithms.CONFIGS / "qrdqn_record.yml"


def keys_of(actions, frames_per_step=2):
    return np.repeat(MASKS[actions], frames_per_step)


def end_of(keys):
    """Frames until a game that is played by these keys has ended."""
    game = Game()
    game.start()
    game.reset()
    for frame, mask in enumerate(keys.tolist(), start=1):
        game.step(mask)
        if game.game_ended:
            return frame
    raise AssertionError("these keys leave the runner on his feet")


@pytest.fixture
def folder(tmp_path):
    """Two runs, one of them after five frames of other keys."""
    rng = np.random.default_rng(8)
    folder = tmp_path / "runs"
    folder.mkdir()
    for name, before in (("a", 0), ("b", 5)):
        actions = np.repeat(rng.integers(0, 9, 30), 3)
        keys = np.concatenate([random_masks(rng, before, 3), keys_of(actions)])
        make_recording(keys[: end_of(keys)]).save(folder / f"{name}.qwop")
    return folder


def settings_of(folder, **more):
    return GamesSettings(
        num_envs=8, frames_per_step=2, demonstrations=str(folder), demonstration_games=3, **more
    )


def test_a_recording_is_read_in_steps(folder):
    plain, pushed = load_runs(str(folder), "glibc", 2)
    recording = load_recording(folder / "a.qwop")
    played = keys_of(list(plain.actions))[: len(recording.keys)]
    np.testing.assert_array_equal(played, recording.keys)
    # Whatever odd keys there are in front, the steps end where the run ends.
    keys = load_recording(folder / "b.qwop").keys
    steps = np.pad(keys_of(list(pushed.actions)), (0, 6))
    assert any((steps[: len(keys) - begin] == keys[begin:]).all() for begin in range(6))
    game = Game()
    recording.prepare(game)
    assert plain.games[0].state_hash() == game.state_hash()
    for mask in recording.keys[:80].tolist():
        game.step(mask)
    assert plain.games[1].state_hash() == game.state_hash()


def test_the_last_step_may_be_cut_short(tmp_path):
    rng = np.random.default_rng(3)
    for _ in range(20):
        keys = keys_of(np.repeat(rng.integers(0, 9, 30), 3))
        if end_of(keys) % 2:
            break
    make_recording(keys[: end_of(keys)]).save(tmp_path / "short.qwop")
    (run,) = load_runs(str(tmp_path / "short.qwop"), "glibc", 2)
    assert len(run.actions) == end_of(keys) // 2 + 1


def test_the_first_games_play_the_runs_to_their_ends_and_begin_again(folder):
    games = SprintGames(settings_of(folder), np.random.default_rng(1), observation="standard")
    runs = load_runs(str(folder), "glibc", 2)
    places = {game.state_hash() for run in runs for game in run.games}
    games.reset()
    ends = 0
    for _ in range(150):
        actions = np.zeros(8, np.int64)
        actions[:3] = games.demonstrated()
        seen, _, dones, infos = games.step(actions)
        np.testing.assert_array_equal(seen, observations(games.pool.bodies))
        for row in np.flatnonzero(dones[:3]):
            ends += 1
            assert games.pool.game(int(row)).state_hash() in places
            assert infos[row]["episode"]["l"] <= 90
            assert not infos[row]["from_line"]
    assert ends > 5


def test_other_actions_are_refused(folder):
    games = SprintGames(settings_of(folder), np.random.default_rng(1))
    games.reset()
    wrong = np.zeros(8, np.int64)
    wrong[:3] = (games.demonstrated() + 1) % 9
    before = games.observe()
    with pytest.raises(ValueError, match="the first 3 games play demonstrations"):
        games.step(wrong)
    np.testing.assert_array_equal(games.observe(), before)


def test_where_they_stand_is_part_of_the_state(folder):
    def on(games, steps):
        parts = []
        for _ in range(steps):
            actions = np.zeros(8, np.int64)
            actions[:3] = games.demonstrated()
            seen, rewards, _, _ = games.step(actions)
            parts.append(seen.tobytes() + rewards.tobytes())
        return parts

    games = SprintGames(settings_of(folder), np.random.default_rng(1))
    games.reset()
    on(games, 60)
    state = pickle.dumps(games.get_state())
    wanted = on(games, 60)
    again = SprintGames(settings_of(folder), np.random.default_rng(9))
    again.reset()
    again.set_state(pickle.loads(state))
    assert on(again, 60) == wanted


def run_of(tmp_path, folder, name):
    words = [
        *(f"games.{word}" for word in ("num_envs=16", "demonstration_games=3")),
        *(f"learner.{word}" for word in ("buffer_size=1024", "learning_starts=64")),
        *(f"learner.{word}" for word in ("batch_size=32", "transitions_per_update=16")),
        *(f"learner.{word}" for word in ("net_arch=[16]", "n_quantiles=4")),
        "learner.target_update_interval=64",
        *("total_timesteps=960", "seed=5", "n_evaluations=2", "n_checkpoints=2"),
        *("evaluation_starts=idle", "evaluation_episodes=2", "max_episode_steps=30"),
        f"games.demonstrations={folder}",
        f"out_dir={tmp_path / name}",
    ]
    return Run(ALGORITHM, config.load(RECORD, words, ALGORITHM))


def test_a_run_learns_from_what_they_do_and_goes_on_to_the_same_bits(tmp_path, folder):
    whole = run_of(tmp_path, folder, "whole")
    assert type(whole.model) is DemonstratedQRDQN
    assert whole.execute() == 0
    buffer = whole.model.replay_buffer
    assert (buffer.actions[: buffer.pos, 3:] != buffer.actions[: buffer.pos, :1]).any()
    stopped = run_of(tmp_path, folder, "stopped")
    stopped.after_save = lambda: setattr(stopped._stop, "requested", True)
    assert stopped.execute() == INTERRUPTED
    resumed = Run.resume(stopped.folder)
    assert resumed.execute() == 0
    for name, value in whole.model.policy.state_dict().items():
        assert (value == resumed.model.policy.state_dict()[name]).all(), name


def test_bad_demonstrations_are_refused_in_a_sentence(tmp_path, folder):
    with pytest.raises(FileNotFoundError, match="there is no recording"):
        load_runs(str(tmp_path / "nothing"), "glibc", 2)
    with pytest.raises(ValueError, match="is a run in glibc, these games are in fdlibm"):
        load_runs(str(folder), "fdlibm", 2)
    short = tmp_path / "short.qwop"
    make_recording(keys_of([1, 2, 3])).save(short)
    with pytest.raises(ValueError, match="stops before the game has ended"):
        load_runs(str(short), "glibc", 2)
    odd = tmp_path / "odd.qwop"
    make_recording(np.array([15, 15], np.uint8)).save(odd)
    with pytest.raises(ValueError, match="are not steps of 2 frames with actions of the essential"):
        load_runs(str(odd), "glibc", 2)
    with pytest.raises(ValueError, match=r"must be less than games\.num_envs, 8, got 8"):
        GamesSettings(num_envs=8, demonstrations=str(folder), demonstration_games=8)
