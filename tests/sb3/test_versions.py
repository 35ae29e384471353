"""Files written with other versions of Python, NumPy or SB3: one sentence with the way out."""

import base64
import io
import json
import pickle
import zipfile

import pytest

pytest.importorskip("sb3_contrib")

from stable_baselines3.common.utils import FloatSchedule

from qwop_native.sb3 import PPO, QwopVecEnv, versions
from qwop_native.sb3.checkpoint import load_checkpoint, read_extra, save_checkpoint

SMALL = {"n_steps": 8, "batch_size": 8, "device": "cpu", "policy_kwargs": {"net_arch": [8]}}
OLDER = {"python": "3.8.1", "numpy": "1.26.4", "stable-baselines3": "2.4.0"}


class OfAnotherPython:
    """What a function pickled by another Python is here: a TypeError while it is read."""

    def __reduce__(self):
        return int, ([],)


def make_env():
    return QwopVecEnv(2, 1, max_episode_steps=30, frames_per_step=4)


@pytest.fixture
def model():
    return PPO("MlpPolicy", make_env(), **SMALL).learn(64)


def rewritten(path, change):
    """Writes a zip anew, entries changed by name; None leaves one out."""
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (entries | change(entries)).items():
            if content is not None:
                archive.writestr(name, content)


def with_a_foreign_schedule(data):
    saved = json.loads(data)
    saved["lr_schedule"] = {
        ":type:": "<class 'function'>",
        ":serialized:": base64.b64encode(pickle.dumps(OfAnotherPython())).decode(),
    }
    return json.dumps(saved)


def test_a_checkpoint_knows_what_it_was_written_with(model, tmp_path):
    save_checkpoint(tmp_path / "a", model)
    with zipfile.ZipFile(tmp_path / "a") as archive:
        found = json.loads(archive.read("versions.json"))
    assert found == versions.installed()
    assert {"python", "numpy", "torch", "stable-baselines3", "sb3-contrib"} <= set(found)


@pytest.mark.parametrize("told", [True, False])
def test_a_checkpoint_of_another_numpy(model, tmp_path, told):
    path = tmp_path / "a"
    save_checkpoint(path, model)

    def change(entries):
        state = entries["state.pkl"].replace(b"numpy._core", b"numpy._cora")
        assert state != entries["state.pkl"]
        return {"state.pkl": state, "versions.json": json.dumps(OLDER) if told else None}

    rewritten(path, change)
    for read in (lambda: load_checkpoint(path, make_env()), lambda: read_extra(path)):
        with pytest.raises(ValueError, match="cannot be read here") as caught:
            read()
        sentence = str(caught.value)
        assert "No module named 'numpy._cora'" in sentence
        assert ("numpy 1.26.4" in sentence) is told
        assert ("other versions" in sentence) is not told
        assert sentence.endswith("or begin a training from its last model")
        assert "\n" not in sentence


def test_a_checkpoint_of_another_python(model, tmp_path):
    path = tmp_path / "a"
    save_checkpoint(path, model)

    def change(entries):
        inner = tmp_path / "inner.zip"
        inner.write_bytes(entries["model.zip"])
        rewritten(inner, lambda e: {"data": with_a_foreign_schedule(e["data"])})
        return {"model.zip": inner.read_bytes(), "versions.json": json.dumps(OLDER)}

    rewritten(path, change)
    with pytest.raises(ValueError, match=r"deserialize object lr_schedule.*python 3\.8\.1"):
        load_checkpoint(path, make_env())


def test_without_versions_a_checkpoint_still_loads(model, tmp_path):
    path = tmp_path / "a"
    save_checkpoint(path, model)
    rewritten(path, lambda _: {"versions.json": None})
    assert load_checkpoint(path, make_env()).num_timesteps == 64


def test_versions_of_a_zip(model, tmp_path):
    model.save(tmp_path / "model.zip")
    found = versions.of_zip(tmp_path / "model.zip")
    here = versions.installed()
    assert {name: here[name] for name in found} == found
    assert {"python", "numpy", "torch", "stable-baselines3"} == set(found)
    assert versions.of_zip(tmp_path / "none.zip") == {}
    (tmp_path / "no.zip").write_bytes(b"PK")
    assert versions.of_zip(tmp_path / "no.zip") == {}


def test_what_is_of_these_versions_and_still_fails():
    with (
        pytest.raises(ValueError, match=r"code that it refers to has changed since; do without$"),
        versions.readable("a", versions.installed(), "do without"),
    ):
        pickle.load(io.BytesIO(b"cnowhere\nthing\n."))


def test_schedules_by_number_are_read_by_name():
    """So that zips load whatever Python wrote them: no code is pickled."""
    assert b"CodeType" not in pickle.dumps(FloatSchedule(1e-3))
