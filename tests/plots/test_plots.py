"""Pictures are made of what happened, and what cannot be drawn is said in a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
from measured_facts import SIZES
from paths import EXAMPLE

import qwop_native
from qwop_native import QwopEnv
from qwop_native.cli import main as cli
from qwop_native.cli.plot_groups import ended, trainings
from qwop_native.envs.spaces import PARTS
from qwop_native.plots import training
from qwop_native.plots.finish import Finish, finishes, load_finishes
from qwop_native.plots.reports import body_distances
from qwop_native.plots.run_data import load_run
from qwop_native.recording import RecordEpisodes, load_recording
from qwop_native.recording.player import NativePlayer
from qwop_native.recording.tape import Event

pytest.importorskip("matplotlib")

CHAMPION = Path(qwop_native.__file__).parent / "champion" / "fastest-glibc.qwop"
POLICY = CHAMPION.parent / "policy.zip"
BEGINNING = {"png": b"\x89PNG\r\n", "svg": b"<?xml"}


@pytest.fixture(scope="module")
def run():
    return load_run(EXAMPLE)


@pytest.fixture
def draw(capsys):
    """Runs the command; gives its exit status and what it wrote to stderr."""

    def command(*words):
        status = cli.main(["plot", *map(str, words)])
        return status, capsys.readouterr().err

    return command


def is_picture(path):
    return path.read_bytes().startswith(BEGINNING[path.suffix[1:]])


def write_history(folder, points):
    folder.mkdir()
    lines = [json.dumps({"steps": steps, "user/distance": value}) for steps, value in points]
    (folder / "history.jsonl").write_text("\n".join(lines))
    return folder


def write_evaluation(path, episodes):
    path.write_text(json.dumps({"untrained": [], "trained": episodes}))
    return path


# ---- what is drawn ---------------------------------------------------------------------------


def test_run_data_is_the_run(run):
    recording = load_recording(EXAMPLE)
    game = recording.play()
    assert run.landed
    assert not run.fallen
    assert run.clock[-1] == game.frames == 1842
    assert np.array_equal(run.keys, recording.keys)
    assert np.array_equal(run.bodies[-1], game.bodies)
    assert np.array_equal(run.hurdle[-1], game.hurdle)
    assert len(run.bodies) == len(run.contacts) == len(run.keys) + 1


def test_splits_add_up(run):
    splits = run.splits()
    assert [meters for meters, _ in splits] == [10.0 * n for n in range(1, 11)]
    for meters, second in splits:
        frame = int(np.searchsorted(run.seconds, second))
        assert run.distance[frame] >= meters > run.distance[:frame].max()


def test_the_last_split_of_a_run_that_the_game_ends_short_of_100_m_ends_with_the_run():
    run = load_run(CHAMPION)
    assert run.finished
    assert 90 < run.distance.max() < 100
    splits = run.splits()
    assert [meters for meters, _ in splits] == [10.0 * n for n in range(1, 11)]
    assert splits[-1][1] == run.seconds[-1]


def test_speed_is_distance_over_time(run):
    middle = 900
    expected = (run.distance[middle + 15] - run.distance[middle - 15]) / 1.0
    assert run.speed(30)[middle] == pytest.approx(expected)


def test_without_a_foot_on_the_ground_the_runner_falls_freely(run):
    mass = [np.prod(SIZES[part]) * (3 if part.endswith("Foot") else 1) for part in PARTS]
    down = np.diff(np.average(run.bodies[..., 4], axis=1, weights=mass))
    freely = np.abs(down - 0.4) < 1e-9  # gravity 10 for 0.04 s
    standing = run.contacts[:-1].any(axis=1)
    assert freely[~standing].mean() > 0.95
    assert freely[standing].mean() < 0.3
    assert 0.1 < standing.mean() < 0.9


def test_joint_angles_keep_the_limits_of_their_joints(run):
    for name, low, high in (("left hip", -1.5, 1.0), ("right hip", -1.3, 1.2)):
        angle, _ = run.joint(name)
        assert low - 0.2 < angle.min() < angle.max() < high + 0.2


def test_equal_games_have_no_distance_and_another_sine_has():
    events = [Event("click"), Event("keys", 100, 9)]
    same = [NativePlayer("glibc", 1).play(events) for _ in range(2)]
    assert not body_distances(*same).any()
    other = NativePlayer("fdlibm", 1).play(events)
    assert body_distances(same[0], other)[-1].all()


# ---- curves and finishes ---------------------------------------------------------------------


def test_curves_of_tensorboard(tmp_path):
    tensorboard = pytest.importorskip("tensorboard.summary")
    folder = tmp_path / "run"
    writer = tensorboard.Writer(str(folder))
    for step in (0, 10, 20):
        writer.add_scalar("user/distance", step / 2, step)
    writer.close()
    steps, values = training.load_curve(folder, "user/distance")
    assert steps.tolist() == [0, 10, 20]
    assert values.tolist() == [0, 5, 10]


def test_curves_of_a_run_folder(tmp_path):
    folder = write_history(tmp_path / "run", [(0, 1.0), (100, 7.5)])
    with (folder / "history.jsonl").open("a") as file:
        file.write('\n{"steps": 200, "user/dis')  # it is being written
    steps, values = training.load_curve(folder, "user/distance")
    assert steps.tolist() == [0, 100]
    assert values.tolist() == [1.0, 7.5]
    with pytest.raises(ValueError, match="it has: user/distance"):
        training.load_curve(folder, "loss")


def test_finishes_of_evaluations_and_recordings(tmp_path):
    episodes = [
        {"frames": 1366, "distance": 101.0, "success": True},
        {"frames": 300, "distance": 20.0, "success": False},
    ]
    path = write_evaluation(tmp_path / "evaluation.json", episodes)
    first, second = load_finishes(path)
    assert (first.success, second.success) == (True, False)
    assert first.seconds == pytest.approx(45.5333, abs=1e-4)
    assert load_finishes(tmp_path) == [first, second]
    (recorded,) = load_finishes(EXAMPLE)
    assert recorded.success
    assert recorded.seconds == 61.4


def test_finishes_of_whatever_the_commands_write(tmp_path):
    results = tmp_path / "results.json"
    entry = {"start": "env:1", "landed": True, "fallen": False, "frames": 1500, "distance": 99.5}
    results.write_text(json.dumps([entry, {**entry, "landed": False}]))
    assert [each.success for each in load_finishes(results)] == [True, False]
    rows = tmp_path / "episodes.csv"
    rows.write_text("start,distance,frames,finished\na,99.5,1500,True\nb,3,90,False\n")
    assert [each.success for each in load_finishes(rows)] == [True, False]
    for name, count in (("a", 2), ("b", 1)):
        (tmp_path / "runs" / name).mkdir(parents=True)
        episode = {"frames": 1400, "distance": 101.0, "finished": True}
        write_evaluation(tmp_path / "runs" / name / "evaluation.json", [episode] * count)
    assert len(load_finishes(tmp_path / "runs")) == 3


def test_what_has_no_name_is_kept_apart(tmp_path):
    for name, algorithm in (("one", "qrdqn"), ("two", "qrdqn"), ("three", "ppo"), ("PPO_1", None)):
        folder = write_history(tmp_path / name, [(0, 0.0)])
        write_evaluation(folder / "evaluation.json", [])
        if algorithm:
            (folder / "metadata.yml").write_text(f"action: train_{algorithm}\nrun_id: x\n")
    names = {
        name: [each.name for each in paths] for name, paths in trainings([str(tmp_path)]).items()
    }
    assert names == {"PPO": ["PPO_1"], "qrdqn": ["one", "two"], "ppo": ["three"]}
    assert list(trainings([f"mine={tmp_path}"])) == ["mine"]
    inputs = [str(tmp_path / "one"), str(EXAMPLE), f"x={tmp_path / 'two'}"]
    assert list(ended(inputs)) == ["one", "recordings", "x"]


def test_times_at_the_edges_of_a_histogram_are_counted(draw, tmp_path):
    from matplotlib.figure import Figure

    groups = {"a": [Finish(1158 / 30, 99.4, True)] * 3, "b": [Finish(70.1, 100.0, True)]}
    figure = finishes(groups)
    assert isinstance(figure, Figure)
    bars = [patch for patch in figure.axes[0].patches if patch.get_height()]
    assert [bar.get_height() for bar in bars] == [3, 1]
    assert bars[0].get_x() <= 1158 / 30 + 2
    assert len(figure.axes) == 2  # nobody has fallen


# ---- the command -----------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["png", "svg"])
@pytest.mark.parametrize(
    "words",
    [
        ["speed", EXAMPLE, EXAMPLE],
        ["keys", EXAMPLE, "--first", "10", "--last", "15"],
        ["gait", EXAMPLE, "--first", "44"],
        ["phase", EXAMPLE],
        ["divergence", EXAMPLE, "--frames", "60"],
    ],
    ids=lambda words: words[0],
)
def test_pictures_of_runs(draw, tmp_path, words, suffix):
    path = tmp_path / f"picture.{suffix}"
    assert draw(*words, "-o", path) == (0, "")
    assert is_picture(path)


def test_pictures_of_trainings_and_reports(draw, tmp_path):
    one, two = (write_history(tmp_path / name, [(0, 0.0), (50, 9.0)]) for name in ("a", "b"))
    episodes = [{"frames": 1400, "distance": 101.0, "success": True}] * 3
    finished = write_evaluation(tmp_path / "evaluation.json", episodes)
    rate = {"name": "Game.step", "unit": "frames/s", "values": [3.0, 4.0, 5.0]}
    results = tmp_path / "results.json"
    results.write_text(json.dumps({"machine": {"processor": "x"}, "measurements": [rate]}))
    compared = {"name": "random", "rows_compared": 90, "equal": False, "difference": {"row": 40}}
    trace = {"file": "a.trace", "rows": 70, "equal": True, "difference": None}
    report = tmp_path / "report.json"
    report.write_text(json.dumps({"comparisons": [compared], "traces": [trace]}))
    for words in (
        ["training", f"x={one}", f"x={two}", f"y={one}"],
        ["finish", finished, f"best={EXAMPLE}"],
        ["throughput", results],
        ["parity", report],
    ):
        path = tmp_path / f"{words[0]}.png"
        assert draw(*words, "-o", path) == (0, "")
        assert is_picture(path)


def test_an_svg_has_the_same_bytes_each_time(draw, tmp_path):
    made = []
    for name in ("a.svg", "b.svg"):
        draw("keys", EXAMPLE, "-o", tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["speed", "nowhere.qwop"], "nowhere.qwop"),
        (["speed", __file__], "not a recording"),
        (["keys", EXAMPLE, "-o", "picture.jpg"], "written as .png or .svg"),
        (["keys", EXAMPLE, "--first", "80"], "ends at 61.40 s"),
        (["gait", EXAMPLE, "--first", "200"], "no whole pose"),
        (["gait", EXAMPLE, "--first", "5", "--last", "6"], "2 m long"),
        (["training", "nowhere"], "there is no nowhere"),
        (["training", Path(__file__).parent], "neither history.jsonl"),
        (["finish", Path(__file__).parent], "neither evaluation.json"),
        (["speed", Path(__file__).parent], "holds no recordings"),
        (["gait", CHAMPION.parent], "recordings; name one"),
        (["throughput", Path(__file__).parent], "holds no results.json"),
        (["parity", Path(__file__).parent], "holds no report.json"),
        (["finish", POLICY], "is a model: write how it runs with qwop-native evaluate"),
        (["throughput", __file__], "not a saved benchmark"),
        (["parity", __file__], "not a parity report"),
        (["divergence", EXAMPLE, "--sincos", "x"], "sincos must be"),
    ],
)
def test_what_cannot_be_drawn(draw, tmp_path, monkeypatch, words, message):
    monkeypatch.chdir(tmp_path)
    status, said = draw(*words)
    assert status == 2
    assert message in said
    assert said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_rec_files_are_drawn(draw, tmp_path):
    from qwop_native.qwop_gym.rec import rec_of

    env = RecordEpisodes(QwopEnv(frames_per_step=4, reduced_action_set=True))
    env.action_space.seed(1)
    episodes = []
    for _ in range(2):
        env.reset()
        while not env.step(env.action_space.sample())[2]:
            pass
        episodes.append(env.last)
    one, two = tmp_path / "one.rec", tmp_path / "two.rec"
    rec_of(episodes[:1]).save(one)
    rec_of(episodes).save(two)
    steps = ["--frames-per-step", 4, "--action-set", "reduced", "-o", tmp_path / "p.svg"]
    for words in (["speed", two, one], ["keys", one], ["finish", f"a={two}", one]):
        assert draw(*words, *steps) == (0, "")
        assert is_picture(tmp_path / "p.svg")
    status, error = draw("phase", two, *steps)
    assert status == 2
    assert "holds 2 runs" in error
    status, error = draw("gait", one)
    assert status == 2
    assert "other frames per step" in error
