"""Gaits: what tells them apart, that they do not compete, and the archive that a search leaves."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="learned values need the training packages")

from island_searches import KEYS, UPRIGHT

from qwop_native import Game
from qwop_native.cli.main import main
from qwop_native.facts import FRAMES_PER_SECOND, UNITS_PER_METER
from qwop_native.recording import load_recording
from qwop_native.search.islands.crew import Crew, Here
from qwop_native.search.islands.exchange import ByGait, by_cell, elites
from qwop_native.search.islands.gait_search import GaitSearcher
from qwop_native.search.islands.gaits import DESCRIPTORS, cadences, cells, described
from qwop_native.search.islands.runners import Runners
from qwop_native.search.islands.search import IslandSettings
from qwop_native.search.refine import play
from qwop_native.search.run import SearchSettings

SETTINGS = SearchSettings(minutes=60, rounds=0, groups=6, width=8, grids=(4,), threads=1)
ISLANDS = IslandSettings(islands=2, leg=24, carried=4)


def started():
    game = Game()
    game.start()
    game.reset()
    return game


def runners_of(gaits, ranks):
    """Runners with these gaits and ranks, told apart by their only key."""
    count = len(gaits)
    return Runners(
        np.arange(count, dtype=np.uint8)[:, None],
        tuple(bytes([row]) for row in range(count)),
        np.zeros(count, np.int32),
        np.array(ranks, np.float64),
        np.array(gaits, np.float64),
    )


SLOW, FAST = [1.0, 0.5, 0.5, 0.1, 0.5], [5.0, 0.2, 0.2, 0.8, 0.5]


@pytest.mark.parametrize(("hertz", "within"), [(0.6, 0.2), (1.0, 0.05), (1.7, 0.05), (3.0, 0.05)])
def test_cadences_are_frequencies(hertz, within):
    at = np.arange(60) / FRAMES_PER_SECOND
    swings = np.stack([3.0 + np.sin(2 * np.pi * hertz * at + phase) for phase in (0, 1, 2)], axis=1)
    assert cadences(swings) == pytest.approx(hertz, abs=within)
    assert (cadences(np.ones((60, 2))) >= 0.5).all()


def test_gaits_are_described_as_a_plain_loop_would():
    games, keys = [started(), started()], np.stack([KEYS[:60], np.zeros(60, np.uint8)])
    found = described(games, keys)
    assert found.shape == (2, len(DESCRIPTORS))
    stride, left, right, lean, lead = found[0]
    game, leads, leans = started(), [], []
    for mask in KEYS[:60].tolist():
        game.step(mask)
        leans.append(-1.25 - game.bodies[0, 2])
        leads.append(game.bodies[3, 0] > game.bodies[9, 0])
    assert lean == pytest.approx(np.mean(leans))
    assert 0.3 < left < 0.9
    assert 0.3 < right < 0.9
    assert 0 <= lead <= 1
    way = (game.bodies[0, 0] - started().bodies[0, 0]) / UNITS_PER_METER
    assert 0 < stride <= way
    standing = found[1]
    assert abs(standing[0]) < 0.2
    assert standing[1:3].min() > 0.8
    assert games[0].state_hash() == started().state_hash()


def test_the_record_runs_in_few_cells_and_starts_in_others():
    game, found = started(), []
    for frame in range(0, 1080, 60):
        found.append(described([game], KEYS[None, frame : frame + 60])[0])
        play(game, KEYS[frame : frame + 60])
    names = cells(np.array(found)).tolist()
    assert len(set(names[5:])) <= 5
    assert not set(names[:3]) & set(names[5:])


def test_each_gait_has_as_many_beams_however_it_stands():
    runners = runners_of([FAST] * 5 + [SLOW] * 2, [9, 8, 7, 6, 5, 1, 0])
    after = ByGait(carried=2)(runners, 6, np.random.default_rng(1))
    of = {group: after.keys[after.groups == group, 0].tolist() for group in range(6)}
    # Three beams of each gait deal its runners out; the slow ones have two for three.
    assert of == {0: [0, 3], 2: [1, 4], 4: [2], 1: [5], 3: [6], 5: [5]}
    few = ByGait(carried=8)(runners, 1, np.random.default_rng(1))
    assert few.keys[:, 0].tolist() == [0, 1, 2, 3, 4]


def test_elites_are_the_best_of_each_gait_once():
    runners = runners_of([SLOW, FAST, FAST, FAST], [1, 3, 2, 4])
    twice = Runners.joined([runners, runners])
    best = elites(twice, 2)
    assert best.keys[:, 0].tolist() == [0, 3, 1]
    assert best.groups.tolist() == [0, 1, 1]
    assert [rows.tolist() for rows in by_cell(best)] == [[0], [1, 2]]


class Legs(GaitSearcher):
    """A search for gaits that ends after so many legs."""

    def __init__(self, folder, lines, legs, settings=SETTINGS):
        self.lines, self.legs = lines, legs
        crew = Crew(Here(), lines.append)
        super().__init__(folder, settings, UPRIGHT, crew, ISLANDS, lines.append, apart=96)

    def _over(self):
        return sum(line.startswith("pass") for line in self.lines) >= self.legs


def archive(folder):
    return {path.name: Runners.load(path, "start")[0] for path in folder.glob("gaits-*.npz")}


def test_a_search_leaves_an_archive_of_gaits_that_replay(tmp_path):
    lines = []
    Legs(tmp_path, lines, 5).run()
    found = archive(tmp_path)
    assert sorted(found) == ["gaits-0024.npz", "gaits-0048.npz", "gaits-0072.npz", "gaits-0096.npz"]
    table = json.loads((tmp_path / "gaits.json").read_text())
    assert len(table) > 1
    assert [entry["rank"] for entry in table] == sorted((e["rank"] for e in table), reverse=True)
    for entry in table:
        recording = load_recording(tmp_path / "gaits" / entry["run"])
        assert len(recording.keys) == 96
        result = recording.metadata["result"]
        assert result["distance"] == pytest.approx(entry["meters"], abs=0.01)
    assert f"{len(table)} gaits after 96 frames" in "".join(lines)
    # Behind that frame runners compete as in any other search.
    assert lines[-1].startswith("pass 0, frame 120")


def test_a_stopped_search_for_gaits_goes_on_and_later_passes_only_add(tmp_path):
    Legs(tmp_path / "whole", [], 4).run()
    for legs in (1, 3, 4):
        lines = ["pass"] * (legs - 1) if legs > 1 else []
        Legs(tmp_path / "parts", lines[:1] if legs == 3 else lines, legs).run()
    whole, parts = archive(tmp_path / "whole"), archive(tmp_path / "parts")
    assert whole.keys() == parts.keys()
    for name, runners in whole.items():
        assert np.array_equal(runners.keys, parts[name].keys)
    (tmp_path / "parts" / "pass.npz").unlink()
    again = replace(SETTINGS, seed=2)
    Legs(tmp_path / "parts", [], 4, again).run()
    for name, runners in archive(tmp_path / "parts").items():
        best = dict(zip(cells(whole[name].gaits)[::-1], whole[name].ranks[::-1], strict=True))
        now = dict(zip(cells(runners.gaits)[::-1], runners.ranks[::-1], strict=True))
        assert best.keys() <= now.keys()
        assert all(now[cell] >= rank for cell, rank in best.items())


def test_a_damaged_archive_and_one_from_elsewhere_are_refused(tmp_path):
    Legs(tmp_path, [], 1).run()
    file = tmp_path / "gaits-0024.npz"
    (tmp_path / "pass.npz").unlink()
    with pytest.raises(ValueError, match="another flavor or start; choose another folder"):
        Legs(tmp_path, [], 1, replace(SETTINGS, sincos="fdlibm")).run()
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(ValueError, match=r"gaits-0024\.npz is damaged"):
        Legs(tmp_path, [], 1).run()
    assert len(file.read_bytes()) == 200


def test_command(tmp_path, capsys):
    command = ["search", str(tmp_path), "--islands", "1", "--rounds", "0", "--grids", "4"]
    assert main([*command, "--gaits", "59"]) == 2
    assert "--gaits must be at least 60, the frames by which" in capsys.readouterr().err
    assert main([*command, "--gaits", "60", "--width", "4", "--minutes", "0.2"]) in (0, 1)
    assert "gaits after 60 frames, the best at" in capsys.readouterr().out
    assert (tmp_path / "gaits.json").is_file()
