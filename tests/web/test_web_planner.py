"""The planner in the page: what it plans, what it plans by, and that it leaves the page alone."""

import importlib.util
import shutil
import subprocess

import numpy as np
import pytest
from paths import ROOT

from qwop_native import Game
from qwop_native.envs.spaces import observations

pytestmark = pytest.mark.slow  # the page is compiled first

KEYS = """
async ([file, width, decisions]) => {
  const { Game, loadEngine } = await import("./js/engine.js");
  const { Planner } = await import("./js/planning.js");
  const engine = await loadEngine(file);
  const game = new Game(engine);
  game.idle();
  game.click();
  const critic = new Uint8Array(await (await fetch("critic.bin")).arrayBuffer());
  const planner = new Planner(engine, game, critic);
  planner.begin(game, 1);
  return Array.from({ length: decisions }, () => planner.decide(0, width));
}
"""


def critic_module():
    spec = importlib.util.spec_from_file_location("critic", ROOT / "web" / "critic.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_critic_on_board_is_the_shipped_policys(built_page):
    pytest.importorskip("torch")
    assert (built_page / "critic.bin").read_bytes() == critic_module().critic_bytes()
    assert (built_page / "critic.bin").stat().st_size < 300_000


def test_half_the_bits_are_enough_for_the_critic():
    pytest.importorskip("stable_baselines3")
    from qwop_native.models.load import CHAMPION, load_policy
    from qwop_native.models.outputs import state_values

    policy, game = load_policy(CHAMPION), Game()
    game.start()
    seen = []
    for _ in range(100):
        game.step(int(policy.act([game])[0]), 3)
        seen.append(game.bodies)
    obs = observations(np.stack(seen))
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        exact = state_values(policy.network, torch.from_numpy(obs)).numpy()
    file, x = critic_module().critic_bytes(), obs
    while file:
        inputs, outputs = np.frombuffer(file[:4], "<u2").tolist()
        numbers = np.frombuffer(file[4:], "<f2", (inputs + 1) * outputs).astype(np.float32)
        x = x @ numbers[: inputs * outputs].reshape(inputs, outputs) + numbers[inputs * outputs :]
        file = file[4 + 2 * (inputs + 1) * outputs :]
        x = np.maximum(x, 0) if file else x
    # The planner weighs a unit of it as 20 world units, two meters.
    assert np.abs(x[:, 0] - exact).max() < 0.01


def test_both_engines_plan_the_same_and_the_plan_runs(page):
    plans = [page.evaluate(KEYS, [file, 30, 60]) for file in ("engine.wasm", "engine-simd.wasm")]
    assert plans[0] == plans[1]
    game = Game()
    game.start()
    for keys in plans[0]:
        game.step(keys, 3)
    assert not game.game_ended
    assert game.score > 5


def test_the_builds_speed_is_measured_and_they_agree(built_page):
    if not shutil.which("node"):
        pytest.skip("web/speed.mjs needs node")
    command = ["node", ROOT / "web" / "speed.mjs", built_page]
    said = subprocess.run(command, capture_output=True, text=True)
    print(said.stdout)  # pytest -s shows it
    assert said.returncode == 0, said.stderr
    assert said.stdout.count("frames/s") == 2


def test_racing_the_planner_live(browser, address):
    page = browser.new_page(viewport={"width": 800, "height": 600})
    page.goto(address)
    page.wait_for_selector("body.ready")
    page.click("#race-planner")
    page.wait_for_function("document.getElementById('headline').textContent === 'Race the planner'")
    page.click("#go")
    far = "Number(/planner ([-.0-9]+) m/.exec(document.getElementById('where').textContent)?.[1])"
    page.wait_for_function(f"{far} > 4", timeout=90_000)
    page.keyboard.press("r")  # both start again
    page.wait_for_function(f"{far} < 1")
    page.wait_for_function(f"{far} > 2", timeout=60_000)
    page.close()
