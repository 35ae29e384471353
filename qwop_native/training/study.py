"""What a search over settings is made of, whoever runs its trials."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from qwop_native.models.summary import Summary
from qwop_native.training import config, fields
from qwop_native.training.algorithms import canonical_name, get_algorithm
from qwop_native.training.config import RunConfig
from qwop_native.training.fields import require, setting


@dataclasses.dataclass(frozen=True)
class Range:
    """Values that one setting may take: from low to high, or one of some.

    Attributes:
        low: Smallest value; whole numbers are drawn where both ends are whole.
        high: Largest value.
        log: Whether to draw evenly on a logarithmic scale.
        choices: The values, where there are not two ends.
    """

    low: float | int | None = None
    high: float | int | None = None
    log: bool = False
    choices: tuple[Any, ...] = ()

    def __post_init__(self) -> None:
        ends = self.low is not None and self.high is not None
        require(ends != bool(self.choices), "a setting's range", "low and high, or choices", self)
        if self.low is not None and self.high is not None:
            require(self.low < self.high, "low", f"below high, which is {self.high}", self.low)
            require(not self.log or self.low > 0, "low", "above 0 for log: true", self.low)

    @property
    def whole(self) -> bool:
        """Whether it is of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)


@dataclasses.dataclass(frozen=True)
class Study:
    """A search; configs/search/qrdqn.yml explains each key."""

    algorithm: str
    config: str
    space: dict[str, Any]
    trials: int = setting(20, at_least=1)
    seeds: tuple[int, ...] = setting((1,), at_least=0)
    settings: dict[str, Any] = dataclasses.field(default_factory=dict)

    def ranges(self) -> dict[str, Range]:
        """The range of each setting that is searched.

        Raises:
            ValueError: One is written otherwise.
        """
        found = {}
        for name, value in self.space.items():
            require(isinstance(value, Mapping), f"space.{name}", "low and high, or choices", value)
            numbers = {key: fields.number(each) for key, each in value.items()}
            checked = fields.fill(Range, numbers, f"space.{name}.")
            # The check makes floats of the ends; whole ones say that whole numbers are meant.
            ends = {key: numbers[key] for key in ("low", "high") if key in numbers}
            found[name] = dataclasses.replace(checked, **ends)
        require(bool(found), "space", "at least one setting with its range", self.space)
        return found

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
    given = config.read(path)
    fields.refuse_unknown(given, [field.name for field in dataclasses.fields(Study)])
    for name in ("algorithm", "config", "space"):
        if name not in given:
            raise ValueError(f"{path} does not say {name!r}")
    canonical_name(str(given["algorithm"]))
    beside = path.parent / str(given["config"])
    if beside.is_file():
        given["config"] = str(beside.resolve())
    study: Study = fields.fill(Study, given)
    first = {
        name: each.choices[0] if each.choices else each.low for name, each in study.ranges().items()
    }
    study.run_config(first, study.seeds[0], "{run_id}")
    return study


def score(summary: Summary | None) -> float:
    """What a search maximizes: metres, 100 for all successes, and more for fewer frames.

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
