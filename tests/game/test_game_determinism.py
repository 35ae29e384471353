"""The same keys give the same bits: beside other games, in threads, in other processes."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from game_plays import FLAVORS, by_frame, hashes, make, random_moves, started
from paths import TESTS

from qwop_native import Game


def run(sincos, seed):
    return hashes(started(sincos, seed % 5), by_frame(random_moves(seed, 60)))


@pytest.mark.parametrize("sincos", FLAVORS)
def test_a_run_repeats_itself(sincos):
    assert run(sincos, 3) == run(sincos, 3)
    assert run(sincos, 3) != run(sincos, 4)


def test_games_that_take_turns_do_not_disturb_each_other():
    alone = {sincos: run(sincos, seed) for seed, sincos in enumerate(FLAVORS)}
    games = {sincos: started(sincos, seed % 5) for seed, sincos in enumerate(FLAVORS)}
    tapes = {sincos: list(by_frame(random_moves(seed, 60))) for seed, sincos in enumerate(FLAVORS)}
    seen = {sincos: [] for sincos in FLAVORS}
    for turn in range(max(len(tape) for tape in tapes.values())):
        for sincos, game in games.items():
            if turn < len(tapes[sincos]):
                make(game, tapes[sincos][turn])
                seen[sincos].append(game.state_hash())
    assert seen == alone


def test_one_game_used_again_by_restore_forgets_everything():
    fresh = Game().snapshot()
    game = Game()
    for seed in range(5):
        game.restore(fresh)
        game.start(seed)
        assert hashes(game, by_frame(random_moves(seed, 60))) == run("glibc", seed)


def test_games_in_threads_play_as_games_alone():
    jobs = [(sincos, seed) for seed in range(8) for sincos in FLAVORS]
    alone = [run(*job) for job in jobs]
    switch_interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            together = list(pool.map(lambda job: run(*job), jobs))
    finally:
        sys.setswitchinterval(switch_interval)
    assert together == alone


def test_one_game_passed_between_threads_plays_as_in_one():
    moves = list(by_frame(random_moves(9, 40)))
    game = started()
    with ThreadPoolExecutor(4) as pool:
        seen = [pool.submit(hashes, game, [move]).result()[0] for move in moves]
    assert seen == hashes(started(), moves)


PRINT_A_RUN = "from test_game_determinism import run; print(run({sincos!r}, 6))"


@pytest.mark.parametrize("sincos", FLAVORS)
def test_another_process_plays_the_same(sincos):
    # Another hash seed, and memory that is not zero before it is written.
    path = os.pathsep.join([str(Path(__file__).parent), str(TESTS / "support")])
    environment = {
        **os.environ,
        "PYTHONHASHSEED": "77",
        "MALLOC_PERTURB_": "85",
        "PYTHONPATH": path,
    }
    done = subprocess.run(
        [sys.executable, "-c", PRINT_A_RUN.format(sincos=sincos)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == str(run(sincos, 6))
