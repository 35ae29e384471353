"""What every training run has besides its learner: games, evaluations, files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from qwop_native.settings.model import Count, Natural, Settings
from qwop_native.training.settings.games import GamesSettings

_WITH_GAMES = ("qrdqn",)
"""Algorithms that may be trained on `games`."""

_OF_ENV = ("env", "n_envs")
"""Settings of the environment, which `games` takes the place of."""

_AROUND_GAMES = "RichVecObservation"


class WandbSettings(Settings):
    """Weights & Biases (`pip install 'qwop-native[wandb]'`); off while there is no project."""

    project: str | None = Field(default=None, description="Project that the run belongs to.")
    entity: str | None = Field(
        default=None, description="User or team that the project belongs to."
    )
    group: str | None = Field(default=None, description="Group of runs within the project.")
    mode: Literal["online", "offline"] = Field(
        default="online", description="Send the run, or keep it."
    )


class RunConfig(Settings):
    """Everything that decides a training run."""

    learner: Any = Field(description="Settings of the algorithm.")
    algorithm: str | None = Field(
        default=None, description="The algorithm that these settings are for."
    )
    total_timesteps: Count = Field(
        default=1_000_000,
        description="Transitions to collect, over all games together; 32e6 is a number, too. "
        "Algorithms that collect nothing (bc) number their checkpoints and evaluations by it.",
    )
    n_envs: Count = Field(default=8, description="Games played side by side in one engine.")
    env_threads: Natural = Field(
        default=1, description="Threads that step the games; 0 for all usable cores."
    )
    max_episode_steps: Count | None = Field(
        default=1000,
        description="Steps after which an episode is cut off (1000 steps of 4 frames are 133 s of "
        "game time); null for never.",
    )
    env: dict[str, Any] = Field(
        default={},
        description="Arguments of qwop_native.QwopEnv, such as frames_per_step (frames of the game "
        "per step, with the same keys held), action_set (essential: the nine key combinations that "
        "the game tells apart) or reduced_action_set (qwop-gym's nine).",
    )
    env_wrappers: tuple[dict[str, Any], ...] = Field(
        default=(),
        description="Wrappers of the environment, the innermost first: a list of module, cls and "
        "kwargs. Wrappers of SB3's vector environments keep the fast engine; gymnasium's wrap each "
        "game alone, which is slow.",
    )
    games: GamesSettings | None = Field(
        default=None,
        description="Instead of env and n_envs, for qrdqn: many games that reward "
        "speed and begin where runners die; {} for their defaults. max_episode_steps then counts "
        "in evaluations only.",
    )
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = Field(
        default=None,
        description="Seed of the network, exploration and sampling; null draws one and records it.",
    )
    device: str = Field(
        default="cpu",
        description="Where torch computes: cpu, cuda, cuda:1, auto. The native learners need cpu.",
    )
    torch_threads: Count = Field(
        default=1,
        description="Threads of torch. Two are a little faster on two idle cores and much slower "
        "on busy ones.",
    )
    model_load_file: str | None = Field(
        default=None,
        description="A model.zip to start from; its own learner settings stay in force.",
    )
    run_id: str | None = Field(default=None, description="Name of this run; null draws one.")
    out_dir: str = Field(
        default="runs/{algorithm}-{run_id}",
        description="Folder of the run; {algorithm}, {seed} and {run_id} are replaced.",
    )
    n_checkpoints: Natural = Field(
        default=50, description="Models saved on the way, spread evenly over the run; 0 for none."
    )
    n_evaluations: Natural = Field(
        default=20,
        description="Evaluations on the way, 0 for none. best_model.zip keeps the best model so "
        "far: more successes, then fewer frames to 100 m, then more distance.",
    )
    evaluation_episodes: Count = Field(
        default=20,
        description="Episodes of each evaluation, played greedily. The k-th begins with k frames "
        "without keys.",
    )
    evaluation_starts: Literal["idle", "varied"] = Field(
        default="idle",
        description="Starts of an evaluation: idle, as evaluation_episodes says, or varied, the "
        "155 starts that the champion is proved on.",
    )
    evaluation_finish: Literal["torso", "game"] = Field(
        default="torso",
        description="When a run of an evaluation counts as finished: with the torso beyond 100 m "
        "(qwop-gym's rule), or with the game's own landing beyond it.",
    )
    n_reports: Natural = Field(
        default=20, description="Progress lines where there is no terminal for a bar."
    )
    log_interval: Count = Field(
        default=100,
        description="Distance between two points of the curves: in episodes for DQN and its "
        "relatives, in trainings for PPO and its relatives, in updates for A2C.",
    )
    log_tensorboard: bool = Field(
        default=True,
        description="Write the curves for tensorboard, beside those in history.jsonl and "
        "curves.png.",
    )
    progress_bar: bool = Field(
        default=True, description="Show a panel on a terminal; false for plain lines."
    )
    wandb: WandbSettings = Field(
        default=WandbSettings(), description="Weights & Biases: off while there is no project."
    )

    @field_validator("run_id")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and (Path(value).name != value or value == ".."):
            raise ValueError(f"must be a name without slashes, got {value!r}")
        return value

    @field_validator("out_dir")
    @classmethod
    def _has_known_places(cls, value: str) -> str:
        try:
            value.format(algorithm="", seed=0, run_id="")
        except (KeyError, IndexError, ValueError, AttributeError):
            raise ValueError(
                f"must be text with {{algorithm}}, {{seed}}, {{run_id}} only, got {value!r}"
            ) from None
        return value

    @field_validator("env_wrappers")
    @classmethod
    def _are_wrappers(cls, value: tuple[dict[str, Any], ...]) -> tuple[dict[str, Any], ...]:
        for wrapper in value:
            if not {"module", "cls"} <= set(wrapper) <= {"module", "cls", "kwargs"}:
                raise ValueError(f"must be a list of module, cls and kwargs, got {wrapper!r}")
        return value

    @model_validator(mode="after")
    def _has_one_kind_of_games(self) -> Self:
        if self.games is None:
            return self
        if self.algorithm not in (None, *_WITH_GAMES):
            raise ValueError(
                f"games are for {', '.join(_WITH_GAMES)}; {self.algorithm} is trained on env"
            )
        if any(wrapper["cls"] != _AROUND_GAMES for wrapper in self.env_wrappers):
            raise ValueError(f"games have no other env_wrappers than {_AROUND_GAMES}")
        for name in _OF_ENV:
            if getattr(self, name) != type(self).model_fields[name].default:
                raise ValueError(f"games take the place of {name}; give the one or the other")
        return self

    @property
    def played(self) -> dict[str, Any]:
        """Arguments of `QwopEnv` that decide how a policy of this run plays."""
        return self.env if self.games is None else self.games.env
