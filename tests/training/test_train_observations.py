"""Runs whose policies see more than the 60 numbers, or start elsewhere: from files of settings."""

import json

import numpy as np
import pytest

from qwop_native import Game, QwopEnv
from qwop_native.cli import main as cli
from qwop_native.cli.collect import main as collect_main
from qwop_native.cli.train import main
from qwop_native.models.evaluate import evaluate
from qwop_native.models.load import load_policy
from qwop_native.models.policy import chooser
from qwop_native.models.starts import make_starts
from qwop_native.recording import env_start, load_recording
from qwop_native.recording.stage import NativeStage, run_policy
from qwop_native.sb3 import QwopVecEnv
from qwop_native.training import config
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.callbacks import EpisodeStatistics
from qwop_native.training.environments import make_vec_env
from qwop_native.training.imitation.demonstrations import Demonstrations
from qwop_native.training.runner import Run
from qwop_native.wrappers import RichObservation, SnapshotPool
from qwop_native.wrappers.rich_columns import columns_of

COLUMNS = ["contacts", "turn_rates", "previous_keys"]
ENV = {"frames_per_step": 3, "action_set": "essential"}
RICH = {"module": "qwop_native.sb3", "cls": "RichVecObservation", "kwargs": {"columns": COLUMNS}}
SMALL = {
    "total_timesteps": 64,
    "n_envs": 2,
    "max_episode_steps": 40,
    "env": ENV,
    "seed": 5,
    "n_checkpoints": 1,
    "n_evaluations": 1,
    "evaluation_episodes": 2,
    "log_tensorboard": False,
    "progress_bar": False,
    "learner": {"n_steps": 8, "net_arch": [8]},
}


def settings(tmp_path, *wrappers, **other):
    given = {**SMALL, "env_wrappers": list(wrappers), "out_dir": f"{tmp_path}/run", **other}
    return config.parse(given, get_algorithm("a2c"))


@pytest.fixture
def trained(tmp_path):
    """Folder of a run with rich columns."""
    run = Run(get_algorithm("a2c"), settings(tmp_path, RICH))
    assert run.execute() == 0
    return run.folder


def played_in_the_environment(model, steps):
    """Masks that a model holds in a wrapped `QwopEnv`."""
    env = RichObservation(QwopEnv(**ENV), COLUMNS)
    observation, _ = env.reset(seed=0)
    masks, over = [], False
    while not over and len(masks) < steps:
        action = int(model.predict(observation, deterministic=True)[0])
        masks.append(env.unwrapped.action_keys[action])
        observation, _, over, _, _ = env.step(action)
    return masks


def test_a_model_is_evaluated_on_what_it_was_trained_on(trained):
    model = get_algorithm("a2c").model_class().load(trained / "model.zip")
    (episode,) = evaluate(
        chooser(model, COLUMNS, 3), ENV, make_starts("fixed", 1, 3), 40, finish="torso"
    )
    expected = played_in_the_environment(model, 40)
    assert episode.keys.tolist() == np.repeat(expected, 3).tolist()
    results = json.loads((trained / "evaluation.json").read_text())
    assert results["trained"]["episodes"][0]["frames"] == episode.frames


def test_commands_take_columns_steps_and_actions_from_the_folder(trained, capsys):
    for path in (trained / "checkpoints" / "model_64.zip", trained / "model.zip"):
        model = get_algorithm("a2c").model_class().load(path)
        expected = np.repeat(played_in_the_environment(model, 20), 3).tolist()
        player = load_policy(str(path))
        assert (player.grid.frames_per_step, player.grid.action_set) == (3, "essential")
        for _ in range(2):  # the second run has nothing of the first
            run, rows = run_policy(NativeStage(), env_start(3), player, 60)
            assert run.keys.tolist() == expected
        assert len(player.values(rows[0], 0, True)[1]) == 9
    out = trained / "evaluated"
    command = ["evaluate", str(trained / "model.zip"), "--starts", "fixed", "--episodes", "1"]
    command += ["--finish", "torso"]  # the environment's episodes, whole steps
    assert cli.main([*command, "--max-steps", "20", "--out", str(out)]) == 0
    (recording,) = out.glob("best-*")
    assert load_recording(recording).keys.tolist() == expected
    assert cli.main([*command, "--max-steps", "20", "--weights-only"]) == 0
    demos = trained / "demos.npz"
    command = ["a2c", str(trained / "model.zip"), "-o", str(demos), "--episodes", "1"]
    assert collect_main([*command, "--max-episode-steps", "20", "--min-distance", "-10"]) == 0
    assert Demonstrations.load(demos).observations.shape == (20, 60 + 7 + 12 + 4)


def test_a_foreign_model_alone_does_not_tell_its_columns(trained, tmp_path, capsys):
    lonely = tmp_path / "elsewhere" / "deep" / "model.zip"
    lonely.parent.mkdir(parents=True)
    get_algorithm("a2c").model_class().load(trained / "model.zip").save(lonely)
    with pytest.raises(ValueError, match=r"sees 83 numbers, the environment shows 60.* says which"):
        load_policy(str(lonely))
    assert cli.main(["evaluate", str(lonely), "--action-set", "essential"]) == 2
    assert "sees 83 numbers, the environment shows 60" in capsys.readouterr().err


def test_observations_that_evaluations_do_not_know_are_refused(tmp_path, capsys):
    for wrapper in (
        {"module": "stable_baselines3.common.vec_env", "cls": "VecNormalize"},
        {
            "module": "stable_baselines3.common.vec_env",
            "cls": "VecFrameStack",
            "kwargs": {"n_stack": 2},
        },
    ):
        with pytest.raises(ValueError, match="RichVecObservation is the only one"):
            make_vec_env(settings(tmp_path, wrapper))
    assert columns_of([{"cls": "RichObservation"}])[:2] == ("local_x", "contacts")
    assert columns_of([{"cls": "ShapedVecReward"}]) == ()


HOP = [6, 7, 3, 6, 2, 1, 1, 1, 5, 3, 1, 6, 2, 6, 3, 3, 8, 5, 1, 7, 3, 0, 3, 4, 6, 6, 7, 7]


@pytest.fixture
def recorded(tmp_path):
    """File of a run of two meters that does not fall."""
    from qwop_native.envs.spaces import ACTION_SETS
    from qwop_native.recording import make_recording

    masks = np.repeat(np.array(ACTION_SETS["essential"], np.uint8)[HOP], 4)
    path = tmp_path / "hop.qwop"
    make_recording(masks).save(path)
    return path


def starts(pool, **kwargs):
    return {
        "module": "qwop_native.sb3",
        "cls": "SnapshotStarts",
        "kwargs": {"pool": pool, "probability": 0.5, **kwargs},
    }


def test_starts_from_files_in_settings(tmp_path, recorded):
    pool = SnapshotPool.read([str(recorded)])
    assert [int(moment.distance) for moment in pool.moments] == [1, 2][: len(pool)]
    pool.save(tmp_path / "pool.npz")
    for name in (str(tmp_path / "*.qwop"), [str(tmp_path / "pool.npz"), str(recorded)]):
        venv = make_vec_env(settings(tmp_path, starts(name, seed=1)))
        assert {moment.frames for moment in venv.pool.moments} == {m.frames for m in pool.moments}
    run = Run(get_algorithm("a2c"), settings(tmp_path, starts(str(recorded)), RICH))
    assert run.execute() == 0


def test_a_run_with_starts_from_files_is_repeated_by_its_seed(tmp_path, recorded):
    ends = []
    for number in range(2):
        given = settings(tmp_path, starts(str(recorded)), out_dir=f"{tmp_path}/{number}")
        run = Run(get_algorithm("a2c"), given)
        run.execute()
        ends.append([p.detach().numpy().tobytes() for p in run.model.policy.parameters()])
    assert ends[0] == ends[1]


def test_files_of_starts_that_cannot_be_read_are_named(tmp_path, recorded, capsys):
    with pytest.raises(FileNotFoundError, match=r"no file of snapshots or recording none\.qwop"):
        SnapshotPool.read(["none.qwop"])
    other = SnapshotPool([], "fdlibm")
    other.save(tmp_path / "other.npz")
    with pytest.raises(ValueError, match="different sincos: fdlibm, glibc"):
        SnapshotPool.read([str(recorded), str(tmp_path / "other.npz")])
    path = tmp_path / "run.yml"
    path.write_text(f"env_wrappers: [{json.dumps(starts('none.npz'))}]\nout_dir: {tmp_path}/no\n")
    assert main(["a2c", "-c", str(path)]) == 2
    assert "there is no file of snapshots or recording none.npz" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()


def test_curves_leave_out_episodes_that_began_elsewhere():
    def take(*infos):
        statistics = EpisodeStatistics()
        statistics.locals = {"dones": np.ones(1, np.bool_), "infos": infos}
        statistics.model = type("M", (), {"logger": type("L", (), {"record": print})()})()
        statistics._on_step()
        return statistics.best_distance

    info = {"episode": {}, "time": 1, "avgspeed": 1, "is_success": False, "frames": 9}
    assert take({**info, "distance": 3.0}, {**info, "distance": 90.0, "start_distance": 80}) == 3
    assert take({**info, "distance": 5.0, "start_distance": 0.0}) == 5


def test_games_of_starts_are_the_batch_engines(tmp_path, recorded):
    venv = make_vec_env(settings(tmp_path, starts(str(recorded))))
    assert isinstance(venv.unwrapped, QwopVecEnv)
    assert isinstance(venv.unwrapped.game(0), Game)
