"""Islands: the same bits whoever plays the legs, whoever is lost, and wherever it was stopped."""

from __future__ import annotations

import os
import signal
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="learned values need the training packages")

from island_searches import ISLANDS, KEYS, SETTINGS, UPRIGHT, Stopped, facts

from qwop_native import Game
from qwop_native.champion import runs
from qwop_native.cli.main import main
from qwop_native.recording import load_recording
from qwop_native.search.beam import BeamSettings
from qwop_native.search.islands.crew import Crew, Here, Lost
from qwop_native.search.islands.exchange import ByStanding
from qwop_native.search.islands.leg import Leg, Outcome, Plan, play_leg
from qwop_native.search.islands.processes import Processes
from qwop_native.search.islands.runners import Runners
from qwop_native.search.islands.search import IslandSettings
from qwop_native.search.refine import play


def started(keys=KEYS[:0]):
    game = Game()
    game.start()
    game.reset()
    play(game, keys)
    return game


def leg(keys=KEYS[:600], frames=2, groups=3, until=None, seed=(1,)):
    game = started(keys)
    there = Runners.all_at(game, keys, groups)
    beam = BeamSettings(10, frames, groups=groups, noise=0.2, segment=10_000)
    return Leg(0, beam, there, until or game.frames + 20, seed, 1e9)


PLAN = Plan(UPRIGHT, None, "glibc", carried=4)


def same(one, other):
    assert one.snapshots == other.snapshots
    for name in ("keys", "groups", "ranks", "gaits"):
        assert np.array_equal(getattr(one, name), getattr(other, name))


def test_what_a_leg_returns_are_games_that_its_keys_lead_to():
    outcome = play_leg(PLAN, leg())
    assert outcome.in_time
    assert outcome.run is None
    assert outcome.played > 0
    there = outcome.runners
    assert there.keys.shape[1] == 620
    assert np.bincount(there.groups).tolist() == [4, 4, 4]
    for row in (0, 5, 11):
        game = started(there.keys[row])
        assert game.state_hash() == there.game(row, "glibc").state_hash()
    same(play_leg(PLAN, leg()).runners, there)
    # And from there, with several roots in each group.
    following = Leg(0, leg().beam, there, there.game(0, "glibc").frames + 20, (2,), 1e9)
    after = play_leg(PLAN, following).runners
    assert after.keys.shape[1] == 640
    assert started(after.keys[-1]).state_hash() == after.game(-1, "glibc").state_hash()
    heads = {tuple(row) for row in there.keys}
    assert {tuple(row[:620]) for row in after.keys} <= heads


def test_a_leg_that_is_out_of_time_falls_or_finishes_says_so():
    assert not play_leg(PLAN, replace(leg(), seconds=0.0)).in_time
    fallen = play_leg(PLAN, leg(np.full(46, 4, np.uint8), frames=8))  # O, held on, is a fall
    assert fallen.in_time
    assert fallen.run is None
    assert not len(fallen.runners)
    finished = play_leg(PLAN, leg(KEYS[:1070], until=1200))
    assert finished.run is not None
    game = started(finished.run.keys)
    assert game.jump_landed
    assert game.frames == finished.run.frames


def test_better_groups_take_the_place_of_others_in_any_number():
    runners = play_leg(PLAN, leg()).runners
    runners = replace(runners, ranks=runners.ranks + 50.0 * (runners.groups == 1))
    best = {tuple(row) for row in runners.keys[runners.groups == 1]}
    for groups in (1, 3, 8):
        after = ByStanding(0.7)(runners, groups, np.random.default_rng(1))
        assert np.unique(after.groups).tolist() == list(range(groups))
        assert {tuple(row) for row in after.keys} == best


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A search of twelve legs without any disturbance."""
    return Stopped(tmp_path_factory.mktemp("whole"), [], 12).searched()


def test_a_search_finds_what_replays_and_searches_again_along_it(whole):
    recording = load_recording(whole._folder / "best.qwop")
    assert recording.play().frames == whole.best.frames
    assert np.array_equal(recording.keys[:1020], KEYS[:1020])
    passes = facts(whole)
    assert [entry["number"] for entry in passes] == list(range(len(passes)))
    assert len(passes) > 1
    assert passes[1]["at"] > 1020


@pytest.mark.parametrize("stops", [[1], [2, 3], [4, 9]])
def test_a_stopped_search_goes_on_with_the_same_bits(tmp_path, whole, stops):
    lines = []
    for legs in stops:
        Stopped(tmp_path, lines, legs).searched()
    parts = Stopped(tmp_path, lines, 12).searched()
    assert facts(parts) == facts(whole)
    assert np.array_equal(parts.best.keys, whole.best.keys)
    if stops == [1]:
        assert "going on after frame 1040 of pass 0" in lines


def test_processes_play_the_same_bits_though_one_is_killed(tmp_path, whole):
    killed = []

    class Lines(list):
        def append(self, line):
            super().append(line)
            if line.startswith("pass 0, frame") and not killed:
                process, _ = next(iter(workers._workers.values()))
                killed.append(process.pid)
                os.kill(process.pid, signal.SIGKILL)

    lines, workers = Lines(), Processes(2)
    crew = Crew(workers, lines.append)
    search = Stopped(tmp_path, lines, 12, crew)
    try:
        search.searched()
    finally:
        crew.close()
    assert facts(search) == facts(whole)
    assert np.array_equal(search.best.keys, whole.best.keys)
    (said,) = (line for line in lines if "lost" in line)
    assert said.startswith(f"a worker was lost (process {killed[0]}, signal 9); island")


def test_more_islands_go_on_where_fewer_have_stopped(tmp_path):
    lines = []
    Stopped(tmp_path, lines, 1).searched()
    more = replace(ISLANDS, islands=5)
    Stopped(tmp_path, lines, 2, islands=more).searched()
    assert len(lines) == 3
    assert "15 groups" in lines[-1]


def test_time_that_ends_within_a_leg_loses_that_leg_only(tmp_path):
    lines = []
    Stopped(tmp_path, lines, 1).searched()
    before = (tmp_path / "pass.npz").read_bytes()
    late = Stopped(tmp_path, lines, 9, settings=replace(SETTINGS, minutes=1e-9))
    late._crew.begin(late._plan())
    assert late._one_leg(*late._under_way, ByStanding(0.7)) is None
    assert (tmp_path / "pass.npz").read_bytes() == before


def damaged(content, how):
    return {
        "empty": b"",
        "cut": content[: len(content) // 2],
        "other": b"PK nothing",
        "flipped": content[:400] + bytes([content[400] ^ 1]) + content[401:],
    }[how]


@pytest.mark.parametrize("how", ["empty", "cut", "other", "flipped"])
def test_a_damaged_pass_is_refused_in_a_sentence_and_left_alone(tmp_path, how):
    Stopped(tmp_path, [], 1).searched()
    file = tmp_path / "pass.npz"
    file.write_bytes(damaged(file.read_bytes(), how))
    before = file.read_bytes()
    with pytest.raises(ValueError, match=r"pass\.npz is damaged: .*; remove it, and"):
        Stopped(tmp_path, [], 2)
    assert file.read_bytes() == before


def test_a_pass_whose_parts_do_not_fit_is_refused(tmp_path):
    search = Stopped(tmp_path, [], 1).searched()
    _, runners = search._under_way
    file = tmp_path / "pass.npz"
    replace(runners, groups=runners.groups[1:]).save(file, done=np.array("{}"))
    with pytest.raises(ValueError, match="groups does not fit the rest"):
        Stopped(tmp_path, [], 2)
    runners.save(file, done=np.array("{}"))
    with pytest.raises(ValueError, match=r"pass\.npz is damaged"):
        Stopped(tmp_path, [], 2)


@pytest.mark.parametrize(
    "other", [{"sincos": "glibc-fma", "head": KEYS[:300]}, {"head": KEYS[:1000]}]
)
def test_a_pass_from_elsewhere_is_refused(tmp_path, other):
    Stopped(tmp_path, [], 1).searched()
    with pytest.raises(ValueError, match="another flavor or start; choose another folder"):
        Stopped(tmp_path, [], 2, settings=replace(SETTINGS, **other))


class Dying(Here):
    """Workers that take so many legs to the grave."""

    def __init__(self, legs):
        super().__init__()
        self.left = legs

    def give(self, worker, leg):
        if self.left:
            self.left -= 1
            self._answers.append((worker, Lost("struck by lightning")))
        else:
            super().give(worker, leg)


def test_a_leg_that_takes_its_workers_down_ends_the_search_in_a_sentence():
    lines = []
    crew = Crew(Dying(2), lines.append)
    crew.begin(PLAN)
    (outcome,) = crew.play([leg()])
    assert isinstance(outcome, Outcome)
    assert lines == ["a worker was lost (struck by lightning); island 0 goes on with another"] * 2
    crew = Crew(Dying(3), lines.append)
    crew.begin(PLAN)
    with pytest.raises(RuntimeError, match="3 workers were lost with the same leg of island 0"):
        crew.play([leg()])


def test_what_a_leg_raises_reaches_the_search():
    crew = Crew(Processes(1))
    broken = replace(leg(), runners=replace(leg().runners, snapshots=(b"none",) * 3))
    try:
        crew.begin(PLAN)
        with pytest.raises(ValueError, match="snapshot"):
            crew.play([broken])
        assert crew.play([leg()])[0].in_time
    finally:
        crew.close()


@pytest.mark.parametrize("name", ["islands", "leg", "carried", "temperature"])
def test_settings_that_cannot_be(name):
    with pytest.raises(ValueError, match=f"{name} must be "):
        IslandSettings(**{name: 0})


def test_command(tmp_path, capsys):
    run = tmp_path / "run.qwop"
    run.write_bytes(next(path for path in runs() if path.stem == "fastest-glibc").read_bytes())
    command = ["search", str(tmp_path / "found"), "--islands", "2", "--rounds", "0"]
    assert main([*command, "--tries", "3"]) == 2
    assert "--tries is for a search without islands" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command[:3], "0"])
    assert "must be at least 1" in capsys.readouterr().err
    beginning = ["--from", str(run), "--at", "1060", "--width", "40", "--groups", "2"]
    assert main([*command, *beginning, "--minutes", "0.5", "--grids", "2"]) == 0
    out = capsys.readouterr().out
    assert "pass 0 from frame 1060: " in out
    assert "the human record is" in out
    assert (tmp_path / "found" / "best.qwop").is_file()
