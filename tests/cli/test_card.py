"""Model cards: of a run's folder, with the metadata that the Hugging Face Hub reads."""

import json
import shutil

import pytest

yaml = pytest.importorskip("yaml")
pytest.importorskip("sb3_contrib")

from qwop_native.cli.main import main  # noqa: E402
from qwop_native.models.card import write_card  # noqa: E402


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("card") / "run"
    small = "n_envs=2 total_timesteps=256 n_evaluations=1 evaluation_episodes=2 seed=3".split()
    small += ["learner.n_steps=64", "learner.batch_size=64", "env.action_set=essential"]
    small += ["progress_bar=false", f"out_dir={folder}"]
    settings = [word for each in small for word in ("-s", each)]
    assert main(["train", "ppo", *settings]) == 0
    return folder


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run")


def header_of(card):
    text = card.read_text()
    assert text.startswith("---\n")
    return yaml.safe_load(text.split("---\n")[1]), text


def test_a_card_has_what_the_hub_reads_and_the_runs_own_numbers(run, capsys):
    assert main(["card", str(run)]) == 0
    assert f"hf upload NAME/MODEL {run}" in capsys.readouterr().out
    header, text = header_of(run / "README.md")
    assert header["library_name"] == "stable-baselines3"
    assert {"reinforcement-learning", "QWOP-v1"} <= set(header["tags"])
    (model,) = header["model-index"]
    (result,) = model["results"]
    assert model["name"] == "PPO"
    assert result["dataset"] == {"name": "QWOP-v1", "type": "QWOP-v1"}
    best = json.loads((run / "best.json").read_text())
    values = {each["type"]: each["value"] for each in result["metrics"]}
    assert values["success_rate"] == best["success_rate"]
    assert values["mean_distance"] == round(best["mean_distance"], 2)
    assert "seed 3" in text
    assert "`action_set='essential'`" in text
    assert 'load_policy("best_model.zip")' in text


def test_the_hubs_own_library_takes_the_card(run):
    hub = pytest.importorskip("huggingface_hub", reason="the Hub's library is not installed")
    card = hub.ModelCard.load(write_card(run))
    assert card.data.model_name == "PPO"
    assert {each.metric_type for each in card.data.eval_results} == {
        "success_rate",
        "mean_distance",
    }


def test_times_of_runs_that_finish_are_told(run):
    best = json.loads((run / "best.json").read_text())
    best |= {"success_rate": 0.5, "best_frames": 1200, "median_frames": 1350.0}
    (run / "best.json").write_text(json.dumps(best))
    header, text = header_of(write_card(run))
    values = {
        each["type"]: each["value"] for each in header["model-index"][0]["results"][0]["metrics"]
    }
    assert (values["best_time"], values["median_time"]) == (40.0, 45.0)
    assert "| best time to 100 m | 40.00 s (1200 frames) |" in text


def test_without_an_evaluation_the_last_model_is_shown(run):
    for name in ("best_model.zip", "evaluation.json"):
        (run / name).unlink()
    header, text = header_of(write_card(run))
    assert "model-index" not in header
    assert "not been evaluated" in text
    assert "spectate model.zip" in text


def test_what_is_there_is_kept_and_bad_folders_are_refused(run, tmp_path, capsys):
    (run / "README.md").write_text("mine\n")
    assert main(["card", str(run)]) == 2
    assert "is there already; --force replaces it" in capsys.readouterr().err
    assert (run / "README.md").read_text() == "mine\n"
    assert main(["card", str(run), "--force"]) == 0
    assert main(["card", str(tmp_path)]) == 2
    assert "is no folder of a run: it needs metadata.yml" in capsys.readouterr().err
    (run / "best.json").write_text("{")
    assert main(["card", str(run), "--force"]) == 2
    assert "best.json is damaged" in capsys.readouterr().err
