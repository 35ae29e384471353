"""The commands ``qwop-native parity …``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from qwop_native.cli import parity_live as live
from qwop_native.cli import parity_options as opt
from qwop_native.cli import parity_stored as stored
from qwop_native.cli.common import sentence
from qwop_native.parity.trace import SUFFIX

_Options = argparse.Namespace


def main(argv: Sequence[str]) -> int:
    """Runs one command.

    Args:
        argv: Arguments after ``qwop-native parity``.

    Returns:
        0 when all is equal, 1 when something differs, 2 for a mistake or a missing part.
    """
    options = _parser().parse_args(argv)
    options.argv = list(argv)
    try:
        status: int = options.run(options)
        return status
    except (ImportError, OSError, ValueError, RuntimeError) as error:
        print(f"qwop-native parity {options.command}: {sentence(error)}", file=sys.stderr)
        return opt.FAULT
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qwop-native parity",
        description="Compare the native game with the real one in your own browser.",
        epilog="example:\n  qwop-native parity verify tests/traces",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")

    def command(
        name: str, run: Callable[[_Options], int], text: str, example: str
    ) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=text,
            description=text[0].upper() + text[1:] + ".",
            epilog=f"example:\n  qwop-native parity {example}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(run=run)
        return sub

    sub = command("files", stored.run_files, "check a folder with the game's files", "files ~/qwop")
    sub.add_argument("folder", help="folder with QWOP.min.js, howler.js, assets/…")
    sub.add_argument("--accept-unknown-files", action="store_true")

    sub = command(
        "probe",
        live.run_probe,
        "find out which sine and cosine a browser has",
        "probe --browser chromium",
    )
    opt.add_browser_options(sub)

    sub = command(
        "verify",
        stored.run_verify,
        "replay stored traces natively, bit for bit",
        "verify tests/traces",
    )
    sub.add_argument("traces", nargs="+", help=f"{SUFFIX} files, or folders of them")

    sub = command(
        "show",
        stored.run_show,
        "print where a trace comes from and its tape",
        "show tests/traces/intro-50-glibc.trace --tape",
    )
    sub.add_argument("trace")
    sub.add_argument("--tape", action="store_true", help="print the tape only")

    _add_live_commands(command)
    return parser


def _add_live_commands(command: Callable[..., argparse.ArgumentParser]) -> None:
    sub = command(
        "record",
        live.run_record,
        "record a tape in the browser as a trace",
        "record --game-dir ~/qwop --random 7 --frames 2000 --hold 2-9 --out seven.trace",
    )
    _add_live_options(sub, tape=True)
    _add_trace_options(sub)

    sub = command(
        "record-env",
        live.run_record_env,
        "record episodes of the environment in the browser as a trace",
        "record-env --game-dir ~/qwop --seed 3 --frames-per-step 4 --out env.trace",
    )
    _add_live_options(sub, env=True)
    _add_trace_options(sub)

    sub = command(
        "compare",
        live.run_compare,
        "play a tape in the browser and natively side by side",
        "compare --game-dir ~/qwop --random 7 --frames 2000 --resets 3",
    )
    _add_live_options(sub, tape=True)

    sub = command(
        "env",
        live.run_env,
        "compare episodes of the environment, float for float",
        "env --game-dir ~/qwop --episodes 5 --frames-per-step 4 --reduced-action-set",
    )
    _add_live_options(sub, env=True)

    sub = command(
        "report",
        live.run_report,
        "compare live and stored recordings and write a page about it",
        "report --game-dir ~/qwop --random 7 --traces tests/traces --out parity-report",
    )
    _add_live_options(sub, tape=True, env=True)
    sub.add_argument("--out", required=True, metavar="DIR", help="folder for the report")
    sub.add_argument("--traces", nargs="*", default=[], help="stored traces to verify as well")
    sub.add_argument("--pictures", type=opt.positive, default=4, help="pictures of the tape")


def _add_live_options(
    parser: argparse.ArgumentParser, tape: bool = False, env: bool = False
) -> None:
    opt.add_browser_options(parser)
    opt.add_game_options(parser)
    if tape:
        opt.add_tape_options(parser)
    if env:
        opt.add_env_options(parser)


def _add_trace_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="FILE", help="the trace to write")
    parser.add_argument("--description", default="", help="what the trace shows")
    parser.add_argument(
        "--interval",
        type=opt.positive,
        default=100,
        help="keep every n-th row whole; of all others a digest is kept (default: 100)",
    )
