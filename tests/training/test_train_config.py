"""Settings of training runs: what is read, what is refused, and how it is said."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

import qwop_native
from qwop_native.training import algorithms, config, schedules, study
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.algorithms.value import update_schedule
from qwop_native.training.settings import documents
from qwop_native.training.settings.learners import LEARNERS
from qwop_native.training.settings.value import QRDQNSettings
from qwop_native.training.sprint.settings import SprintSettings

CONFIGS = algorithms.CONFIGS
QRDQN = get_algorithm("qrdqn")


def load(tmp_path, text, *overrides, algorithm="qrdqn"):
    path = tmp_path / "run.yml"
    path.write_text(text)
    return config.load(path, overrides, get_algorithm(algorithm))


def test_the_record_recipe():
    settings = config.load(QRDQN.default_config, [], QRDQN)
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
def test_shipped_settings_are_written_out_with_every_key_explained(path, tmp_path):
    algorithm = get_algorithm(path.stem.removesuffix("_quick").removesuffix("_record"))
    names = [*config.RunConfig.paths(), *algorithm.settings.paths("learner.")]
    text = documents.standalone(path)
    alone = tmp_path / path.name
    alone.write_text(text)
    assert config.load(alone, [], algorithm) == config.load(path, [], algorithm)
    lines = text.splitlines()
    for name in names:
        if name in ("learner", "algorithm") or name.startswith("wandb."):
            continue
        key = name.rpartition(".")[2]
        indent = "  " if name.startswith("learner.") else ""
        numbers = [n for n, line in enumerate(lines) if line.startswith(f"{indent}{key}:")]
        assert len(numbers) == 1, name
        start = numbers[0]
        while lines[start - 1].strip() and not lines[start - 1].strip().startswith("#"):
            start -= 1  # keys that share one comment
        assert lines[start - 1].strip().startswith("#"), name


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("*.yml")), ids=lambda path: path.name)
def test_shipped_settings_hold_only_what_differs(path):
    algorithm = get_algorithm(path.stem.removesuffix("_quick").removesuffix("_record"))
    own = yaml.safe_load(path.read_text(encoding="utf-8"))
    include = own.pop("__include__", None)
    base = config.read(path.parent / include) if include else {}
    given = {name: value for name, value in own.items() if name != "learner"}
    learner = [f"learner.{name}" for name in own.get("learner", {})]
    default = config.parse(base, algorithm)
    settings = config.load(path, [], algorithm)
    same = [name for name in given if getattr(settings, name) == getattr(default, name)]
    for name in (each.partition(".")[2] for each in learner):
        if getattr(settings.learner, name) == getattr(default.learner, name):
            same.append(name)
    assert same == []


MODELS = [config.RunConfig, SprintSettings, study.Study, *LEARNERS.values()]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_every_setting_says_what_it_is_for(model):
    assert [name for name in model.model_fields if not model.help_of(name)] == []


def test_every_algorithm_has_the_settings_of_its_name():
    assert {name: get_algorithm(name).settings for name in algorithms.REGISTRY} == LEARNERS


def test_the_page_of_the_reference_is_up_to_date():
    page = Path(__file__).parents[2] / "docs" / "reference" / "settings.md"
    if not page.is_file():
        pytest.skip("the pages are in a checkout only")
    assert page.read_text(encoding="utf-8") == documents.reference("docs/reference/settings.md")


def test_settings_of_runs_before_are_read_and_old_names_with_them():
    settings = SprintSettings.of({"games": {"games": 4}})
    assert settings.games.num_envs == 4
    assert SprintSettings.of(settings.plain()) == settings
    with pytest.raises(ValueError, match=r"games\.num_envs and games\.games mean the same"):
        SprintSettings.of({"games": {"games": 4, "num_envs": 4}})


def imports(path):
    """Modules of the package that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{each.name}" for each in node.names)
        elif isinstance(node, ast.Import):
            yield from (each.name for each in node.names)


def test_no_two_files_of_settings_import_each_other_in_a_circle():
    package = Path(qwop_native.__file__).parent
    files = {}
    for path in package.rglob("*.py"):
        parts = path.relative_to(package.parent).with_suffix("").parts
        files[".".join(parts).removesuffix(".__init__")] = path
    known = {name: set(imports(path)) & set(files) - {name} for name, path in files.items()}

    def reach(name):
        found, ahead = set(), [name]
        while ahead:
            new = known[ahead.pop()] - found
            found |= new
            ahead += new
        return found

    rooms = ("qwop_native.settings", "qwop_native.training.settings", "qwop_native.qwop_gym")
    own = [name for name in files if name.startswith((*rooms, "qwop_native.training.config"))]
    assert own
    assert [name for name in own if name in reach(name)] == []


@pytest.mark.parametrize("name", [*algorithms.REGISTRY, "RecurrentPPO", "train_rppo", "QRDQN"])
def test_every_algorithm_has_a_configuration(name):
    assert get_algorithm(name).default_config.is_file()


def test_an_unknown_algorithm_is_named_with_its_nearest():
    with pytest.raises(ValueError, match="unknown algorithm 'qdqn'; did you mean 'qrdqn'"):
        get_algorithm("qdqn")


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
        "run_id=try",
    )
    assert settings.seed == 3
    assert settings.learner.gamma == 0.95
    assert settings.learner.net_arch == (32, 32)
    assert settings.env == {"action_set": "essential"}
    assert settings.run_id == "try"


def test_dump_and_load_are_inverse(tmp_path):
    settings = load(tmp_path, "seed: 5\nenv: {action_set: essential}\nlearner: {gamma: 0.9}\n")
    assert load(tmp_path, config.dump(settings)) == settings


@pytest.mark.parametrize("text", ["", "# nothing\n", "learner:\nenv:\n"])
def test_an_empty_file_means_the_defaults(tmp_path, text):
    assert load(tmp_path, text) == config.RunConfig(learner=QRDQNSettings(), algorithm="qrdqn")


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
        ("xyzzy: 1", "unknown setting 'xyzzy'; there are: learner, "),
        ("7: 1", "unknown setting '7'"),
        ("n_envs: 0", "n_envs must be at least 1, got 0"),
        ("n_envs: 2.5", "n_envs must be a whole number, got 2.5"),
        ("n_envs: many", "n_envs must be a whole number, got 'many'"),
        ("n_envs: true", "n_envs must be a whole number, got True"),
        ("n_envs:", "n_envs must be a whole number, got None"),
        ("total_timesteps: .inf", "total_timesteps must be a whole number, got inf"),
        ("progress_bar: 1", "progress_bar must be true or false, got 1"),
        ("out_dir: 3", "out_dir must be text, got 3"),
        ("run_id: ../x", "run_id must be a name without slashes, got '../x'"),
        ("out_dir: '{x}'", "out_dir must be text with {algorithm}, {seed}, {run_id} only"),
        ("seed: -1", "seed must be at least 0 and at most 2147483647, got -1"),
        ("algorithm: ppo", "these settings are for algorithm ppo, not qrdqn"),
        ("env_wrappers: [{cls: X}]", "env_wrappers must be a list of module, cls and kwargs"),
        ("wandb: {mode: of}", "wandb.mode must be one of online, offline, got 'of'"),
        ("wandb: {proj: x}", "unknown setting 'wandb.proj'; did you mean 'wandb.project'?"),
        ("learner: {learning_rate: const_}", "learner.learning_rate must be a number, const_V"),
        ("learner: {learning_rate: lin_decay_1_1_2}", "learner.learning_rate needs values above"),
        (
            "learner: {transitions_per_update: 4, train_freq: 4}",
            "learner.transitions_per_update replaces learner.train_freq",
        ),
        ("__include__: none.yml", "there is no configuration file none.yml, included by"),
        ("__include__: run.yml", "run.yml includes itself"),
        ("env: [1]", "env must be key: value pairs, got [1]"),
        ("learner: 3", "learner must hold key: value pairs, got 3"),
        ("learner: {learning_rate: 0}", "learner.learning_rate must be above 0, got 0.0"),
        ("learner: {learning_rate: .nan}", "learner.learning_rate must be a finite number"),
        ("learner: {gamma: 1.1}", "learner.gamma must be at least 0 and at most 1, got 1.1"),
        ("learner: {net_arch: 64}", "learner.net_arch must be a list of whole numbers, got 64"),
        ("learner: {net_arch: [0]}", "learner.net_arch must be at least 1, got (0,)"),
        ("learner: {n_quantiles: 0}", "learner.n_quantiles must be at least 1, got 0"),
        ("learner: {exploration_fraction: 0}", "learner.exploration_fraction must be above 0"),
        ("- 1\n- 2", "must hold key: value pairs, got list"),
        ("a: [", "is not valid YAML: "),
        ("a: \x00", "is not valid YAML: "),
    ],
)
def test_bad_settings_are_refused_in_one_sentence(tmp_path, text, message):
    with pytest.raises((ValueError, FileNotFoundError), match=re.escape(message)) as raised:
        load(tmp_path, text)
    assert "\n" not in str(raised.value)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    path = tmp_path / "run.yml"
    path.write_bytes(b"\xff\xfe\xff")
    with pytest.raises(ValueError, match="is not valid YAML"):
        config.load(path, [], QRDQN)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("seed", "an override must read key=value or section.key=value, got 'seed'"),
        ("=1", "an override must read key=value"),
        ("a..c=1", "an override must read key=value"),
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


def test_included_files_are_overridden_by_the_including_one(tmp_path):
    (tmp_path / "env.yml").write_text("failure_cost: 3\nframes_per_step: 2\n")
    (tmp_path / "base.yml").write_text("n_envs: 5\nlearner: {gamma: 0.5, tau: 0.5}\n")
    text = "__include__: base.yml\nenv: {__include__: env.yml, frames_per_step: 4}\n"
    settings = load(tmp_path, text + "learner: {gamma: 0.9}\n")
    assert settings.n_envs == 5
    assert settings.env == {"failure_cost": 3, "frames_per_step": 4}
    assert (settings.learner.gamma, settings.learner.tau) == (0.9, 0.5)


QWOP_GYM = """
seed: ~
run_id: ~
out_dir_template: "data/PPO-{run_id}"
log_tensorboard: true
total_timesteps: 100_000
n_checkpoints: 5
learner_kwargs: {policy: "MlpPolicy", n_steps: 2048, batch_size: 32, gamma: 0.9}
learner_lr_schedule: "exp_decay_0.03_0.0001_0.5_10"
env_kwargs:
  __include__: "config/env.yml"
  frames_per_step: 4
  text_in_browser: "Do not close this window, training in progress..."
env_wrappers: [{module: qwop_gym, cls: VerboseWrapper}]
"""


def test_qwop_gyms_own_files_mean_here_what_they_mean_there(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "env.yml").write_text(
        "browser: /b\nrender_mode: browser\nfailure_cost: 10\nframes_per_step: 1\n"
    )
    settings = load(tmp_path, QWOP_GYM, "learner_kwargs.gamma=0.8", "seed=3", algorithm="ppo")
    assert settings.env == {"failure_cost": 10, "frames_per_step": 4}
    assert (settings.learner.gamma, settings.learner.batch_size) == (0.8, 32)
    assert settings.learner.learning_rate == "exp_decay_0.03_0.0001_0.5_10"
    assert (settings.n_envs, settings.max_episode_steps) == (1, 5000)
    assert settings.out_dir == "data/PPO-{run_id}"
    assert settings.env_wrappers == ({"module": "qwop_native.wrappers", "cls": "VerboseWrapper"},)
    notes = capsys.readouterr().err
    assert notes.count("\n") == 1
    assert "browser, text_in_browser, render_mode" in notes


DISTANCE = "env_kwargs: {frames_per_step: 4, speed_rew_mult: 0, distance_rew_mult: 2}\n"


def test_the_reward_for_distance_of_other_projects(tmp_path, capsys):
    settings = load(tmp_path, DISTANCE, algorithm="ppo")
    (shaped,) = settings.env_wrappers
    assert settings.env == {"frames_per_step": 4, "speed_rew_mult": 0}
    # Meters of a step are its velocity times 4 frames of 0.04 s.
    assert shaped["kwargs"]["weights"]["velocity"] == pytest.approx(2 * 4 * 0.04)
    assert "distance_rew_mult=2 is ShapedVecReward's term velocity" in capsys.readouterr().err
    from qwop_native.training.environments import make_vec_env

    venv = make_vec_env(settings)
    plain = make_vec_env(settings.changed(env_wrappers=()))
    try:
        venv.reset()
        before = plain.reset()
        for action in [1, 9, 6, 0, 2, 4] * 3:
            reward = venv.step(np.array([action]))[1]
            after, bare, *_ = plain.step(np.array([action]))
            gained = (after - before)[0, 0] / 2 * 106  # the torso's x, from -1 to 105 m
            assert reward[0] - bare[0] == pytest.approx(2 * gained, abs=1e-4)
            before = after.copy()
    finally:
        venv.close()
        plain.close()


def test_a_reward_whose_meaning_is_not_clear_is_left_to_the_environment(tmp_path):
    text = DISTANCE.replace("distance_rew_mult", "reward_mode: distance, distance_rew_mult")
    assert load(tmp_path, text, algorithm="ppo").env["distance_rew_mult"] == 2


def test_a_key_under_two_names_is_refused(tmp_path):
    with pytest.raises(ValueError, match="env_kwargs and env mean the same"):
        load(tmp_path, "env: {}\nenv_kwargs: {}\n")


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("const_1e-3", {1.0: 1e-3, 0.0: 1e-3}),
        ("lin_decay_0.03_0.01_0.5", {1.0: 0.03, 0.75: 0.02, 0.5: 0.01, 0.2: 0.01, 0.0: 0.01}),
        ("exp_decay_0.08_0.01_0.6_3", {1.0: 0.08, 0.81: 0.08, 0.79: 0.04, 0.5: 0.02, 0.1: 0.01}),
        ("exp_decay_1_0.5_1", {1.0: 1.0, 0.0: 0.5}),
    ],
)
def test_schedules(text, points):
    schedule = schedules.parse(text, "learning_rate")
    for progress_remaining, value in points.items():
        found = schedule(progress_remaining) if callable(schedule) else schedule
        assert found == pytest.approx(value)


def test_a_number_is_a_schedule_already(tmp_path):
    assert load(tmp_path, "learner: {learning_rate: '1e-4'}").learner.learning_rate == 1e-4
