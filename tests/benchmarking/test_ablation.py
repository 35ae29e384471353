"""The ablation of the record recipe: its variants are settings, and its table is what runs gave."""

import json

import pytest

pytest.importorskip("sb3_contrib")

from qwop_native.benchmarking import ablation
from qwop_native.training import config
from qwop_native.training.algorithms import get_algorithm

SMALL = (
    "games.num_envs=128",
    "learner.learning_starts=500",
    "learner.buffer_size=4000",
    "n_evaluations=2",
    "n_checkpoints=0",
)


@pytest.mark.parametrize("variant", ablation.load_variants())
def test_each_variant_differs_from_the_recipe_as_it_says(variant):
    changes = ablation.load_variants()[variant]
    words = ablation.settings_of(changes)
    recipe, changed = (
        config.load(ablation.RECIPE, chosen, get_algorithm("qrdqn")) for chosen in ([], words)
    )
    assert (recipe == changed) == (not changes)


def test_runs_are_made_once_and_told(tmp_path, capsys):
    words = [str(tmp_path), "--steps", "2e3", "--seeds", "1", "--only", "the recipe"]
    for word in SMALL:
        words += ["--set", word]
    assert ablation.main(words) == 0
    model = ablation.run_folder(tmp_path, "the recipe", 1) / "model.zip"
    made = model.stat().st_mtime_ns
    first = (tmp_path / "table.md").read_text()
    assert "| the recipe | 0% | - | - | 0% | 0% |" in first
    assert (tmp_path / "curves.png").stat().st_size > 5000
    assert ablation.main(words) == 0
    assert model.stat().st_mtime_ns == made
    assert first in capsys.readouterr().out


def test_the_worst_evaluation_is_that_of_the_last_quarter(tmp_path):
    run = ablation.run_folder(tmp_path, "no LayerNorm", 2)
    run.mkdir()
    (run / "model.zip").touch()
    ends = [{"finished": end} for end in (True, False, True, True)]
    (run / "random_keys.json").write_text(json.dumps(ends))
    points = [(1, 0.1, 1500), (2, 0.5, 1400), (3, 0.75, 1390), (4, 1.0, 1300)]
    (run / "history.jsonl").write_text(
        "".join(
            json.dumps({"steps": n, "eval/success_rate": share, "eval/median_frames": frames})
            + "\n"
            for n, share, frames in points
        )
    )
    outcome = ablation.outcome_of(tmp_path, "no LayerNorm", 2)
    assert outcome.worst == 0.75
    assert "| no LayerNorm | 100% | - | 1,300 | 75% | 75% |" in ablation.table(
        {"no LayerNorm": [outcome]}
    )
    assert ablation.outcome_of(tmp_path, "no LayerNorm", 3) is None


@pytest.mark.parametrize("word", ["--seeds=0", "--steps=0", "--only=none such"])
def test_bad_words(tmp_path, word, capsys):
    with pytest.raises(SystemExit) as stop:
        ablation.main([str(tmp_path), word])
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err
