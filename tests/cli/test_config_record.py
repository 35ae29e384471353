"""qwop-gym's YAML files, and models whose episodes are recorded."""

import pytest

from qwop_native.cli import config_file
from qwop_native.cli import main as cli
from qwop_native.cli.replay import _parser as replay_parser
from qwop_native.cli.spectate import _parser as spectate_parser
from qwop_native.qwop_gym.rec import load_rec, recordings_of


@pytest.fixture
def config(tmp_path, monkeypatch):
    pytest.importorskip("yaml")
    pytest.importorskip("pydantic")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "env.yml").write_text("frames_per_step: 1\nreduced_action_set: true\n")
    (tmp_path / "replay.yml").write_text(
        "fps: 60\nreset_delay: 1\nrecordings: [a.rec, b.rec]\nsteps_per_step: 4\n"
        "env_kwargs: {__include__: env.yml, auto_draw: true}\n"
        "env_wrappers: [{module: qwop_gym, cls: VerboseWrapper}]\n"
    )
    return tmp_path


def parsed(parser, *words):
    config_file.add_config_option(parser)
    return config_file.parse(parser, words)


def test_qwop_gyms_replay_file(config):
    options = parsed(replay_parser(), "-c", "replay.yml", "--check")
    assert options.runs == ["a.rec", "b.rec"]
    assert (options.speed, options.frames_per_step, options.action_set) == (2.0, 4, "reduced")
    by_hand = parsed(replay_parser(), "mine.rec", "-c", "replay.yml", "--speed", "1")
    assert by_hand.runs == ["mine.rec"]
    assert by_hand.speed == 1.0


def test_qwop_gyms_spectate_file(config):
    (config / "spectate.yml").write_text(
        "model_file: data/m.zip\nmodel_mod: sb3_contrib\nmodel_cls: QRDQN\nsteps_per_step: 4\n"
    )
    options = parsed(spectate_parser(), "-c", "spectate.yml")
    assert (options.model, options.model_cls) == ("data/m.zip", "QRDQN")
    assert options.action_set == "full"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fsp: 30", "unknown setting 'fsp'; did you mean 'fps'?"),
        ("- 1", "must hold key: value pairs, got list"),
        ("", "it holds no settings"),
        ("a: [", "is not valid YAML"),
        ("fps: fast", "fps must be a finite number, got 'fast'"),
        ("fps:", "fps must be a finite number, got None"),
        ("fps: -1", "fps must be at least 0, got -1.0"),
        ("recordings: 3", "recordings must be text or a list of texts, got 3"),
        ("recordings:", "recordings must be text or a list of texts, got None"),
        ("env_kwargs: [1]", "env_kwargs must be key: value pairs, got [1]"),
        ("env_kwargs: yes", "env_kwargs must be key: value pairs, got True"),
        ("env_kwargs: {frames_per_step: ~}", "env_kwargs.frames_per_step must be a whole number"),
        ("env_kwargs: {frames_per_step: 0}", "env_kwargs.frames_per_step must be at least 1"),
        ("env_kwargs: {__include__: bad.yml}", "bad.yml includes itself"),
        ("env_kwargs: {__include__: 3}", "__include__ must be the name of a file, got 3"),
        ("env_wrappers: [VerboseWrapper]", "env_wrappers must be a list"),
        ("env_wrappers: {cls: RecordWrapper}", "env_wrappers must be a list"),
        ("env_wrappers: [{cls: RecordWrapper, kwargs: 3}]", "kwargs must be key: value pairs"),
        ("env_wrappers: [{cls: RecordWrapper, kwargs: {max_time: x}}]", "max_time must be a"),
    ],
)
def test_bad_files_are_one_sentence(config, text, message, capsys):
    (config / "bad.yml").write_text(text)
    assert cli.main(["replay", "-c", "bad.yml"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert cli.main(["replay", "-c", "none.yml"]) == 2


@pytest.mark.parametrize("form", [["-creplay.yml"], ["--config", "replay.yml"], ["-c=replay.yml"]])
def test_every_form_in_which_argparse_takes_a_value(config, form):
    assert parsed(replay_parser(), "--check", *form).runs == ["a.rec", "b.rec"]


@pytest.mark.parametrize(
    "words",
    [
        ["c.rec", "d.rec", "-c", "replay.yml", "--check"],
        ["-c", "replay.yml", "--check", "c.rec", "d.rec"],
        ["--check", "-c", "replay.yml", "c.rec", "d.rec"],
        ["--check", "c.rec", "d.rec", "-c", "replay.yml"],
        ["c.rec", "--check", "-c", "replay.yml", "d.rec"],
    ],
)
def test_words_by_hand_replace_those_of_the_file_wherever_they_stand(config, words):
    options = parsed(replay_parser(), *words)
    assert options.runs == ["c.rec", "d.rec"]
    assert options.check
    assert options.frames_per_step == 4


def test_a_model_by_hand_beside_a_file_that_names_one(config):
    (config / "spectate.yml").write_text("model_file: data/m.zip\nsteps_per_step: 4\n")
    options = parsed(spectate_parser(), "-c", "spectate.yml", "--quiet", "mine.zip")
    assert (options.model, options.quiet, options.frames_per_step) == ("mine.zip", True, 4)
    options = parsed(spectate_parser(), "--frames-per-step", "2", "-c", "spectate.yml")
    assert (options.model, options.frames_per_step) == ("data/m.zip", 2)


def test_an_included_file_lies_beside_the_including_one(config, monkeypatch):
    (config / "sub").mkdir()
    monkeypatch.chdir(config / "sub")
    assert parsed(replay_parser(), "-c", "../replay.yml").action_set == "reduced"


def test_episodes_of_a_model_are_recorded(tmp_path, capsys):
    pytest.importorskip("stable_baselines3")
    from stable_baselines3 import PPO

    from qwop_native import QwopEnv, load_recording

    env = QwopEnv(frames_per_step=4, reduced_action_set=True)
    small = {"net_arch": [8]}
    model = PPO(
        "MlpPolicy", env, seed=3, n_steps=8, batch_size=8, device="cpu", policy_kwargs=small
    )
    model.save(tmp_path / "m.zip")
    rec = tmp_path / "m.rec"
    arguments = ["--episodes", "2", "--stochastic", "--rec", str(rec), "--out", str(tmp_path)]
    status = cli.main(["record", str(tmp_path / "m.zip"), "--min-distance", "-9", *arguments])
    assert status == 0
    assert "2 of 2 kept" in capsys.readouterr().out
    settings = {"frames_per_step": 4, "action_set": "reduced", "resets": 1}
    again = list(recordings_of(load_rec(rec), **settings))
    for number, run in enumerate(again, start=1):
        kept = load_recording(tmp_path / f"m-{number}.qwop")
        assert run.play().state_hash() == kept.play().state_hash()
