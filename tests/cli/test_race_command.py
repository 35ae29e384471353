"""Races at the command: who is called what, how long it goes on, and how it ends."""

from pathlib import Path

import pytest

import qwop_native
from qwop_native import load_recording
from qwop_native.cli import main as cli
from qwop_native.cli import screen, session
from qwop_native.recording import make_recording

CHAMPION = Path(qwop_native.__file__).parent / "champion"
PICTURES = 40  # in which the podium stands in a video of ten pictures a second


class Pictures:
    """Stands in for a video: keeps what each picture is drawn from, and draws none of them."""

    def __init__(self, monkeypatch):
        self.drawn = []
        monkeypatch.setattr(screen, "VideoWriter", lambda path, fps: self)
        monkeypatch.setattr(screen.Renderer, "draw", self.keep)

    def keep(self, game, ghosts, choice, message, race, podium):
        frames = [each.frames for each in (game, *ghosts)]
        self.drawn.append((frames, race, podium))

    def add(self, picture):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


@pytest.fixture
def runs(tmp_path):
    """The record, its first hundred frames, and a fall, two of them of one name."""
    record = load_recording(CHAMPION / "fastest-glibc.qwop")
    paths = [tmp_path / name for name in ("record.qwop", "a/run.qwop", "b/run.qwop")]
    keys = [record.keys.tolist(), record.keys.tolist()[:100], [9] * 300]
    for path, masks in zip(paths, keys, strict=True):
        path.parent.mkdir(exist_ok=True)
        make_recording(masks, record.sincos, record.page).save(path)
    return [str(path) for path in paths]


def test_a_race_has_names_goes_on_to_its_end_and_has_a_podium(runs, monkeypatch, capsys):
    pictures = Pictures(monkeypatch)
    video = ["--video", "x.mp4", "--fps", "10"]
    assert cli.main(["race", *runs, *video]) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in table] == ["1. record", "2. a/run", "3. b/run"]
    (_, race, first), *_ = pictures.drawn
    assert race.names == ["record", "a/run", "b/run"]
    assert not race.follow
    assert first == ()
    assert [bool(podium) for *_, podium in pictures.drawn[-PICTURES:]] == [True] * PICTURES
    assert not pictures.drawn[-PICTURES - 1][2]
    podium = pictures.drawn[-1][2]
    assert [each.name for each in podium] == race.names
    assert podium[0].result == "36.27 s"
    assert podium[2].ended == "fell"


def test_the_podium_knows_how_those_end_who_are_not_waited_for(runs, monkeypatch, tmp_path):
    slow = load_recording(runs[0])
    keys = [0] * 700 + [9] * 300  # it stands, and falls long after the winner has come in
    make_recording(keys, slow.sincos, slow.page).save(tmp_path / "slow.qwop")
    pictures = Pictures(monkeypatch)
    monkeypatch.setattr(session, "_WAITS", 50)
    arguments = ["race", runs[1], str(tmp_path / "slow.qwop"), "--video", "x.mp4"]
    assert cli.main(arguments) == 0
    frames, _, podium = pictures.drawn[-1]
    assert max(frames) < 700
    assert [each.ended for each in podium] == ["", "fell"]


def test_a_race_that_is_cut_off_has_no_podium(runs, monkeypatch):
    pictures = Pictures(monkeypatch)
    assert cli.main(["race", *runs[:2], "--video", "x.mp4", "--frames", "60"]) == 0
    frames, _, podium = pictures.drawn[-1]
    assert max(frames) <= 62
    assert podium == ()


def test_ghosts_of_a_replay_have_names_and_the_replay_is_followed(runs, monkeypatch):
    pictures = Pictures(monkeypatch)
    shown = ["--video", "x.mp4", "--frames", "20"]
    assert cli.main(["replay", runs[1], "--ghost", runs[0], runs[2], *shown]) == 0
    _, race, podium = pictures.drawn[-1]
    assert race.follow
    assert race.names == ["a/run", "record", "b/run"]
    assert podium == ()
    assert cli.main(["replay", runs[1], *shown]) == 0
    assert pictures.drawn[-1][1] is None


def test_a_model_with_other_actions_is_named_in_one_sentence(tmp_path, capsys):
    gym = pytest.importorskip("gymnasium")
    sb3 = pytest.importorskip("stable_baselines3")
    (tmp_path / "mine").mkdir()
    path = tmp_path / "mine" / "best_model.zip"
    sb3.PPO("MlpPolicy", gym.make("QWOP-v1"), device="cpu").save(path)
    status = cli.main(["race", "champion", str(path), "--action-set", "essential", "--table"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert status == 2
    assert str(path) in said
    assert "was trained with other actions: it has 16, the essential set has 9" in said
