"""The page as somebody uses it: playing, saving, watching, racing, opening what is no recording."""

import re

import pytest

from qwop_native.recording import load_recording, make_recording, reset_start

pytestmark = pytest.mark.slow  # the page is compiled first

FALL = [5] * 400  # Q and O held


def frames(page):
    return int(re.search(r"(\d+) frames", page.text_content("#where"))[1])


def shown(page):
    return page.text_content("#headline")


def play_until_the_end(page):
    """Holds Q and O until the runner lies there."""
    page.keyboard.down("q")
    page.keyboard.down("o")
    for _ in range(40):
        page.clock.run_for(500)
        if page.locator("#cover.over").is_visible():
            break
    page.keyboard.up("q")
    page.keyboard.up("o")


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
    page.click("#cover")
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
    assert shown(page) == "Click to start"
    page.click("#cover")
    play_until_the_end(page)
    assert "meters" in shown(page)


def test_a_link_holds_the_whole_run(page, address, tmp_path):
    text = text_of(make_recording(FALL), tmp_path)
    words = page.evaluate('async (text) => (await import("./js/recording.js")).packed(text)', text)
    page.goto(f"{address}#run={words}")
    page.reload()
    page.wait_for_selector("#replaying")
    assert page.evaluate("Number(document.getElementById('seek').max)") == 400


def test_the_example_is_the_run_it_says(page, built_page):
    recording = load_recording(built_page / "runs" / "example.qwop")
    assert recording.play().jump_landed
    page.click("#example")
    page.wait_for_selector("#replaying")
    seek(page, len(recording.keys))
    page.clock.run_for(50)
    assert frames(page) == recording.metadata["result"]["frames"]


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


def test_fingers_on_the_pads(browser, address):
    context = browser.new_context(
        has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("body.ready")
    page.tap("#cover")
    box = page.locator("#pads button", has_text="W").bounding_box()
    touch = context.new_cdp_session(page)
    point = {"x": box["x"] + 20, "y": box["y"] + 20}
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    assert page.locator("#pads button.down").all_inner_texts()[0].startswith("W")
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.locator("#pads button.down").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
