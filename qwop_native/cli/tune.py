"""`qwop-native tune`: a search over settings, on one machine or on many."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwop_native.cli.common import require_models
from qwop_native.training.algorithms import get_algorithm

if TYPE_CHECKING:
    from qwop_native.training import study

_REFUSALS = (ValueError, FileExistsError)  # settings that do not go together, or a used folder
_MOST_FAILURES = 5


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; exit status 0 for success, 2 for a mistake, 130 after Ctrl-C."""
    given = _parser().parse_args(argv)
    try:
        require_models()
        from qwop_native.training import study

        search = study.load(given.study)
        if given.ray:
            from qwop_native.training.tune_ray import run_study

            return run_study(search, given.folder, given.address)
        return _with_optuna(search, given.folder)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return 130


def _with_optuna(search: study.Study, folder: Path) -> int:
    """Runs trials until the study has as many as it wants, together with other processes."""
    try:
        import optuna
    except ImportError as error:
        raise ImportError("a search needs Optuna: pip install 'qwop-native[tune]'") from error
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    folder.mkdir(parents=True, exist_ok=True)
    found = optuna.create_study(
        study_name="study",
        direction="maximize",
        storage=JournalStorage(JournalFileBackend(str(folder / "journal.log"))),
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(),
    )

    failures: list[Exception] = []  # of the trials since the last that worked

    def objective(trial: Any) -> float:
        chosen = {name: _draw(trial, name, each) for name, each in search.ranges().items()}
        try:
            score = mean_score(search, chosen, folder / f"trial-{trial.number}")
        except _REFUSALS as error:
            failures.append(error)
            raise
        failures.clear()
        return score

    def give_up(study: Any, _trial: Any) -> None:
        if len(failures) >= _MOST_FAILURES:
            study.stop()

    enough = optuna.study.MaxTrialsCallback(
        search.trials, states=(optuna.trial.TrialState.COMPLETE,)
    )
    done = (optuna.trial.TrialState.COMPLETE,)
    if len(found.get_trials(deepcopy=False, states=done)) < search.trials:
        found.optimize(objective, callbacks=[enough, give_up], catch=_REFUSALS)
    if len(failures) >= _MOST_FAILURES:
        raise ValueError(f"{_MOST_FAILURES} trials in a row were refused: {failures[-1]}")
    best = found.best_trial
    print(f"best of {len(found.get_trials(states=done))} trials: {best.value:.2f} with")
    for name, value in best.params.items():
        print(f"  {name}={value}")
    return 0


def _draw(trial: Any, name: str, each: study.Range) -> Any:
    if each.choices:
        return trial.suggest_categorical(name, list(each.choices))
    if each.whole:
        return trial.suggest_int(name, each.low, each.high, log=each.log)
    return trial.suggest_float(name, each.low, each.high, log=each.log)


def mean_score(search: study.Study, chosen: dict[str, Any], folder: Path) -> float:
    """Trains with chosen settings, once for each seed of the study.

    Raises:
        KeyboardInterrupt: A run was interrupted.
    """
    from qwop_native.training.runner import INTERRUPTED, Run
    from qwop_native.training.study import score

    scores = []
    for seed in search.seeds:
        settings = search.run_config(chosen, seed, str(folder / "seed-{seed}"))
        run = Run(get_algorithm(search.algorithm), settings)
        if run.execute() == INTERRUPTED:
            raise KeyboardInterrupt
        scores.append(score(run.best))
    return sum(scores) / len(scores)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qwop-native tune",
        description="Search for good settings. Started again, a search goes on; on one machine it "
        "may be started several times at once, and the processes share its trials.",
        epilog="example, with a file that bootstrap writes:\n"
        "  qwop-native tune config/search/qrdqn.yml --folder studies",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, help="YAML file of the search")
    parser.add_argument(
        "--folder",
        type=Path,
        required=True,
        help="where all trials are kept; with --ray a path that all machines share",
    )
    parser.add_argument("--ray", action="store_true", help="on a Ray cluster instead of Optuna")
    parser.add_argument(
        "--address", default=None, help="of the Ray cluster, such as auto; none: this machine alone"
    )
    return parser
