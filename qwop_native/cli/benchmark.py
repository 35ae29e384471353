"""The program of the suite: ``qwop-native benchmark`` and ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from qwop_native import _core
from qwop_native.benchmarking import (
    compare,
    context,
    footprint,
    headline,
    machine,
    scaling,
    throughput,
)
from qwop_native.benchmarking.play import PLAYS
from qwop_native.benchmarking.report import Measurement, Results, save_csv, save_json, table
from qwop_native.benchmarking.settings import PARTS, Settings, full, quick
from qwop_native.cli.parity_options import (
    GAME_DIR_VARIABLE,
    add_browser_options,
    add_game_options,
    browser_options,
    game_source,
)

T = TypeVar("T")
Say = Callable[[str], None]

COMMANDS = {"compare": compare.main, "plot": scaling.main}
PACKAGES = ("Box2D", "box2d-py", "gymnasium", "numpy", "stable-baselines3", "envpool", "qwop-gym")
_BUSY = 0.1  # cores of others from which on numbers are said to be disturbed
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None, prog: str = "qwop-native benchmark") -> int:
    """Runs the suite or one of its commands.

    Args:
        argv: Arguments without the program's name; None takes those of the process.
        prog: How the program was called.

    Returns:
        0 for success, 1 if a comparison found something worse, 2 for a mistake.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in COMMANDS:
        return COMMANDS[arguments[0]](arguments[1:], prog)
    given = _parser(prog).parse_args(arguments)
    try:
        settings = _settings(given)
        named = _named(given, settings)
        if given.parts and "headline" in given.parts:
            importlib.import_module("qwop_native.benchmarking.box2d_ragdoll")
        folder = given.out or Path("runs") / time.strftime("benchmark-%Y%m%d-%H%M%S")
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError, ImportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return Run(settings, named, folder).measure()


class Run:
    """A run of the suite that saves what it has after each part.

    Args:
        settings: What is measured.
        named: What only the user can name.
        folder: Where the results go.
    """

    def __init__(self, settings: Settings, named: context.Named, folder: Path) -> None:
        self._settings, self._named, self._folder = settings, named, folder
        self._machine = machine.describe(*PACKAGES)
        self._watch = machine.LoadWatch()
        self._measured: list[Measurement] = []
        self._left_out: list[str] = []

    def measure(self) -> int:
        """Measures all parts, prints them, saves them; returns the exit status."""
        where = self._machine
        print(f"{where['processor']}, {where['cores']} cores, {where['compiler']}")
        print(f"flags {where['flags']}, commit {where['commit']}")
        try:
            for part in self._settings.parts:
                self._measure(part)
        except KeyboardInterrupt:
            print(f"\ninterrupted; what was measured is in {self._folder}", file=sys.stderr)
            return INTERRUPTED
        self._end()
        return 0

    def _measure(self, part: str) -> None:
        print(f"\n{PARTS[part]}, {self._settings.repeats} repeats", flush=True)
        if part == "context":
            measured = context.measure(self._settings, self._say, self._named)
        else:
            measured = _MEASURE[part](self._settings, self._say)
        print(table(measured), flush=True)
        self._measured += measured
        self._save()

    def _say(self, text: str) -> None:
        self._left_out.append(text)
        print(f"note: {text}", flush=True)

    def _save(self) -> Results:
        machine = {**self._machine, "cores_used_by_others": self._watch.others()}
        settings = {**dataclasses.asdict(self._settings), "left_out": self._left_out}
        results = Results("suite", machine, settings, tuple(self._measured))
        save_json(self._folder / "results.json", "suite", machine, settings, self._measured)
        save_csv(self._folder / "results.csv", results)
        return results

    def _end(self) -> None:
        results = self._save()
        if "throughput" in self._settings.parts:
            try:
                scaling.draw(results, self._folder)
            except ImportError as error:
                self._say(str(error))
        others = results.machine["cores_used_by_others"]
        if others is not None and others > _BUSY:
            print(
                f"\nnote: other programs kept {others:.1f} cores busy meanwhile; "
                "ratios carry further than the numbers"
            )
        quoted = headline.summary(results.measurements)
        if quoted:
            print(f"\n{quoted}")
        names = ", ".join(sorted(path.name for path in self._folder.iterdir()))
        print(f"\nsaved in {self._folder}: {names}")


_MEASURE: dict[str, Callable[[Settings, Say], list[Measurement]]] = {
    "headline": headline.measure,
    "throughput": throughput.measure,
    "footprint": footprint.measure,
}


def _parser(prog: str) -> argparse.ArgumentParser:
    parts = "\n".join(f"  {name:12}{text}" for name, text in PARTS.items())
    parser = argparse.ArgumentParser(
        prog=prog,
        description="Measure the engine, and what it is compared with in the same run.",
        epilog=f"parts:\n{parts}\n\nfurther commands, each with -h:\n"
        f"  {prog} compare OLD NEW   what got worse between two saved results\n"
        f"  {prog} plot RESULTS      draw a saved result anew\n\n"
        f"examples:\n  {prog} --quick\n"
        f"  {prog} --parts throughput --games 512,4096 --threads 1 -o runs/mine",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes")
    parser.add_argument("-o", "--out", type=Path, metavar="DIR", help="folder for the results")
    group = parser.add_argument_group("what (lists have commas)")
    group.add_argument("--parts", type=_list_of(str), metavar="LIST", help="see below (all)")
    group.add_argument("--games", type=_list_of(int), metavar="LIST", help="numbers of games")
    group.add_argument("--threads", type=_list_of(int), metavar="LIST", help="numbers of threads")
    group.add_argument(
        "--instruction-sets",
        type=_list_of(str),
        metavar="LIST",
        help=f"of {', '.join(_core.instruction_sets())} on this machine",
    )
    group.add_argument("--plays", type=_list_of(str), metavar="LIST", help=f"of {', '.join(PLAYS)}")
    group = parser.add_argument_group("how")
    group.add_argument("--repeats", type=int, metavar="N", help="turns of each")
    group.add_argument("--seconds", type=float, metavar="S", help="timed seconds of a turn")
    group.add_argument("--seed", type=int, metavar="N", help="of random actions (0)")
    group.add_argument("--sincos", help="flavor of the engine's sine and cosine (glibc)")
    add_game_options(parser)
    add_browser_options(parser)
    group = parser.add_argument_group("qwop-gym (needs its package)")
    group.add_argument("--qwop-gym-browser", metavar="PATH", help="browser that it starts")
    group.add_argument("--qwop-gym-driver", metavar="PATH", help="driver of that browser")
    return parser


def _list_of(kind: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    def parse(text: str) -> tuple[T, ...]:
        return tuple(kind(word) for word in text.split(","))

    parse.__name__ = f"list of {kind.__name__}"  # for argparse's messages
    return parse


def _settings(given: argparse.Namespace) -> Settings:
    preset = quick() if given.quick else full()
    names = {field.name for field in dataclasses.fields(Settings)}
    changed = {
        name: value for name, value in vars(given).items() if name in names and value is not None
    }
    return dataclasses.replace(preset, **changed)


def _named(given: argparse.Namespace, settings: Settings) -> context.Named:
    """What only the user can name; without the part that would use it, nothing.

    Raises:
        ImportError: It needs a package that is not installed.
        FileNotFoundError: A file is missing.
        ValueError: A file is unknown, or one of two paths is missing.
    """
    if "context" not in settings.parts:
        return context.Named()
    paths = (given.qwop_gym_browser, given.qwop_gym_driver)
    if any(paths) and not all(paths):
        raise ValueError("qwop-gym needs both --qwop-gym-browser and --qwop-gym-driver")
    for path in filter(None, paths):
        if not Path(path).exists():
            raise FileNotFoundError(f"there is no file {path}")
    if all(paths):
        _check_qwop_gym()
    return context.Named(*_browser_and_game(given), qwop_gym=paths if all(paths) else None)


def _check_qwop_gym() -> None:
    if importlib.util.find_spec("qwop_gym") is None:
        raise ImportError("qwop-gym is not installed: pip install qwop-gym")


def _browser_and_game(given: argparse.Namespace) -> tuple[Any, Any]:
    if not (given.game_dir or given.url):
        return None, None
    try:
        return browser_options(given), game_source(given)
    except ImportError as error:
        if given.url or given.game_dir != os.environ.get(GAME_DIR_VARIABLE):
            raise
        print(f"note: the real game is not measured: {error}", file=sys.stderr)
        return None, None
