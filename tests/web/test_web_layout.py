"""The page on a desktop and on a phone, upright and on its side: what is where, and legible."""

from itertools import combinations

import pytest
from web_page import play_until_the_end

pytestmark = pytest.mark.slow  # the page is compiled first

SIZES = {"desktop": (1280, 800), "upright": (390, 844), "sideways": (844, 390)}
EDGE = 16  # px that may be left empty around everything

# Boxes of what somebody can see and touch, by name; parts of a menu over the picture by theirs.
BOXES = """
() => {
  const boxes = {};
  const add = (element, name) => {
    const box = element.getBoundingClientRect();
    if (box.width && box.height) boxes[name] = [box.left, box.top, box.right, box.bottom];
  };
  for (const button of document.querySelectorAll("button, select, input, h1, header p")) {
    if (!button.closest("dialog")) add(button, button.id || button.value || button.tagName);
  }
  for (const id of ["headline", "detail"]) add(document.getElementById(id), id);
  return boxes;
}
"""
STAGE = """
() => {
  const box = document.getElementById("stage").getBoundingClientRect();
  return [box.left, box.top, box.right, box.bottom];
}
"""
OF_THE_COVER = {
    *("headline", "detail", "go", "again", "open"),
    *("race-record", "race-planner", "watch-record", "watch-policy"),
}

CONTRASTS = r"""
() => {
  const parse = (color) => color.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].reduce((sum, part, i) => {
    const c = part / 255;
    const linear = c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    return sum + [0.2126, 0.7152, 0.0722][i] * linear;
  }, 0);
  const backOf = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const color = parse(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const texts = document.querySelectorAll(
    "h1, em, header p, header a, button:enabled, dialog p, dialog a",
  );
  return [...texts].filter((e) => !e.closest("#cover") || e.matches("button")).map((element) => {
    const pair = [light(parse(getComputedStyle(element).color)), light(backOf(element))];
    return [element.id || element.tagName, (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05)];
  });
}
"""


@pytest.fixture
def opened(browser, address):
    """Opens the page as on one of SIZES."""
    contexts = []

    def at(size, **more):
        width, height = SIZES[size]
        touch = size != "desktop"
        context = browser.new_context(
            viewport={"width": width, "height": height}, has_touch=touch, is_mobile=touch, **more
        )
        contexts.append(context)
        page = context.new_page()
        page.clock.install(time=0)
        page.clock.pause_at(1000)
        page.goto(address)
        page.wait_for_selector("body.ready")
        return page

    yield at
    for context in contexts:
        context.close()


def fall(page):
    page.click("#go")
    play_until_the_end(page)


def watch(page):
    page.click("#watch-record")
    page.wait_for_selector("#replaying")


def race(page):
    page.click("#race-record")
    page.wait_for_function("/record/.test(document.getElementById('headline').textContent)")


MODES = {
    "menu": lambda page: None,
    "running": lambda page: page.click("#go"),
    "over": fall,
    "race": race,
    "watching": watch,
}


def apart(a, b):
    return a[2] <= b[0] + 1 or b[2] <= a[0] + 1 or a[3] <= b[1] + 1 or b[3] <= a[1] + 1


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", SIZES)
def test_everything_is_in_sight_and_nothing_overlaps(opened, size, mode):
    page = opened(size)
    MODES[mode](page)
    page.clock.run_for(200)
    width, height = SIZES[size]
    boxes, stage = page.evaluate(BOXES), page.evaluate(STAGE)
    for name, (left, top, right, bottom) in boxes.items():
        assert left >= 0, name
        assert top >= 0, name
        assert right <= width, name
        assert bottom <= height, name
        inside = stage[0] <= left and right <= stage[2] and stage[1] <= top and bottom <= stage[3]
        assert inside if name in OF_THE_COVER else apart((left, top, right, bottom), stage), name
    for (one, a), (other, b) in combinations(boxes.items(), 2):
        assert apart(a, b), (one, other)
    assert page.evaluate("document.documentElement.scrollHeight") <= height
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("mode", ["menu", "running", "watching"])
@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_wasted(opened, size, mode):
    page = opened(size)
    MODES[mode](page)
    page.clock.run_for(200)
    width, height = SIZES[size]
    stage, boxes = page.evaluate(STAGE), page.evaluate(BOXES)
    everything = [*boxes.values(), stage]
    assert max(box[3] for box in everything) >= height - EDGE
    assert max(box[2] for box in everything) >= width - EDGE
    share = (stage[2] - stage[0]) * (stage[3] - stage[1]) / (width * height)
    assert share > (0.45 if size != "desktop" else 0.8)


@pytest.mark.parametrize("size", ["upright", "sideways"])
def test_pads_are_at_the_thumbs(opened, size):
    page = opened(size)
    width, height = SIZES[size]
    boxes = page.evaluate(BOXES)
    for letter, left in zip("QWOP", (True, True, False, False), strict=True):
        box = boxes[letter]
        assert box[3] >= height - EDGE
        assert box[2] <= width / 2 if left else box[0] >= width / 2
        assert min(box[2] - box[0], box[3] - box[1]) >= 64
    assert boxes["Q"][0] <= EDGE
    assert boxes["P"][2] >= width - EDGE


def test_words_on_a_phone_say_tap(opened):
    page = opened("upright")
    seen = [page.inner_text("body")]
    fall(page)
    seen.append(page.inner_text("body"))
    page.click("#menu")
    race(page)
    seen.append(page.inner_text("body"))
    for words in seen:
        assert "Tap" in words
        assert "lick" not in words
        assert "press" not in words.lower()


def test_the_page_says_what_it_is_and_where_it_is_from(opened):
    page = opened("desktop")
    assert "Bennett Foddy" in page.inner_text("header")
    assert page.get_attribute("#project", "href") == "../"  # the project's pages, in .ci/pages
    assert page.text_content("#project") == "qwop-native"


def test_by_keyboard_alone(opened):
    page = opened("desktop")
    reached = set()
    for _ in range(20):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id"))
        assert page.evaluate(
            "document.activeElement === document.body ||"
            "getComputedStyle(document.activeElement).outlineStyle !== 'none'"
        )
    assert reached >= {"project", "restart", "full", "help", "go", "race-record", "watch-record"}
    page.focus("#watch-record")
    page.keyboard.press("Enter")
    page.wait_for_selector("#replaying")
    page.keyboard.press("m")
    page.wait_for_selector("#cover")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out(opened, scheme):
    page = opened("desktop", color_scheme=scheme)
    for name, contrast in page.evaluate(CONTRASTS):
        assert contrast >= 4.5, name


def test_less_motion_for_those_who_ask_for_it(opened, address):
    page = opened("desktop", reduced_motion="reduce")
    watch(page)
    # Hills and trees, left of the runner and high above the track, stand still.
    hills = """() => {
      const canvas = document.getElementById("picture");
      const data = canvas.getContext("2d").getImageData(0, canvas.height * 0.66, 40, 40).data;
      return Array.from(data).join();
    }"""
    seen = set()
    for frame in (1, 400, 800):
        page.evaluate(
            """(frame) => {
              const seek = document.getElementById("seek");
              seek.value = frame;
              seek.dispatchEvent(new Event("input"));
            }""",
            frame,
        )
        page.clock.run_for(200)
        seen.add(page.evaluate(hills))
    assert len(seen) == 1


def test_full_screen(opened):
    page = opened("desktop")
    page.click("#full")
    page.wait_for_function("document.fullscreenElement !== null")
    page.keyboard.press("f")
    page.wait_for_function("document.fullscreenElement === null")
