"""A short soak, and what it says where something differs."""

import numpy as np
import pytest

from qwop_native import QwopVectorEnv, _core
from qwop_native.benchmarking import soak


def test_every_instruction_set_plays_as_one_game():
    tally = soak.soak(frames=150_000, seed=7, steps=150)
    assert set(tally.frames) == {"one game", *_core.instruction_sets()}
    assert len(set(tally.frames.values())) == 1
    assert tally.total >= 150_000
    assert all(tally.counts[name] for name in ("rounds", "episodes", "restarts"))
    assert tally.counts["copies"] + tally.counts["snapshots"] > 0


def test_the_digest_is_that_of_the_seed_whatever_plays():
    one = soak.soak(1, 3, ["scalar"], steps=60).digest.hexdigest()
    assert soak.soak(1, 3, steps=60).digest.hexdigest() == one
    assert soak.soak(1, 4, ["scalar"], steps=60).digest.hexdigest() != one


def test_a_difference_names_its_round(monkeypatch):
    step = QwopVectorEnv.step

    def wrong(self, actions):
        result = step(self, actions)
        result[1][-1] = np.nextafter(result[1][-1], 1)
        return result

    monkeypatch.setattr(QwopVectorEnv, "step", wrong)
    with pytest.raises(soak.SoakError, match=r"rewards of scalar differ .* with --seed 5"):
        soak.soak(1, 5, ["scalar"])


def test_the_program(capsys):
    assert soak.main(["--frames", "1", "--seed", "2"]) == 0
    said = capsys.readouterr().out
    assert "all equal" in said
    assert said.splitlines()[-1].startswith("digest ")
    with pytest.raises(SystemExit, match="2"):
        soak.main(["--frames", "0"])
    assert "--frames must be at least 1" in capsys.readouterr().err
