"""The page as somebody uses it: playing, saving, watching, racing, opening what is no recording."""

import re

import pytest
from web_page import play_until_the_end

from qwop_native import Game, champion
from qwop_native.recording import load_recording, make_recording, reset_start
from qwop_native.recording.pages import play_page

pytestmark = pytest.mark.slow  # the page is compiled first

FALL = [5] * 400  # Q and O held


def frames(page):
    return int(re.search(r"(\d+) frames?", page.text_content("#where"))[1])


def shown(page):
    return page.text_content("#headline")


def saved(page, tmp_path):
    with page.expect_download() as download:
        page.click("#save")
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    return load_recording(path)


def text_of(recording, tmp_path):
    path = tmp_path / "run.qwop"
    recording.save(path)
    return path.read_text()


def give(page, text, name="run.qwop"):
    page.set_input_files("#file", {"name": name, "mimeType": "text/plain", "buffer": text.encode()})


def seek(page, frame):
    page.evaluate(
        """(frame) => {
          const seek = document.getElementById("seek");
          seek.value = frame;
          seek.dispatchEvent(new Event("input"));
        }""",
        frame,
    )


def test_a_run_played_here_replays_natively(page, tmp_path):
    page.click("#go")
    play_until_the_end(page)
    first = saved(page, tmp_path)
    assert first.start == "click"
    page.keyboard.press("r")
    page.wait_for_selector("#cover", state="hidden")
    play_until_the_end(page)
    second = saved(page, tmp_path)
    assert second.page.events[: len(first.page.events)] == first.page.events
    for recording in (first, second):
        game = recording.play()
        assert game.game_ended
        assert game.fallen
        assert game.score == recording.metadata["result"]["score"]
        assert game.frames == recording.metadata["result"]["frames"]
        assert recording.keys.max() == 5


def test_a_native_recording_is_shown_to_the_last_frame(page, tmp_path):
    recording = make_recording(FALL, page=reset_start(resets=2), sincos="fdlibm")
    give(page, text_of(recording, tmp_path))
    page.wait_for_selector("#replaying")
    assert page.evaluate("Number(document.getElementById('seek').max)") == 400
    for frame in (400, 3, 250):
        seek(page, frame)
        page.clock.run_for(50)
        assert page.evaluate("document.getElementById('seek').value") == str(frame)
    whole = recording.play()
    seek(page, 400)
    page.clock.run_for(50)
    assert frames(page) == whole.frames


def test_a_changed_recording_is_found_out(page, tmp_path):
    text = text_of(make_recording(FALL), tmp_path)
    loaded = page.evaluate(
        """async (text) => {
          const { Game, loadEngine } = await import("./js/engine.js");
          const { parseRecording } = await import("./js/recording.js");
          const { Replay } = await import("./js/runs.js");
          const engine = await loadEngine("engine.wasm");
          return [text, text.replace("QO*400", "QO*100 Q*300")].map((each) => {
            const replay = new Replay(engine, parseRecording(each));
            replay.seek(replay.length);
            return [replay.checked, replay.diverged ?? null];
          });
        }""",
        text,
    )
    assert loaded == [[400, None], [90, 120]]


def test_racing_a_recording(page, tmp_path):
    give(page, text_of(make_recording(FALL), tmp_path))
    page.click("#race")
    assert shown(page) == "Race the recording"
    assert page.text_content("#detail").startswith("Click to start")
    page.click("#go")
    play_until_the_end(page)
    assert "meters" in shown(page)


def test_a_link_holds_the_whole_run(page, address, tmp_path):
    text = text_of(make_recording(FALL), tmp_path)
    words = page.evaluate('async (text) => (await import("./js/recording.js")).packed(text)', text)
    page.goto(f"{address}#run={words}")
    page.reload()
    page.wait_for_selector("#replaying")
    assert page.evaluate("Number(document.getElementById('seek').max)") == 400


@pytest.mark.parametrize("name", ["record", "policy"])
def test_the_runs_on_board_are_what_they_say(page, built_page, name):
    recording = load_recording(built_page / "runs" / f"{name}.qwop")
    assert recording.play().jump_landed
    page.click(f"#watch-{name}")
    page.wait_for_selector("#replaying")
    seek(page, len(recording.keys))
    page.clock.run_for(50)
    assert frames(page) == recording.metadata["result"]["frames"]


def test_the_record_on_board_is_the_fastest_that_is_shipped(built_page):
    shipped = [load_recording(path).metadata["result"]["frames"] for path in champion.runs()]
    on_board = load_recording(built_page / "runs" / "record.qwop")
    assert on_board.metadata["result"]["frames"] == min(shipped)


def test_the_policys_run_on_board_is_what_the_shipped_policy_plays(built_page):
    pytest.importorskip("stable_baselines3")
    from qwop_native.models.load import load_policy

    recording = load_recording(built_page / "runs" / "policy.qwop")
    policy, game = load_policy(champion.POLICY), Game(recording.sincos)
    play_page(game, recording.page.events)
    keys = []
    while not game.game_ended:
        mask = int(policy.act([game])[0])
        keys += [mask] * game.step(mask, champion.FRAMES_PER_STEP)
    assert keys == recording.keys.tolist()


def test_example_by_its_address(page, address):
    page.goto(f"{address}?run=runs/example.qwop")
    page.wait_for_selector("#replaying")


def test_racing_the_record(page):
    page.click("#race-record")
    page.wait_for_function("document.getElementById('headline').textContent === 'Race the record'")
    page.click("#go")
    play_until_the_end(page)
    assert "meters" in shown(page)
    page.click("#menu")
    assert page.is_visible("#race-record")


def test_the_number_stays_the_games_own_when_the_runner_lies_there(page, tmp_path):
    page.click("#go")
    play_until_the_end(page)
    ended = page.text_content("#where")
    assert f"{saved(page, tmp_path).metadata['result']['score']:.1f} m" in ended
    page.clock.run_for(3000)
    assert page.text_content("#where") == ended
    assert shown(page).startswith(ended.split(" m")[0])


def test_nothing_is_counted_before_the_start_and_one_frame_is_one(page):
    page.clock.run_for(2000)
    assert page.text_content("#where") == ""
    assert page.evaluate("import('./js/hud.js').then((hud) => hud.framesText(1))") == "1 frame"
    assert page.evaluate("import('./js/hud.js').then((hud) => hud.framesText(2))") == "2 frames"


def test_a_run_can_be_kept_from_the_first_fall_on(page, tmp_path):
    assert page.is_disabled("#save")
    assert page.is_disabled("#link")
    page.click("#go")
    play_until_the_end(page)
    page.keyboard.press("r")
    page.clock.run_for(500)  # the next run has begun
    assert page.is_enabled("#link")
    assert saved(page, tmp_path).play().fallen


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("seed=1\n3\n*\n", "no recording of qwop-native"),
        ("qwop-recording 2\nend\n", "version 2"),
        ('qwop-recording 1\nsincos: "glibc"\npage:\n  click\nkeys: 1\n  Q*1\n', "cut off"),
        ('qwop-recording 1\nsincos: "x"\npage:\n  click\nkeys: 1\n  Q*1\nend\n', "sine"),
        ('qwop-recording 1\nsincos: "glibc"\npage:\n  click\nkeys: 2\n  Q*1\nend\n', "2 frames"),
        ('qwop-recording 1\nsincos: "glibc"\npage:\n  reset\nkeys: 1\n  Q*1\nend\n', "one click"),
        ("", "no recording of qwop-native"),
    ],
)
def test_what_is_no_recording(page, text, message):
    give(page, text)
    page.wait_for_function("document.getElementById('message').textContent !== ''")
    assert message in page.text_content("#message")
    assert page.is_hidden("#replaying")


@pytest.mark.parametrize("cut", [0.5, 0.9])
def test_half_a_link_is_one_sentence(page, address, tmp_path, cut):
    text = text_of(make_recording(FALL), tmp_path)
    words = page.evaluate('async (text) => (await import("./js/recording.js")).packed(text)', text)
    page.goto(f"{address}#run={words[: int(len(words) * cut)]}")
    page.reload()
    page.wait_for_function("document.getElementById('message').textContent !== ''")
    assert page.text_content("#message") == (
        "The recording in this link is cut short or damaged; copy the whole link and try again."
    )


def test_a_file_dropped_on_the_page(page, tmp_path):
    drop = """(text) => {
      const files = new DataTransfer();
      files.items.add(new File([text], "run.qwop"));
      dispatchEvent(new DragEvent("drop", { dataTransfer: files }));
    }"""
    page.evaluate(drop, "seed=1\n3\n*\n")
    page.wait_for_function("document.getElementById('message').textContent !== ''")
    assert page.text_content("#message").startswith("This is no recording of qwop-native")
    page.evaluate(drop, text_of(make_recording(FALL), tmp_path))
    page.wait_for_selector("#replaying")
    assert page.text_content("#message") == ""


NO_WASM = "delete globalThis.WebAssembly"
NO_SIMD = "WebAssembly.validate = () => false"


def opened(browser, address, script):
    page = browser.new_page()
    page.add_init_script(script)
    page.goto(address)
    page.wait_for_function(
        "document.body.matches('.ready') || document.getElementById('message').textContent !== ''"
    )
    return page


def test_without_webassembly_there_is_one_sentence(browser, address):
    page = opened(browser, address, NO_WASM)
    assert page.text_content("#message").startswith("This browser has no WebAssembly")
    page.close()


def test_without_simd_the_page_runs_and_says_so(browser, address):
    page = opened(browser, address, NO_SIMD)
    for place in ("#build", "#message"):
        assert "no WebAssembly SIMD" in page.text_content(place)
    page.click("#go")
    page.wait_for_function("/frames/.test(document.getElementById('where').textContent)")
    page.close()


def test_fingers_on_the_pads(browser, address):
    context = browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("body.ready")
    page.tap("#go")
    box = page.locator("#pads button", has_text="W").bounding_box()
    touch = context.new_cdp_session(page)
    point = {"x": box["x"] + 20, "y": box["y"] + 20}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    assert page.locator("#pads button.down").all_inner_texts()[0].startswith("W")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.locator("#pads button.down").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
