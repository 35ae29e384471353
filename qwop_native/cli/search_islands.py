"""Options of `qwop-native search` for searches on many processes or machines, and their workers."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from qwop_native import _core
from qwop_native.cli import common
from qwop_native.search.islands.gaits import APART, GAIT_LEG

if TYPE_CHECKING:
    from qwop_native.search.islands.crew import Crew
    from qwop_native.search.islands.search import IslandSettings


def add_options(parser: argparse.ArgumentParser) -> None:
    """Adds them."""
    group = parser.add_argument_group(
        "islands",
        "After the rounds, as many times --groups beams as there are islands run side by side; "
        "every 45 frames the better ones take the place of others on any island.",
    )
    group.add_argument(
        "--islands",
        type=common.positive,
        metavar="N",
        help="on processes of this machine, at most one for each core; with --ray on the cluster "
        "(default there: as many as it has CPUs at the beginning)",
    )
    group.add_argument(
        "--ray",
        metavar="ADDRESS",
        help="on a Ray cluster: HOST:PORT of its head; auto: the cluster that this machine belongs "
        "to; local: one of this machine alone",
    )
    group.add_argument(
        "--gaits",
        type=common.positive,
        nargs="?",
        const=APART,
        metavar="FRAMES",
        help="search for gaits on purpose: for so many frames, "
        f"{APART} if none are given, runners compete with others of their own gait alone (length "
        "of stride, share of time that each foot is on the ground, lean), and the folder keeps the "
        "best of each; without --islands and --ray on all cores",
    )


def crew_of(
    given: argparse.Namespace, say: Callable[[str], None]
) -> tuple[Crew, IslandSettings] | None:
    """Who plays the legs of a search, and on how many islands; None: it has none.

    Raises:
        ConnectionError: No cluster answers.
        ValueError: Other options do not go with islands.
    """
    if given.gaits is not None:
        if given.gaits < GAIT_LEG:
            raise ValueError(
                f"--gaits must be at least {GAIT_LEG}, the frames by which a gait is told, got "
                f"{given.gaits}"
            )
        if given.ray is None:
            given.islands = given.islands or _core.usable_cores()
    if given.islands is None and given.ray is None:
        return None
    from qwop_native.search.islands.crew import Crew
    from qwop_native.search.islands.search import IslandSettings

    leg = IslandSettings.leg if given.gaits is None else GAIT_LEG
    if given.tries:
        raise ValueError("--tries is for a search without islands, which are many tries already")
    if given.ray is None:
        from qwop_native.search.islands.processes import Processes

        count = min(given.islands, given.threads or _core.usable_cores())
        return Crew(Processes(count), say), IslandSettings(given.islands, leg)
    from qwop_native.search.islands.ray_workers import RayWorkers

    workers = RayWorkers(given.ray, say)
    islands = given.islands or max(1, workers.cpus)
    say(f"the cluster has {workers.cpus} CPUs; {islands} islands")
    return Crew(workers, say), IslandSettings(islands, leg)
