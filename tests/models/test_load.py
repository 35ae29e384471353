"""Models that know their own games, wherever their files lie, and files that are no such models."""

import base64
import io
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import gymnasium as gym
import numpy as np
import pytest
import stable_baselines3

from qwop_native import QwopEnv, load_policy
from qwop_native.champion import POLICY
from qwop_native.cli.collect import main as collect
from qwop_native.cli.main import main
from qwop_native.models.load import find_model
from qwop_native.models.metadata import ENTRY, read_settings
from qwop_native.models.save import save_model
from qwop_native.models.settings import ModelSettings
from qwop_native.recording import load_recording
from qwop_native.sb3 import PPO, QwopVecEnv, RichVecObservation

OWN = {"frames_per_step": 3, "action_set": "essential", "sincos": "fdlibm"}
SMALL = {"policy_kwargs": {"net_arch": [8]}, "seed": 3, "device": "cpu"}


def native_model(columns=(), **changes):
    venv = QwopVecEnv(2, 1, **{**OWN, **changes})
    if columns:
        venv = RichVecObservation(venv, columns)
    return PPO("MlpPolicy", venv, n_steps=8, batch_size=8, **SMALL)


def foreign_model(env=None):
    env = env or QwopEnv(**OWN)
    return stable_baselines3.PPO("MlpPolicy", env, n_steps=8, batch_size=8, **SMALL)


@pytest.fixture
def own(tmp_path):
    """A zip of this project's, copied away from everything around it."""
    native_model().save(tmp_path / "made.zip")
    path = tmp_path / "elsewhere" / "deep" / "copy.zip"
    path.parent.mkdir(parents=True)
    shutil.copy(tmp_path / "made.zip", path)
    return path


@pytest.fixture
def foreign(tmp_path):
    path = tmp_path / "foreign" / "deep" / "model.zip"
    path.parent.mkdir(parents=True)
    foreign_model().save(path)
    return path


def test_a_zip_tells_its_games_and_stock_sb3_loads_it(own):
    told = read_settings(own)
    assert told.env == {**OWN, "t_for_terminate": False}
    model = stable_baselines3.PPO.load(own, device="cpu")
    assert model.observation_space.shape == (60,)
    again = io.BytesIO()
    model.save(again)
    assert ENTRY not in zipfile.ZipFile(again).namelist()  # it knows nothing of the entry


def test_wrappers_and_columns_are_told(tmp_path):
    path = tmp_path / "rich.zip"
    native_model(("contacts", "turn_rates")).save(path)
    told = read_settings(path)
    assert told.columns == ("contacts", "turn_rates")
    assert [each["cls"] for each in told.wrappers] == ["RichVecObservation"]
    assert load_policy(path).settings.columns == told.columns


@pytest.mark.parametrize("command", ["spectate", "race", "record", "evaluate"])
def test_commands_play_it_with_its_own_settings(command, own, tmp_path, capsys):
    out = tmp_path / "out"
    short = {
        "spectate": ["--quiet", "--max-frames", "60", "--out", str(out)],
        "race": ["--table", "--max-frames", "60"],
        "record": ["--stochastic", "--episodes", "1", "--min-distance", "-10", "--out", str(out)],
        "evaluate": ["--episodes", "2", "--max-steps", "20", "--out", str(out)],
    }
    assert main([command, str(own), *short[command]]) == 0
    assert "note:" not in capsys.readouterr().err
    if command != "race":
        run = load_recording(sorted(out.glob("*.qwop"))[0])
        assert run.sincos == "fdlibm"
        if command != "evaluate":
            assert (run.grid.frames_per_step, run.grid.action_set) == (3, "essential")


def test_collect_and_search_play_it_with_its_own_settings(own, tmp_path, capsys):
    demos = tmp_path / "demos.npz"
    limits = ["--episodes", "1", "--max-episode-steps", "20", "--min-distance", "-10"]
    assert collect(["ppo", str(own), "-o", str(demos), *limits]) == 0
    with np.load(demos) as arrays:
        assert json.loads(str(arrays["about"]))["env"] == OWN
    small = ["--minutes", "0.0001", "--rounds", "0", "--groups", "1", "--width", "4"]
    assert main(["search", str(tmp_path / "found"), "--model", str(own), *small]) == 1
    assert "note:" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["spectate", "evaluate"])
def test_what_is_guessed_is_said_with_its_flag(command, foreign, capsys):
    short = {"spectate": ["--quiet", "--max-frames", "20"], "evaluate": ["--max-steps", "5"]}
    assert main([command, str(foreign), *short[command]]) == 0
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 2
    assert "frames per step of model.zip; taking 4 (--frames-per-step)" in said[0]
    assert "taking reduced (--action-set" in said[1]
    flags = ["--frames-per-step", "3", "--action-set", "essential"]
    assert main([command, str(foreign), *short[command], *flags]) == 0
    assert capsys.readouterr().err == ""


def test_in_python_a_guess_is_a_warning(foreign):
    with pytest.warns(UserWarning, match="nothing tells") as warned:
        policy = load_policy(foreign)
    assert (policy.frames_per_step, policy.settings.action_set) == (4, "reduced")
    assert ["--frames-per-step" in str(each.message) for each in warned] == [True, False]


def test_metadata_beside_a_foreign_model_is_read(foreign):
    beside = foreign.parent.parent / "metadata.yml"
    beside.write_text("env: {frames_per_step: 2, reduced_action_set: false, action_set: essential}")
    policy = load_policy(foreign)
    assert (policy.frames_per_step, policy.settings.action_set) == (2, "essential")


def test_folders_and_the_short_name(own, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_model("champion") == POLICY
    assert load_policy("champion").frames_per_step == 1
    run = tmp_path / "run"
    run.mkdir()
    shutil.copy(own, run / "model.zip")
    assert find_model(run) == run / "model.zip"
    shutil.copy(own, run / "best_model.zip")
    assert find_model(run) == run / "best_model.zip"
    assert load_policy(run).frames_per_step == 3


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.zip", "there is no model nowhere.zip"),
        ("empty", "the folder empty holds no model of a run"),
        ("damaged.zip", "is not a model of Stable-Baselines3, or it is damaged"),
        ("cut.zip", "is not a model of Stable-Baselines3, or it is damaged"),
        ("pole.zip", "pole.zip sees 4 numbers, the environment shows 60: it is a model of another"),
        ("actions.zip", "was trained with other actions: it has 5"),
        ("version.zip", "has format 99"),
        ("entry.zip", f"the {ENTRY} in entry.zip is damaged"),
    ],
)
@pytest.mark.parametrize("command", ["spectate", "race", "record", "evaluate", "search"])
def test_what_is_no_model_is_one_sentence(
    command, name, message, own, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    if name == "damaged.zip":
        Path(name).write_bytes(b"PK\x03\x04 and no more")
    elif name == "cut.zip":
        Path(name).write_bytes(own.read_bytes()[:-900])
    elif name == "pole.zip":
        foreign_model(gym.make("CartPole-v1")).save(name)
    elif name == "actions.zip":
        space = gym.spaces.Discrete(5)
        env = gym.wrappers.TransformAction(QwopEnv(), lambda action: action, space)
        foreign_model(env).save(name)
    elif name in ("version.zip", "entry.zip"):
        foreign_model().save(name)
        with zipfile.ZipFile(name, "a") as archive:
            archive.writestr(ENTRY, '{"format": 99}' if name == "version.zip" else "{")
    told = {"search": ["search", "found", "--model", name]}.get(command, [command, name])
    assert main(told) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if "note:" not in line]
    assert len(errors) == 1
    assert message in errors[0]
    assert not Path("found").exists()


def test_saved_models_hold_no_names_of_one_version(tmp_path):
    model = foreign_model()
    save_model(model, tmp_path / "model.zip", ModelSettings(OWN))
    for path in (tmp_path / "model.zip", POLICY):
        with zipfile.ZipFile(path) as archive:
            data = json.loads(archive.read("data"))
        entries = [each for each in data.values() if isinstance(each, dict)]
        pickles = [each[":serialized:"] for each in entries if ":serialized:" in each]
        text = b"".join(base64.b64decode(each) for each in pickles)
        assert b"numpy" not in text
        assert b"FloatSchedule" not in text
        assert data["clip_range"] == 0.2
    again = stable_baselines3.PPO.load(tmp_path / "model.zip", env=model.get_env(), device="cpu")
    assert again.observation_space == model.observation_space
    assert again.action_space == model.action_space
    assert again.clip_range(0.5) == 0.2
    again.learn(8)


def other_version(path, content):
    """A model whose spaces were pickled with modules that are not here."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(content, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == "data":
                saved = json.loads(data)
                foreign = b"\x80\x04\x8c\x14numpy.of_the_future_\x8c\x05thing\x93."
                saved["observation_space"][":serialized:"] = base64.b64encode(foreign).decode()
                data = json.dumps(saved)
            new.writestr(name, data)


def test_a_model_of_other_versions_names_the_way_out(own, tmp_path, capsys):
    path = tmp_path / "future.zip"
    other_version(own, path)
    assert main(["evaluate", str(path), "--max-steps", "5"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--weights-only" in said
    assert f"saved by Stable-Baselines3 {stable_baselines3.__version__}, Numpy" in said
    for command in (
        ["evaluate", str(path), "--max-steps", "5"],
        ["spectate", str(path), "--quiet", "--max-frames", "20"],
        ["search", str(tmp_path / "found"), "--model", str(path), "--minutes", "0.0001"],
    ):
        assert main([*command, "--weights-only"]) in (0, 1)


def test_the_champions_weights_alone_act_as_it_does():
    seen = np.random.default_rng(0).uniform(-1, 1, (64, 60)).astype(np.float32)
    held = np.zeros(64, np.uint8)
    whole, weights = load_policy("champion"), load_policy("champion", weights_only=True)
    assert whole.chooser()(seen, held).tolist() == weights.chooser()(seen, held).tolist()


def test_the_package_needs_no_torch_until_it_loads_a_model():
    program = (
        "import sys\n"
        "for name in ('torch', 'stable_baselines3', 'sb3_contrib'): sys.modules[name] = None\n"
        "import qwop_native\n"
        "try: qwop_native.load_policy('champion')\n"
        "except ImportError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert "models need the extra train: pip install 'qwop-native[train]'" in done.stdout
