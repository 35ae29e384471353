"""`python -m benchmarks.ablation`: the record recipe of QR-DQN with one thing changed at a time.

    python -m benchmarks.ablation runs/ablation
    python -m benchmarks.ablation runs/ablation --only "no LayerNorm" --seeds 2 --steps 8e6

Trains each variant of ablation.yml beside this file with each seed, one run after the other.
Called again with the same folder, it goes on with the run that was cut off, and leaves out those
that are there. The folder gets a run folder for each, `table.md` and `curves.png`. The table tells
how each last model does from the 155 varied starts, and from how many of 100 starts after half a
second of keys at random it finishes.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from qwop_native.atomic import whole_file
from qwop_native.benchmarking import machine
from qwop_native.benchmarking.ablation_curves import Evaluation, draw
from qwop_native.models.evaluate import evaluate
from qwop_native.models.load import load_policy
from qwop_native.models.run_files import HISTORY, MODEL
from qwop_native.models.starts import make_starts
from qwop_native.text_files import read_text
from qwop_native.training import resume
from qwop_native.training.algorithms import CONFIGS

RECIPE = CONFIGS / "qrdqn_record.yml"
VARIANTS = Path(__file__).with_name("ablation.yml")
_LAST_PART = 0.75  # of a run; the worst evaluation is looked for behind it
_DISTURBED = "random_keys.json"
_MOST_STEPS = 1500  # of a run after keys at random; runners that stand would go on for ever


@dataclass(frozen=True)
class Outcome:
    """One run.

    Attributes:
        variant: Its name.
        seed: Its seed.
        evaluations: In their order; the last one is of the last model.
        disturbed: Share of the starts after keys at random from which the last model finishes.
    """

    variant: str
    seed: int
    evaluations: tuple[Evaluation, ...]
    disturbed: float

    @property
    def last(self) -> Evaluation:
        """The evaluation of the last model."""
        return self.evaluations[-1]

    @property
    def worst(self) -> float:
        """Least share of finished runs in the last quarter."""
        begin = _LAST_PART * self.last.steps
        return min(each.finished for each in self.evaluations if each.steps >= begin)


def load_variants(path: Path = VARIANTS) -> dict[str, dict[str, Any]]:
    """Changed settings by the name of the variant."""
    variants: dict[str, dict[str, Any]] = yaml.safe_load(read_text(path))
    return variants


def run_folder(folder: Path, variant: str, seed: int) -> Path:
    """Where a run is."""
    words = "".join(c if c.isalnum() else "-" for c in variant.lower())
    return folder / f"{words}.{seed}"


def train(folder: Path, variant: str, seed: int, words: Sequence[str]) -> None:
    """Trains, from the last checkpoint on where there is one.

    Args:
        folder: Of all runs.
        variant: Name of the variant.
        seed: Of the run.
        words: Settings as on the command line.

    Raises:
        subprocess.CalledProcessError: The training failed or was interrupted.
    """
    run = run_folder(folder, variant, seed)
    if (run / MODEL).exists():
        return
    print(f"\n=== {variant}, seed {seed}", flush=True)
    command = [sys.executable, "-m", "qwop_native", "train"]
    if (run / resume.NAME).exists():
        command += ["--resume", str(run)]
    else:
        command += ["qrdqn", "-c", str(RECIPE)]
        for word in (*words, f"seed={seed}", f"out_dir={run}"):
            command += ["-s", word]
    subprocess.run(command, check=True)


def settings_of(changes: Mapping[str, Any]) -> list[str]:
    """The changes of a variant as words of the command line."""
    return [f"{key}={json.dumps(value)}" for key, value in changes.items()]


def outcome_of(folder: Path, variant: str, seed: int) -> Outcome | None:
    """A run that has come to its end, else None."""
    run = run_folder(folder, variant, seed)
    if not (run / MODEL).exists():
        return None
    evaluations = tuple(_evaluations(run / HISTORY))
    return Outcome(variant, seed, evaluations, _from_random_keys(run))


def _from_random_keys(run: Path) -> float:
    """Share of runs that finish after keys at random; kept in the folder, as it takes seconds."""
    file = run / _DISTURBED
    if not file.exists():
        policy = load_policy(run / MODEL)
        starts = make_starts("scrambled", frames_per_step=policy.frames_per_step)
        runs = evaluate(policy.chooser(), policy.settings.env, starts, _MOST_STEPS)
        with whole_file(file) as out:
            out.write(json.dumps([each.numbers() for each in runs], indent=1).encode())
    played = json.loads(read_text(file))
    return float(np.mean([each["finished"] for each in played]))


def _evaluations(path: Path) -> Iterator[Evaluation]:
    for line in read_text(path).splitlines():
        point = json.loads(line)
        if "eval/success_rate" in point:
            yield Evaluation(
                point["steps"],
                point["eval/success_rate"],
                point.get("eval/best_frames"),
                point.get("eval/median_frames"),
            )


def _by_variant(outcomes: Sequence[Outcome]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = {}
    for each in outcomes:
        groups.setdefault(each.variant, []).append(each)
    return groups


def table(by_variant: Mapping[str, Sequence[Outcome]]) -> str:
    """A table in Markdown, a line for each variant, seeds side by side."""
    lines = [
        "| variant | finish | best | median | worst of the last quarter | after random keys |",
        "|---|---|---|---|---|---|",
    ]
    for variant, runs in by_variant.items():
        cells = (
            " / ".join(f"{each.last.finished:.0%}" for each in runs),
            " / ".join(_frames(each.last.best) for each in runs),
            " / ".join(_frames(each.last.median) for each in runs),
            " / ".join(f"{each.worst:.0%}" for each in runs),
            " / ".join(f"{each.disturbed:.0%}" for each in runs),
        )
        lines.append(f"| {variant} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _frames(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; 0 when all has been trained, 1 if a training failed, 2 for a mistake."""
    variants = load_variants()
    given = _parse(argv, list(variants))
    chosen = given.only or list(variants)
    seeds = range(1, given.seeds + 1)
    for name, value in machine.describe("torch", "sb3-contrib").items():
        print(f"{name}: {value}")
    for seed in seeds:
        for variant in chosen:
            words = [f"total_timesteps={given.steps}", *given.set]
            try:
                train(given.folder, variant, seed, words + settings_of(variants[variant]))
            except subprocess.CalledProcessError as error:
                print(f"{variant}, seed {seed}: {error}", file=sys.stderr)
                return 1
    return report(given.folder, chosen, seeds)


def report(folder: Path, variants: Sequence[str], seeds: Sequence[int]) -> int:
    """Prints and writes the table, and draws the curves, of the runs that are there."""
    found = [outcome_of(folder, variant, seed) for variant in variants for seed in seeds]
    outcomes = [each for each in found if each is not None]
    by_variant = _by_variant(outcomes)
    text = table(by_variant)
    print("\n" + text, end="")
    medians = [each.last.median for each in outcomes if each.last.median is not None]
    if medians:
        print(f"\nmedian of the medians: {statistics.median(medians):,.0f} frames")
    with whole_file(folder / "table.md") as file:
        file.write(text.encode())
    curves = {name: [run.evaluations for run in runs] for name, runs in by_variant.items()}
    if curves:
        draw(curves, folder / "curves.png")
    return 0


def _parse(argv: Sequence[str] | None, variants: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ablation",
        description=__doc__,
        epilog="variants: " + "; ".join(variants),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="folder of the runs")
    parser.add_argument("--only", action="append", choices=variants, metavar="VARIANT")
    parser.add_argument("--seeds", type=int, default=3, help="seeds 1 to so many (3)")
    parser.add_argument("--steps", type=float, default=32e6, help="environment steps of each run")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    given = parser.parse_args(argv)
    if given.seeds < 1 or given.steps < 1:
        parser.error("--seeds and --steps must be at least 1")
    given.steps = int(given.steps)
    return given
