"""A model card of a run's folder: README.md as the Hugging Face Hub reads it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml

from qwop_native.atomic import whole_file
from qwop_native.facts import FRAMES_PER_SECOND
from qwop_native.models.metadata import settings_beside
from qwop_native.models.run_files import BEST_MODEL, EVALUATION, METADATA, MODEL
from qwop_native.text_files import read_text

CARD = "README.md"
# Models that a run leaves, the one to show first, and what was measured of each.
_RESULTS = {BEST_MODEL: "best.json", MODEL: EVALUATION}


def write_card(folder: Path, overwrite: bool = False) -> Path:
    """Writes the model card of a run into its folder.

    Args:
        folder: Of a run of `qwop-native train`.
        overwrite: Whether a README.md that is there already may be replaced.

    Returns:
        The card's file.

    Raises:
        FileNotFoundError: It is no run's folder, or holds no model yet.
        FileExistsError: There is a README.md, and it may not be replaced.
        ValueError: A file of the folder is damaged.
    """
    model = next((folder / name for name in _RESULTS if (folder / name).is_file()), None)
    if model is None or not (folder / METADATA).is_file():
        raise FileNotFoundError(
            f"{folder} is no folder of a run: it needs {METADATA} and {' or '.join(_RESULTS)}"
        )
    target = folder / CARD
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} is there already; --force replaces it")
    about = yaml.safe_load(read_text(folder / METADATA))
    if not isinstance(about, dict) or not {"action", "steps", "versions"} <= set(about):
        raise ValueError(f"{folder / METADATA} is of another version of this program")
    card = _text(model, about, _results(model))
    with whole_file(target) as file:
        file.write(card.encode())
    return target


def _results(model: Path) -> dict[str, Any]:
    path = model.with_name(_RESULTS[model.name])
    if not path.is_file():
        return {}
    try:
        told = json.loads(read_text(path))
        summary = told.get("trained", {}).get("summary", told)
        return {"finish": told["finish"], **summary}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is damaged: {error}") from None


def _text(model: Path, about: dict[str, Any], results: dict[str, Any]) -> str:
    algorithm = str(about["action"]).removeprefix("train_").upper()
    header = yaml.safe_dump(_header(algorithm, results), sort_keys=False)
    plays = settings_beside(model).env
    games = ", ".join(f"`{name}={value!r}`" for name, value in plays.items())
    rows = "\n".join(f"| {name} | {value} |" for name, value, _ in _metrics(results))
    evaluated = "The run has not been evaluated yet.\n"
    if results:
        evaluated = (
            f"{results['episodes']} greedy episodes; a run has finished by the rule "
            f"`{results['finish']}`.\n\n| | |\n|---|---|\n{rows}\n"
        )
    versions = ", ".join(f"{name} {version}" for name, version in about["versions"].items())
    return f"""---
{header}---

# {algorithm} on QWOP-v1

A runner for QWOP, trained with qwop-native, an engine whose runs replay bit for bit in the real
browser game.

## Results

{evaluated}
## Use

```sh
pip install 'qwop-native[train,render]'
qwop-native spectate {model.name}
```

```python
from qwop_native import load_policy

policy = load_policy("{model.name}")  # knows which games it plays
```

It plays {games or "games as QwopEnv makes them"}.

## Training

{int(about["steps"]):,} steps with seed {about.get("seed")}. `config.yml` holds every setting;
`qwop-native train {algorithm.lower()} -c config.yml` repeats the run.

Versions: {versions}.
"""


def _metrics(results: dict[str, Any]) -> list[tuple[str, str, tuple[str, float]]]:
    """Rows of the table: a name, the number in words, and its type and value for the Hub."""
    if not results:
        return []
    rate, far = float(results["success_rate"]), float(results["mean_distance"])
    rows = [
        ("finished", f"{rate:.0%}", ("success_rate", round(rate, 4))),
        ("mean distance", f"{far:.1f} m", ("mean_distance", round(far, 2))),
    ]
    for name in ("best", "median"):
        frames = results.get(f"{name}_frames")
        if frames is not None:
            seconds = float(frames) / FRAMES_PER_SECOND
            shown = f"{seconds:.2f} s ({frames:g} frames)"
            rows.append((f"{name} time to 100 m", shown, (f"{name}_time", round(seconds, 2))))
    return rows


def _header(algorithm: str, results: dict[str, Any]) -> dict[str, Any]:
    header: dict[str, Any] = {
        "library_name": "stable-baselines3",
        "tags": [
            "QWOP-v1",
            "qwop-native",
            "deep-reinforcement-learning",
            "reinforcement-learning",
            "stable-baselines3",
        ],
    }
    metrics = [
        {"type": kind, "value": value, "name": name, "verified": False}
        for name, _, (kind, value) in _metrics(results)
    ]
    if metrics:
        kind = "reinforcement-learning"
        result = {
            "task": {"type": kind, "name": kind},
            "dataset": {"name": "QWOP-v1", "type": "QWOP-v1"},
            "metrics": metrics,
        }
        header["model-index"] = [{"name": algorithm, "results": [result]}]
    return header
