"""Settings of training runs: what is read, what is refused, and how it is said."""

import dataclasses
import re
from pathlib import Path

import pytest

from train import config
from train.qrdqn import ALGORITHM, QRDQNSettings, update_schedule

CONFIGS = Path(config.__file__).parent / "configs"
RECIPE = CONFIGS / "qrdqn.yml"


def load(tmp_path, text, *overrides):
    path = tmp_path / "run.yml"
    path.write_text(text)
    return config.load(path, overrides, QRDQNSettings)


def test_the_record_recipe():
    settings = config.load(RECIPE, [], QRDQNSettings)
    learner = settings.learner
    assert settings.total_timesteps == 32_000_000
    assert settings.n_envs == 8
    assert settings.max_episode_steps == 1000
    assert settings.env == {"frames_per_step": 4, "reduced_action_set": True}
    assert (learner.buffer_size, learner.batch_size) == (100_000, 64)
    assert (learner.learning_rate, learner.gamma) == (1e-3, 0.997)
    assert learner.target_update_interval == 512
    assert (learner.exploration_initial_eps, learner.exploration_final_eps) == (0.2, 0)
    assert learner.exploration_fraction == 0.3
    assert update_schedule(settings.n_envs, learner.transitions_per_update) == (4, 1)


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yml")), ids=lambda path: path.name)
def test_shipped_settings_name_and_explain_every_key(path):
    text = path.read_text()
    config.load(path, [], QRDQNSettings)
    names = [f.name for f in dataclasses.fields(config.RunConfig)]
    names += [f.name for f in dataclasses.fields(QRDQNSettings)]
    lines = text.splitlines()
    for name in names:
        numbers = [n for n, line in enumerate(lines) if re.match(rf"\s*{name}:", line)]
        assert len(numbers) == 1, name
        start = numbers[0]
        while lines[start - 1].strip() and not lines[start - 1].strip().startswith("#"):
            start -= 1  # keys that share one comment
        assert name == "learner" or lines[start - 1].strip().startswith("#"), name


def test_the_recipe_is_the_default():
    assert ALGORITHM.default_config == RECIPE
    settings = config.load(RECIPE, [], QRDQNSettings)
    assert settings.learner == QRDQNSettings()
    assert dataclasses.replace(settings, env={}) == config.RunConfig(learner=QRDQNSettings())


def test_numbers_that_yaml_reads_as_text(tmp_path):
    text = "total_timesteps: 32e6\nenv: {failure_cost: 1e1}\nlearner: {learning_rate: 1e-4}\n"
    settings = load(tmp_path, text)
    assert settings.total_timesteps == 32_000_000
    assert type(settings.total_timesteps) is int
    assert settings.learner.learning_rate == 1e-4
    assert settings.env == {"failure_cost": 10.0}


def test_overrides_win_and_the_last_one_most(tmp_path):
    settings = load(
        tmp_path,
        "seed: 1\nlearner: {gamma: 0.9}\n",
        "seed=2",
        "seed=3",
        "learner.gamma=0.95",
        "learner.net_arch=[32, 32]",
        "env.action_set=essential",
        "run_name=try",
    )
    assert settings.seed == 3
    assert settings.learner.gamma == 0.95
    assert settings.learner.net_arch == (32, 32)
    assert settings.env == {"action_set": "essential"}
    assert settings.run_name == "try"


def test_dump_and_load_are_inverse(tmp_path):
    settings = load(tmp_path, "seed: 5\nenv: {action_set: essential}\nlearner: {gamma: 0.9}\n")
    assert load(tmp_path, config.dump(settings)) == settings


@pytest.mark.parametrize("text", ["", "# nothing\n", "learner:\nenv:\n"])
def test_an_empty_file_means_the_defaults(tmp_path, text):
    assert load(tmp_path, text) == config.RunConfig(learner=QRDQNSettings())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("total_timestep: 5", "unknown setting 'total_timestep'; did you mean 'total_timesteps'?"),
        (
            "learning_rat: 5",
            "unknown setting 'learning_rat'; did you mean 'learner.learning_rate'?",
        ),
        ("gamma: 0.9", "unknown setting 'gamma'; did you mean 'learner.gamma'?"),
        ("learner: {gama: 1}", "unknown setting 'learner.gama'; did you mean 'learner.gamma'?"),
        ("xyzzy: 1", "unknown setting 'xyzzy'; there are: ["),
        ("7: 1", "unknown setting '7'"),
        ("n_envs: 0", "n_envs must be at least 1, got 0"),
        ("n_envs: 2.5", "n_envs must be a whole number, got 2.5"),
        ("n_envs: many", "n_envs must be a whole number, got 'many'"),
        ("n_envs: true", "n_envs must be a whole number, got True"),
        ("n_envs:", "n_envs must be a whole number, got None"),
        ("total_timesteps: .inf", "total_timesteps must be a whole number, got inf"),
        ("progress_bar: 1", "progress_bar must be true or false, got 1"),
        ("out_dir: 3", "out_dir must be text, got 3"),
        ("run_name: ../x", "run_name must be the name of one folder, got '../x'"),
        ("seed: -1", "seed must be from 0 to 2**31 - 1, got -1"),
        ("env: [1]", "env must be key: value pairs, got [1]"),
        ("learner: 3", "learner must hold key: value pairs, got 3"),
        ("learner: {learning_rate: 0}", "learner.learning_rate must be above 0, got 0.0"),
        ("learner: {learning_rate: .nan}", "learner.learning_rate must be a finite number"),
        ("learner: {gamma: 1.1}", "learner.gamma must be from 0 to 1, got 1.1"),
        ("learner: {net_arch: 64}", "learner.net_arch must be a list, got 64"),
        ("learner: {net_arch: [0]}", "learner.net_arch must be a list of widths of at least 1"),
        ("learner: {n_quantiles: 0}", "learner.n_quantiles must be at least 1, got 0"),
        ("learner: {exploration_fraction: 0}", "learner.exploration_fraction must be above 0"),
        ("- 1\n- 2", "must hold key: value pairs, got list"),
        ("a: [", "is not valid YAML: "),
        ("a: \x00", "is not valid YAML: "),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(tmp_path, text, message):
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        load(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "run.yml"
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match="is not valid YAML"):
        config.load(path, [], QRDQNSettings)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "an override must read key=value or section.key=value, got 'seed'"),
        ("=1", "an override must read key=value"),
        ("a.b.c=1", "an override must read key=value"),
        ("seed=[", "the value of seed is not valid YAML: '['"),
        ("seed.x=1", "seed must hold key: value pairs, got 4"),
    ],
)
def test_bad_overrides_are_refused(tmp_path, override, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        load(tmp_path, "seed: 4", override)


@pytest.mark.parametrize("n_envs", [1, 2, 3, 6, 8, 32, 33, 100])
@pytest.mark.parametrize("ratio", [1, 4, 7, 32])
def test_transitions_per_update_do_not_depend_on_the_number_of_games(n_envs, ratio):
    train_freq, gradient_steps = update_schedule(n_envs, ratio)
    assert train_freq * n_envs == gradient_steps * ratio
