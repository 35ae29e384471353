"""The benchmarks' own parts; what they measure is never asserted on."""

import csv
import json
import subprocess
import sys

import numpy as np
import pytest
from paths import TRACES

from qwop_native import Game, QwopEnv
from qwop_native.benchmarking import compare, footprint, headline, machine, report, scaling, turns
from qwop_native.benchmarking.play import running_cycle
from qwop_native.benchmarking.players import (
    EnvPlayer,
    GamePlayer,
    Played,
    Scene,
    Size,
    VectorPlayer,
)
from qwop_native.benchmarking.report import Measurement
from qwop_native.cli import benchmark as cli
from qwop_native.parity.trace import read_trace

REPORTED = (
    "torso head leftArm leftCalf leftFoot leftForearm leftThigh "
    "rightArm rightCalf rightFoot rightForearm rightThigh"
).split()
ONE_STEP = 1e-9  # seconds: over after the first call

# SWIG's own types, on import of Box2D's binding.
pytestmark = pytest.mark.filterwarnings("ignore:builtin type:DeprecationWarning")


def test_ratio_and_table():
    slow = Measurement("slow", "frames/s", (1000.0, 2000.0, 4000.0))
    steps = Measurement("slow", "env steps/s", (250.0, 500.0, 1000.0))
    fast = Measurement("fast", "frames/s", (3000.0, 5000.0, 8000.0))
    quotient = report.ratio("fast / slow", fast, slow)
    assert quotient.values == (3.0, 2.5, 2.0)
    assert (quotient.low, quotient.median, quotient.high) == (2.0, 2.5, 3.0)
    assert report.table([slow, steps, quotient]).splitlines()[1:] == [
        "slow          2,000   1,000    4,000  frames/s = 500 env steps/s",
        "fast / slow     2.5       2        3  x",
    ]


def test_ratio_of_different_repeats():
    one = Measurement("one", "s", (1.0,))
    two = Measurement("two", "s", (1.0, 2.0))
    with pytest.raises(ValueError, match="argument 2 is longer"):
        report.ratio("x", one, two)


def test_spread_does_not_mind_an_outlier():
    assert Measurement("m", "s", (5.0,)).spread == 0
    assert Measurement("m", "s", (9.0, 10.0, 11.0, 10.0, 1e6)).spread == pytest.approx(0.14826)


def test_files(tmp_path):
    path = tmp_path / "out.json"
    labels = {"part": "throughput", "games": 8}
    measured = (Measurement("m", "frames/s", (1.0, 3.0, 2.0), labels),)
    where = machine.describe("numpy")
    report.save_json(path, "test", where, {"frames": 1}, measured)
    loaded = report.load_json(path)
    assert loaded == report.Results("test", where, {"frames": 1}, measured)
    assert loaded.machine["packages"]["numpy"] == np.__version__
    assert loaded.machine["processor"]
    assert loaded.machine["compiler"].split()[0] in ("GNU", "Clang", "AppleClang")
    assert "-ffp-contract=off" in loaded.machine["flags"]

    report.save_csv(tmp_path / "out.csv", loaded)
    (row,) = csv.DictReader((tmp_path / "out.csv").read_text().splitlines())
    assert (row["name"], row["median"], row["games"], row["env"]) == ("m", "2.0", "8", "")
    assert row["flags"] == where["flags"]
    assert {each.name for each in tmp_path.iterdir()} == {"out.json", "out.csv"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"measurements": [{"name": 1}]}'])
def test_a_file_that_is_no_result(tmp_path, text):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"x\.json is not a saved benchmark"):
        report.load_json(path)


@pytest.mark.parametrize("keys", [0, 1 | 4, 2 | 8])
def test_box2d_ragdoll_is_the_games(keys):
    """The first frames after a reset, before float32 and Box2D's thicker skins tell."""
    pytest.importorskip("Box2D")
    from qwop_native.benchmarking.box2d_ragdoll import Box2dRagdoll

    ragdoll = Box2dRagdoll()
    game = Game()
    game.start()
    game.reset()
    for frame in range(3):
        if frame:
            game.step(keys)
        ragdoll.prepare(keys if frame else 0)
        ragdoll.world.Step(0.04, 5, 5)
        bodies = [ragdoll.bodies[name] for name in REPORTED]
        poses = [(*body.position, body.angle) for body in bodies]
        assert np.abs(np.array(poses) - game.bodies[:, :3]).max() < 2e-2, frame
        assert not ragdoll.fallen


@pytest.mark.parametrize("sincos", ["glibc", "glibc-fma", "fdlibm"])
def test_running_play_is_the_recorded_one(sincos):
    recorded = read_trace(TRACES / f"env-full-runs-{sincos}.trace").tape
    expected = [action for episode in recorded.episodes for action in episode]
    assert running_cycle(sincos, reset_steps=False).tolist() == expected


def test_running_play_runs_again_and_again():
    env = QwopEnv(**Scene("running").env_arguments)
    ends = []
    env.reset()
    for step, action in enumerate([*running_cycle("glibc", reset_steps=False)] * 2):
        *_, terminated, _, info = env.step(action)
        if terminated:
            ends.append((step, round(float(info["distance"]), 2)))
            env.reset()
    assert ends == [(347, 77.67), (807, 102.4), (1155, 77.67), (1615, 102.4)]


def test_games_of_a_vector_environment_are_spread_over_the_runs():
    """Each comes to the ends of both runs while the tape goes round once, at a time of its own."""
    games = 6
    player = VectorPlayer(Scene("running"), Size(games))
    cycle = running_cycle("glibc", reset_steps=True)
    ends = [[] for _ in range(games)]
    for step in range(len(cycle)):
        *_, terminated, _, infos = player.env.step(player.source.next())
        for game in np.flatnonzero(terminated):
            ends[game].append((step, round(float(infos["distance"][game]), 2)))
    assert all(sorted(m for _, m in each) == [77.67, 102.4] for each in ends)
    assert len({step for each in ends for step, _ in each}) == 2 * games


def test_steps_that_only_reset_do_not_count():
    games = 3
    player = VectorPlayer(Scene("running"), Size(games))
    cycle = running_cycle("glibc", reset_steps=True)
    turns_of_a_step = [player.play(ONE_STEP) for _ in cycle]
    steps = games * (len(cycle) - 2)  # of the two resets in it
    assert sum(played.steps for played in turns_of_a_step) == steps
    assert sum(played.frames for played in turns_of_a_step) == 4 * steps


@pytest.mark.parametrize("frames_a_call", [1, 4])
def test_the_bare_game_plays_what_the_environment_does(frames_a_call):
    bare, env = GamePlayer(Scene(), frames_a_call), EnvPlayer(Scene())
    for _ in range(100):
        assert bare.play(ONE_STEP).frames == 4
        assert env.play(ONE_STEP).frames == 4
    assert bare.env.game.state_hash() == env.env.game.state_hash()


class Recorder:
    """Notes when it is asked to play."""

    def __init__(self, name, order):
        self.name, self.order = name, order

    def play(self, seconds):
        self.order.append(self.name)
        return Played(frames=8 * len(self.order), steps=0, seconds=seconds)


def test_turns_alternate_and_the_first_round_does_not_count():
    order = []
    players = {name: Recorder(name, order) for name in "ab"}
    played = turns.take_turns(players, repeats=2, seconds=0.5)
    assert "".join(order) == "baabba"
    assert [p.frames for p in played["a"]] == [24, 48]
    (rate,) = turns.rates("a", played["a"], {})
    assert (rate.unit, rate.values) == ("frames/s", (48.0, 96.0))


def _results(**medians):
    where = {"processor": "p"}
    measured = [Measurement(name, unit, values) for name, (unit, values) in medians.items()]
    return report.Results("suite", where, {}, tuple(measured))


def test_compare_judges_against_threshold_and_noise():
    old = _results(
        slower=("frames/s", (100.0, 101.0, 99.0)),
        noisy=("frames/s", (100.0, 130.0, 70.0)),
        memory=("B/game", (100.0,)),
        faster=("frames/s", (100.0,)),
        same=("frames/s", (100.0,)),
    )
    new = _results(
        slower=("frames/s", (90.0, 91.0, 89.0)),
        noisy=("frames/s", (90.0, 60.0, 120.0)),
        memory=("B/game", (120.0,)),
        faster=("frames/s", (110.0,)),
        same=("frames/s", (96.0,)),
        only_here=("s", (1.0,)),
    )
    verdicts = {c.new.name: c.verdict for c in compare.changes(old, new, 0.05)}
    assert verdicts == {
        "slower": "WORSE",
        "noisy": "",
        "memory": "WORSE",
        "faster": "better",
        "same": "",
    }


def _save(path, results):
    report.save_json(path, "suite", results.machine, results.settings, results.measurements)
    return str(path)


def test_compare_command(tmp_path, capsys):
    good = _save(tmp_path / "good.json", _results(m=("frames/s", (100.0,))))
    bad = _save(tmp_path / "bad.json", _results(m=("frames/s", (90.0,))))
    assert cli.main(["compare", good, good]) == 0
    assert cli.main(["compare", good, bad]) == 1
    assert "-10.0%" in capsys.readouterr().out
    assert cli.main(["compare", good, bad, "--threshold", "20"]) == 0
    other = _save(tmp_path / "other.json", _results(n=("frames/s", (90.0,))))
    assert cli.main(["compare", good, other]) == 2
    assert cli.main(["compare", good, str(tmp_path / "none.json")]) == 2
    assert "none.json" in capsys.readouterr().err


@pytest.fixture(scope="module")
def small_run(tmp_path_factory):
    """A real run of the suite, as small as it can be."""
    pytest.importorskip("Box2D")
    folder = tmp_path_factory.mktemp("run")
    options = "--quick --parts headline,throughput --games 1,3 --threads 1 --repeats 2"
    assert cli.main([*options.split(), "--seconds", "0.001", "-o", str(folder)]) == 0
    return folder


def test_a_run_saves_everything(small_run):
    assert {path.name for path in small_run.iterdir()} == {
        "results.json",
        "results.csv",
        "scaling.png",
        "scaling.svg",
    }
    results = report.load_json(small_run / "results.json")
    assert all(len(m.values) == 2 and m.low > 0 for m in results.measurements)
    names = {m.name for m in results.measurements}
    assert {headline.BOX2D, headline.ONE_THREAD, headline.HEADLINE} <= names
    vectors = [m for m in results.measurements if m.labels.get("env") == "QwopVectorEnv"]
    assert {(m.labels["games"], m.labels["play"]) for m in vectors} == {
        (games, play) for games in (1, 3) for play in ("random", "running")
    }
    summary = headline.summary(results.measurements)
    assert "512 games, 1 thread, 4 frames a step" in summary


def test_the_picture_shows_every_measured_line(small_run, tmp_path):
    results = report.load_json(small_run / "results.json")
    left, right = scaling.make_figure(results).axes
    labels = [text.get_text() for text in left.get_legend().get_texts()]
    (instruction_set,) = results.settings["instruction_sets"]
    assert labels == [f"{instruction_set}, random", f"{instruction_set}, running"]
    assert [list(line.get_xdata()) for line in left.get_lines()][:2] == [[1, 3], [1, 3]]
    assert "QwopVectorEnv, 1 thread" in [t.get_text() for t in right.get_legend().get_texts()]

    assert cli.main(["plot", str(small_run / "results.json"), "-o", str(tmp_path)]) == 0
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_needs_throughput(tmp_path, capsys):
    path = _save(tmp_path / "r.json", _results(m=("frames/s", (1.0,))))
    assert cli.main(["plot", path]) == 2
    assert "there is no throughput" in capsys.readouterr().err


def test_memory_of_a_game_in_a_process_of_its_own():
    assert footprint.bytes_a_game("a Game", Scene()) > 1000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("--parts nothing", "part must be one of headline"),
        ("--games 0", "games must be at least 1"),
        ("--plays dancing", "play must be one of random, running"),
        ("--instruction-sets mmx", "instruction set must be one of"),
        ("--repeats 0", "at least one repeat"),
        ("--sincos mine", "mine"),
        ("--parts context --qwop-gym-driver x", "both"),
    ],
)
def test_mistakes(options, message, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("QWOP_GAME_DIR", raising=False)
    assert cli.main(["--quick", *options.split(), "-o", str(tmp_path / "out")]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_the_headline_needs_box2d(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "Box2D", None)
    monkeypatch.delitem(sys.modules, "qwop_native.benchmarking.box2d_ragdoll", raising=False)
    assert cli.main(["--parts", "headline", "-o", str(tmp_path)]) == 2
    assert "pip install Box2D" in capsys.readouterr().err


def test_the_command_is_installed(tmp_path):
    """From outside the checkout, where only what is installed can be found."""
    command = [sys.executable, "-m", "qwop_native", "benchmark", "-h"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "qwop-native benchmark --quick" in done.stdout


def test_the_load_of_others_is_seen():
    watch = machine.LoadWatch()
    others = watch.others()
    assert others is None or others >= 0
    json.dumps(others)
