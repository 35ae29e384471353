"""``qwop-native bootstrap``: puts the files of settings where they can be changed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from qwop_native.atomic import whole_file
from qwop_native.cli import common
from qwop_native.training.algorithms import CONFIGS


def main(argv: Sequence[str] | None = None, ask: Callable[[str], str] = input) -> int:
    """Runs the command.

    Args:
        argv: Arguments without the program's name.
        ask: Asks a person and returns the answer.
    """
    parser = common.command_parser(
        "bootstrap",
        "Write the shipped files of settings into a folder, with every setting and its help, to "
        "start from. A file that is there already is asked about.",
        "--folder config",
    )
    parser.add_argument("--folder", type=Path, default=Path("config"), help="default: config")
    parser.add_argument("--force", action="store_true", help="write over files without asking")
    return common.run_command(parser, argv or (), lambda options: _run(options, ask))


def _run(options: argparse.Namespace, ask: Callable[[str], str]) -> int:
    try:
        from qwop_native.training.settings.documents import standalone
    except ModuleNotFoundError as error:
        raise ImportError(
            f"bootstrap needs {error.name}: pip install 'qwop-native[train]'"
        ) from error
    to_all = "all" if options.force else None
    for source in sorted(CONFIGS.rglob("*.yml")):
        target = options.folder / source.relative_to(CONFIGS)
        if target.exists():
            answer = to_all or _answer(target, ask)
            to_all = answer if answer in ("all", "none") else to_all
            if answer in ("n", "none"):
                print(f"kept    {target}")
                continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(target) as file:
            file.write(standalone(source).encode())
        print(f"written {target}")
    return common.OK


def _answer(target: Path, ask: Callable[[str], str]) -> str:
    while True:
        try:
            answer = ask(f"{target} is there already. Write over it? [y/n/all/none] ")
        except EOFError:
            raise ValueError(
                f"{target} is there already and there is nobody to ask; use --force or --folder"
            ) from None
        answer = answer.strip().lower()
        if answer in ("y", "n", "all", "none"):
            return answer
