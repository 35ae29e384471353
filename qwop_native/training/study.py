"""What a search over settings is made of, whoever runs its trials."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import Field, model_validator
from typing_extensions import Self

from qwop_native.models.summary import Summary
from qwop_native.settings.files import read
from qwop_native.settings.model import Count, Natural, Settings
from qwop_native.settings.sentences import unknown_key
from qwop_native.training import config
from qwop_native.training.algorithms import canonical_name, get_algorithm
from qwop_native.training.settings.run import RunConfig


class Range(Settings):
    """Values that one setting may take: from low to high, or one of some."""

    low: float | int | None = Field(
        default=None,
        description="Smallest value; whole numbers are drawn where both ends are whole.",
    )
    high: float | int | None = Field(default=None, description="Largest value.")
    log: bool = Field(default=False, description="Draw evenly on a logarithmic scale.")
    choices: tuple[Any, ...] = Field(default=(), description="The values, instead of two ends.")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        ends = self.low is not None and self.high is not None
        if ends == bool(self.choices):
            raise ValueError(f"a setting's range must be low and high, or choices, got {self}")
        if self.low is not None and self.high is not None:
            if self.low >= self.high:
                raise ValueError(f"low must be below high, which is {self.high}, got {self.low}")
            if self.log and self.low <= 0:
                raise ValueError(f"low must be above 0 for log: true, got {self.low}")
        return self

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)


class Study(Settings):
    """A search over settings."""

    algorithm: str = Field(description="What is trained.")
    config: str = Field(
        description="The file of settings that is changed; looked for beside the study's file."
    )
    space: dict[str, Range] = Field(
        description="Settings to search, each with low and high (whole numbers if both are; log: "
        "true for a logarithmic scale), or choices."
    )
    trials: Count = Field(default=20, description="Sets of settings to try.")
    seeds: tuple[Natural, ...] = Field(
        default=(1,),
        min_length=1,
        description="Seeds that each set is trained with; its score is their mean.",
    )
    settings: dict[str, Any] = Field(
        default={}, description="Settings that differ from the file's in every trial."
    )

    def ranges(self) -> dict[str, Range]:
        """The range of each setting that is searched."""
        return dict(self.space)

    def run_config(self, chosen: Mapping[str, Any], seed: int, out_dir: str) -> RunConfig:
        """Settings of one run of a trial.

        Raises:
            FileNotFoundError: There is no such file of settings.
            ValueError: A setting is unknown or its value is not accepted.
        """
        own = {**self.settings, **chosen, "seed": seed, "out_dir": out_dir, "progress_bar": False}
        overrides = [f"{name}={yaml.safe_dump(value).strip()}" for name, value in own.items()]
        plain = [text.removesuffix("...").strip() for text in overrides]
        return config.load(Path(self.config), plain, get_algorithm(self.algorithm))


def load(path: Path) -> Study:
    """Reads and checks a study, with the settings at the ends of its ranges.

    Raises:
        FileNotFoundError: There is no such file, or none with the settings that it names.
        ValueError: The file is not a study.
    """
    given = read(path)
    for name in given:
        if name not in Study.model_fields:
            raise ValueError(unknown_key(str(name), Study.model_fields))
    for name in ("algorithm", "config", "space"):
        if not given.get(name):
            raise ValueError(f"{path} does not say {name!r}")
    canonical_name(str(given["algorithm"]))
    beside = path.parent / str(given["config"])
    if beside.is_file():
        given["config"] = str(beside.resolve())
    study = Study.of(given)
    first = {
        name: each.choices[0] if each.choices else each.low for name, each in study.ranges().items()
    }
    study.run_config(first, study.seeds[0], "{run_id}")
    return study


def score(summary: Summary | None) -> float:
    """What a search maximizes: meters, 100 for all successes, and more for fewer frames.

    Successes outweigh any distance without, as in the choice of the best model of a run.
    """
    if summary is None:
        return -10.0
    frames = summary.median_frames
    return (
        summary.mean_distance
        + 100 * summary.success_rate
        + (10_000 / frames if frames is not None else 0.0)
    )
