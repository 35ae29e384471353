"""The parity commands that run a browser: probe, record, record-env, compare, env, report."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qwop_native.cli import parity_options as opt
from qwop_native.cli.parity_options import DIFFERENT, EQUAL
from qwop_native.cli.parity_stored import verify_all
from qwop_native.parity.compare import Comparison, compare_env, compare_tape
from qwop_native.parity.native import play_tape
from qwop_native.parity.probe import probe
from qwop_native.parity.record import (
    flavor_of,
    play_env_in_page,
    random_episodes,
    record_env,
    record_tape,
)
from qwop_native.parity.report import Report, write_report
from qwop_native.parity.trace import Trace, write_trace
from qwop_native.recording.rows import Flags, Rows

if TYPE_CHECKING:
    from qwop_native.parity.browser import Browser, GameSource


def run_probe(options: argparse.Namespace) -> int:
    """Finds out which sine and cosine a browser has."""
    with _open_browser(options) as browser:
        result = probe(browser)
        print(f"{browser.name} {browser.version}: {result}")
    return EQUAL if result.flavor else DIFFERENT


def run_record(options: argparse.Namespace) -> int:
    """Records a tape in the browser as a trace."""
    name, tape = opt.chosen_tape(options)
    source = opt.game_source(options)
    with _open_browser(options) as browser:
        print(f"recording {tape.rows} rows in {browser.name} {browser.version}", flush=True)
        trace = record_tape(
            browser,
            source,
            tape,
            description=options.description or name,
            command=opt.command_text(options.argv),
            interval=options.interval,
        )
    return _keep(options, trace)


def run_record_env(options: argparse.Namespace) -> int:
    """Records episodes of the environment in the browser as a trace."""
    source = opt.game_source(options)
    with _open_browser(options) as browser:
        trace = record_env(
            browser,
            source,
            opt.env_arguments(options),
            opt.chosen_actions(options),
            seed=options.seed,
            episodes=options.episodes,
            max_steps=options.max_steps,
            description=options.description or opt.env_name(options),
            command=opt.command_text(options.argv),
            interval=options.interval,
        )
    return _keep(options, trace)


def run_compare(options: argparse.Namespace) -> int:
    """Plays a tape in the browser and natively side by side."""
    name, tape = opt.chosen_tape(options)
    source = opt.game_source(options)
    with _open_browser(options) as browser:
        sincos = flavor_of(browser)
        print(f"{browser.name} {browser.version}, {sincos}")
        comparison = compare_tape(browser.open_game(source), tape, sincos, name)
    print(comparison)
    return EQUAL if comparison.equal else DIFFERENT


def run_env(options: argparse.Namespace) -> int:
    """Compares episodes of the environment, float for float."""
    source = opt.game_source(options)
    with _open_browser(options) as browser:
        sincos = flavor_of(browser)
        print(f"{browser.name} {browser.version}, {sincos}")
        comparison = _live_episodes(browser, source, sincos, options)
    print(comparison)
    return EQUAL if comparison.equal else DIFFERENT


def run_report(options: argparse.Namespace) -> int:
    """Compares live and stored recordings and writes a page about it."""
    name, tape = opt.chosen_tape(options)
    source = opt.game_source(options)
    traces = verify_all(options.traces) if options.traces else {}
    with _open_browser(options) as browser:
        flavors = probe(browser)
        sincos = flavor_of(browser)
        pictures = _picture_rows(play_tape(tape, sincos), options.pictures)
        page = browser.open_game(source)
        facts = {
            "browser": f"{browser.name} {browser.version} {browser.options}",
            "sine and cosine": str(flavors),
            "command": opt.command_text(options.argv),
            **{f"SHA-256 of {file}": digest for file, digest in page.game_files.items()},
        }
        comparisons = [compare_tape(page, tape, sincos, name, pictures)]
        page.close()
        comparisons.append(_live_episodes(browser, source, sincos, options))
    report = Report(facts, comparisons, traces)
    for path in write_report(options.out, report):
        print(path)
    print("every bit equal" if report.equal else "DIFFERENT")
    return EQUAL if report.equal else DIFFERENT


def _picture_rows(rows: Rows, count: int) -> tuple[int, ...]:
    """Chooses rows spread over the time before the game's end, where there is most to see."""
    ended = np.flatnonzero(rows["flags"] & Flags.GAME_ENDED)
    last = int(ended[0]) if ended.size else len(rows) - 1
    return tuple(sorted({(number + 1) * last // count for number in range(count)}))


def _open_browser(options: argparse.Namespace) -> Browser:
    from qwop_native.parity.browser import Browser

    return Browser(opt.browser_options(options))


def _keep(options: argparse.Namespace, trace: Trace) -> int:
    write_trace(options.out, trace)
    size = Path(options.out).stat().st_size
    print(
        f"{options.out}: {len(trace.digests)} rows, {size} bytes, "
        f"{trace.provenance.browser} {trace.provenance.version}, {trace.provenance.sincos}"
    )
    return EQUAL


def _live_episodes(
    browser: Browser, source: GameSource, sincos: str, options: argparse.Namespace
) -> Comparison:
    page = browser.open_game(source)
    arguments = opt.env_arguments(options)
    tape = opt.chosen_actions(options)
    if tape is None:
        tape, rows = random_episodes(
            page, options.seed, options.episodes, options.max_steps, arguments
        )
    else:
        rows = play_env_in_page(page, tape, arguments)
    return compare_env(tape, rows, sincos, arguments, opt.env_name(options))
