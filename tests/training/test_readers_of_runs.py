"""Settings, models and checkpoints, fed with damage: read, or refused as documented, and soon."""

import io
import zipfile

import pytest
import yaml
from damage import assert_read_or_refused, damaged, damaged_zip
from hypothesis import given, settings
from hypothesis import strategies as st
from stable_baselines3 import PPO

from qwop_native.models.metadata import settings_beside
from qwop_native.models.weights import algorithm_of, load_weights_only, read_weights
from qwop_native.sb3 import QRDQN, QwopVecEnv
from qwop_native.sb3.checkpoint import load_checkpoint, save_checkpoint
from qwop_native.training import config
from qwop_native.training.algorithms import CONFIGS, get_algorithm

NAMES = sorted(path.stem for path in CONFIGS.glob("*.yml"))
METADATA = yaml.safe_dump(
    {"action": "train_qrdqn", "env": {"frames_per_step": 4, "action_set": "essential"}}
).encode()


def configuration(name):
    kind = {"qrdqn_quick": "qrdqn"}.get(name, name)
    return kind if kind in {"bc", "dqn", "ppo", "qrdqn"} else "ppo"


@given(st.data())
def test_settings(tmp_path_factory, data):
    name = data.draw(st.sampled_from(NAMES))
    path = tmp_path_factory.mktemp("settings") / "a.yml"
    path.write_bytes(data.draw(damaged((CONFIGS / f"{name}.yml").read_bytes())))
    algorithm = get_algorithm(configuration(name))
    # A file may come to include what is not there, or a folder.
    refused = (ValueError, FileNotFoundError)
    assert_read_or_refused(lambda: config.load(path, (), algorithm), *refused)


@given(damaged(b"learner.batch_size=[64, 1e3]"))
def test_overrides(override):
    text = override.decode("utf-8", "surrogateescape")
    algorithm = get_algorithm("ppo")
    assert_read_or_refused(lambda: config.parse({}, algorithm, [text]), ValueError)


@given(damaged(METADATA))
def test_metadata(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("run")
    (folder / "metadata.yml").write_bytes(data)
    assert_read_or_refused(lambda: settings_beside(folder / "model.zip"), ValueError)


def small():
    return QwopVecEnv(2, 1, frames_per_step=4, max_episode_steps=20, seed=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.zip"
    PPO("MlpPolicy", small(), policy_kwargs={"net_arch": [8]}, n_steps=8, batch_size=8).save(path)
    return path


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "checkpoint.zip"
    made = QRDQN(
        "MlpPolicy",
        small(),
        policy_kwargs={"net_arch": [8], "n_quantiles": 4},
        buffer_size=64,
        learning_starts=8,
        batch_size=8,
    )
    made.learn(32)
    save_checkpoint(path, made)
    return path


@given(data=st.data())
def test_models(model, data):
    path = model.with_name("damaged.zip")
    path.write_bytes(data.draw(damaged_zip(model.read_bytes())))
    for read in (algorithm_of, read_weights, load_weights_only):
        assert_read_or_refused(lambda read=read: read(path), ValueError)


@given(data=st.data())
@settings(max_examples=50)
def test_checkpoints(checkpoint, data):
    # The bytes as a disk damages them: a checkpoint is a pickle, and one that a stranger has
    # written may do anything.
    path = checkpoint.with_name("damaged.zip")
    path.write_bytes(data.draw(damaged(checkpoint.read_bytes())))
    env = small()
    assert_read_or_refused(lambda: load_checkpoint(path, env), ValueError)


def test_a_zip_of_other_things(tmp_path):
    path = tmp_path / "other.zip"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("data", "[]")
        archive.writestr("policy.pth", b"not torch's")
    path.write_bytes(made.getvalue())
    for read in (algorithm_of, read_weights, load_weights_only):
        with pytest.raises(ValueError, match=r"other\.zip"):
            read(path)
    with pytest.raises(ValueError, match=r"other\.zip"):
        load_checkpoint(path, small())
