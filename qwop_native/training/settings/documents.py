"""The settings of training as people meet them: files to edit and the page of the reference.

``python -m qwop_native.training.settings.documents docs/reference/settings.md`` draws the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from qwop_native.atomic import whole_file
from qwop_native.settings.documents import commented_yaml, table
from qwop_native.settings.files import read
from qwop_native.settings.model import Settings
from qwop_native.text_files import read_text
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.settings.learners import LEARNERS
from qwop_native.training.settings.run import RunConfig, WandbSettings
from qwop_native.training.sprint.settings import SprintSettings

_SPRINT = "sprint"

_HEAD = """\
# Settings

<!-- Drawn from the models: python -m qwop_native.training.settings.documents {page} -->

Every setting of `qwop-native train`, with its default and what it accepts. A file of settings
(`-c FILE`) holds those that differ, and `-s key=value` on the command line wins over it:

```bash
qwop-native train ppo -c mine.yml -s seed=7 -s learner.gamma=0.99
```

`__include__: other.yml` in a file, or in a section, takes over another file's settings; the
including file's own win. `qwop-native bootstrap` writes the shipped files with every setting and
its help, ready to edit.
"""


def standalone(source: Path) -> str:
    """A shipped file with everything that it includes and leaves out, and the help of each setting.

    Args:
        source: One of the shipped files; those that are no settings of a run stay as they are.
    """
    text = read_text(source)
    settings = _shipped(source)
    if settings is None:
        return text
    about = text.partition("\n\n")[0].splitlines()
    head = [line for line in about if line.startswith("#") and "docs/" not in line]
    last = "learner" if isinstance(settings, RunConfig) else ""
    return "\n".join([*head, "", commented_yaml(settings, ("algorithm",), last)])


def _shipped(source: Path) -> Settings | None:
    """The settings of a shipped file; None for those of searches and sweeps."""
    if source.parent.name == _SPRINT:
        return SprintSettings.of(read(source))
    names = [name for name in LEARNERS if source.stem.startswith(name)]
    if not names:
        return None
    given = read(source)
    if "parameters" in given or "space" in given:
        return None
    learner = LEARNERS[max(names, key=len)].of(given.get("learner") or {}, "learner.")
    return RunConfig.of({**given, "learner": learner})


def reference(page: str) -> str:
    """The page of the reference.

    Args:
        page: Its path, for the line that says how it is drawn.
    """
    run = RunConfig(learner=None)
    parts = [
        _HEAD.format(page=page),
        "## A run\n\n" + table(run, ("learner", "algorithm")),
        f"### `games`\n\n{GamesSettings.__doc__}\n\n" + table(GamesSettings()),
        f"### `wandb`\n\n{WandbSettings.__doc__}\n\n" + table(WandbSettings()),
        "## `learner`\n\nThe section of each algorithm. Defaults are those of its own library "
        "(SB3, sb3-contrib), not those of the recipes in `train/configs`.\n",
    ]
    for name, model in LEARNERS.items():
        parts.append(f"### {name}\n\n{model.__doc__}\n\n" + table(model()))
    parts.append(
        "## Sprint\n\n`qwop-native sprint FOLDER` makes a policy such as the shipped one from "
        "nothing; [The record](../record.md) tells how.\n\n" + table(SprintSettings())
    )
    for name, section in SprintSettings():
        if isinstance(section, Settings):
            text = SprintSettings.help_of(name)
            parts.append(f"### sprint: `{name}`\n\n{text}\n\n" + table(section))
    return "\n".join(parts)


if __name__ == "__main__":
    with whole_file(Path(sys.argv[1])) as file:
        file.write(reference(sys.argv[1]).encode())
