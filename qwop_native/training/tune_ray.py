"""Trials of a search as trials of Ray Tune; needs the extra `ray`.

Each seed of each set of settings is a trial. A trial's run folder travels as Ray's checkpoint, so a
trial whose machine is lost goes on elsewhere, exactly, from its last checkpoint.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwop_native.training import study
from qwop_native.training.algorithms import get_algorithm

_RETRIES = 3
_SEED = "seed"


def run_study(search: study.Study, folder: Path, address: str | None = None) -> int:
    """Runs a search to its end.

    Args:
        search: The study.
        folder: Where all trials are kept; all machines must reach it under this path.
        address: Of the cluster; None starts Ray on this machine, unless it is started already.

    Returns:
        0, or 1 if a trial has failed even when it was tried again.

    Raises:
        ImportError: Ray is not installed.
    """
    try:
        import ray
        from ray import tune
    except ImportError as error:
        raise ImportError("many machines need Ray: pip install 'qwop-native[ray]'") from error
    if not ray.is_initialized():
        ray.init(address=address)
    results = _tuner(tune, search, folder.resolve()).fit()
    failed = [result for result in results if result.error is not None]
    ended = [result for result in results if result.error is None and result.metrics]
    print(f"{len(ended)} trials have ended, {len(failed)} have failed")
    if ended:
        best = max(ended, key=lambda result: float(result.metrics["score"]))
        print(f"best: {best.metrics['score']:.2f} with {best.config}")
    return 1 if failed else 0


def _tuner(tune: Any, search: study.Study, folder: Path) -> Any:
    trainable = tune.with_resources(tune.with_parameters(run_trial, search=search), {"cpu": 1})
    path = folder / "study"
    if tune.Tuner.can_restore(str(path)):
        return tune.Tuner.restore(str(path), trainable, resume_unfinished=True, resume_errored=True)
    space = {name: _domain(tune, each) for name, each in search.ranges().items()}
    return tune.Tuner(
        trainable,
        param_space={**space, _SEED: tune.grid_search(list(search.seeds))},
        tune_config=tune.TuneConfig(metric="score", mode="max", num_samples=search.trials),
        run_config=tune.RunConfig(
            name="study",
            storage_path=str(folder),
            failure_config=tune.FailureConfig(max_failures=_RETRIES),
            checkpoint_config=tune.CheckpointConfig(num_to_keep=2),
        ),
    )


def _domain(tune: Any, each: study.Range) -> Any:
    if each.choices:
        return tune.choice(list(each.choices))
    if each.whole:
        return (tune.lograndint if each.log else tune.randint)(each.low, int(each.high or 0) + 1)
    return (tune.loguniform if each.log else tune.uniform)(each.low, each.high)


def run_trial(chosen: Mapping[str, Any], search: study.Study) -> None:
    """What a worker of Ray does: one run, from its last checkpoint if it has one.

    Args:
        chosen: Value of each searched setting, and the seed.
        search: The study.
    """
    import ray
    from ray import tune

    from qwop_native.training.run_folder import is_finished
    from qwop_native.training.runner import Run

    folder = Path(tune.get_context().get_trial_dir()) / "run"
    shutil.rmtree(folder, ignore_errors=True)
    earlier = tune.get_checkpoint()
    if earlier is not None:
        earlier.to_directory(str(folder))
        if is_finished(folder):  # only its machine was lost before Ray knew
            return
        run = Run.resume(folder)
    else:
        values = {name: value for name, value in chosen.items() if name != _SEED}
        settings = search.run_config(values, int(chosen[_SEED]), str(folder))
        run = Run(get_algorithm(search.algorithm), settings)

    node = ray.get_runtime_context().get_node_id()

    def report() -> None:
        metrics = {"score": study.score(run.best), "steps": run.model.num_timesteps, "node": node}
        tune.report(metrics, checkpoint=tune.Checkpoint.from_directory(str(run.folder)))

    run.after_save = report
    run.execute()
    report()
