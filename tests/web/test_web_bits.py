"""The engine in WebAssembly has the bits of the browser's game and of the native engine."""

import random

import pytest
from paths import TRACES

from qwop_native import Game
from qwop_native.parity.trace import read_trace

pytestmark = pytest.mark.slow  # the page is compiled first

ALL = sorted(TRACES.glob("*.trace"))
ENGINES = ["engine.wasm", "engine-simd.wasm"]
GAME_TRACES = [path for path in ALL if not path.stem.startswith("env-")]

# Plays the events of a tape and gives the digest of every row.
DIGESTS = """
async ([file, sincos, words]) => {
  const { Game, loadEngine } = await import("./js/engine.js");
  const { parseEvents, playEvent } = await import("./js/tape.js");
  const game = new Game(await loadEngine(file), sincos);
  const digests = [];
  for (const event of parseEvents(words)) {
    playEvent(game, event, () => digests.push(game.digest.toString(16)));
  }
  return digests;
}
"""

# Plays key masks, restarting where there is none, and gives the whole state's hash after each.
STATE_HASHES = """
async ([file, sincos, moves]) => {
  const { Game, loadEngine } = await import("./js/engine.js");
  const game = new Game(await loadEngine(file), sincos);
  game.idle();
  game.click();
  return moves.map((keys) => {
    if (keys === null) game.reset();
    else game.step(keys);
    return game.stateHash.toString(16);
  });
}
"""


@pytest.mark.parametrize("file", ENGINES)
@pytest.mark.parametrize("path", GAME_TRACES, ids=lambda path: path.stem)
def test_every_row_of_a_recording_of_the_real_game(page, path, file):
    trace = read_trace(path)
    seen = page.evaluate(DIGESTS, [file, trace.provenance.sincos, str(trace.tape)])
    assert [int(digest, 16) for digest in seen] == trace.digests.tolist()


@pytest.mark.parametrize("file", ENGINES)
@pytest.mark.parametrize("sincos", ["glibc", "glibc-fma", "fdlibm"])
def test_the_whole_state_along_random_keys(page, sincos, file):
    rng = random.Random(sincos)
    moves = []
    while len(moves) < 5000:
        moves += [rng.randrange(16)] * rng.randint(1, 10)
        if rng.random() < 0.03:
            moves.append(None)
    game = Game(sincos)
    game.start()
    expected = []
    for keys in moves:
        if keys is None:
            game.reset()
        else:
            game.step(keys, after_end=True)
        expected.append(game.state_hash())
    seen = page.evaluate(STATE_HASHES, [file, sincos, moves])
    assert [int(digest, 16) for digest in seen] == expected
