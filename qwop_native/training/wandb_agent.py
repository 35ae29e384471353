"""What an agent of Weights & Biases runs for each trial of a sweep: `python -m train.wandb_agent`.

The sweep files in configs/wandb/ name it. A trial's settings come as `action` (what qwop-gym calls
the algorithm, such as train_qrdqn) and `c` (the keys of a file of settings, qwop-gym's as well).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from qwop_native.models.run_files import METADATA, MODEL
from qwop_native.training import config
from qwop_native.training.algorithms import get_algorithm
from qwop_native.training.wandb_run import import_wandb


def main() -> int:
    """Trains with the settings of the agent's trial; returns the exit status."""
    from qwop_native.training.runner import Run

    try:
        wandb = import_wandb()
        trial = wandb.init(sync_tensorboard=True)
        algorithm = get_algorithm(str(trial.config["action"]))
        given = plain(trial.config["c"])
        settings = config.parse({**given, "run_id": trial.id}, algorithm)
        run = Run(algorithm, settings)
    except KeyError as error:
        print(f"error: the sweep does not set {error}", file=sys.stderr)
        return 2
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    status = run.execute()
    for name in (MODEL, METADATA):
        trial.save(run.folder / name, base_path=run.folder, policy="now")
    trial.finish(exit_code=status)
    return status


def plain(value: Any) -> Any:
    """The dicts of wandb's configuration as ordinary ones."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    return value
