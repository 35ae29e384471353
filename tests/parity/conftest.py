import os

import pytest


@pytest.fixture(scope="session")
def game_dir():
    """The user's folder with the game's files, named by an environment variable."""
    folder = os.environ.get("QWOP_GAME_DIR")
    if not folder:
        pytest.skip("the real game is needed: name its folder in the variable QWOP_GAME_DIR")
    return folder


@pytest.fixture(scope="module")
def browser(game_dir):
    pytest.importorskip("playwright", reason="a browser is driven with playwright")
    from qwop_native.parity.browser import Browser, BrowserOptions

    try:
        running = Browser(BrowserOptions(executable=os.environ.get("QWOP_BROWSER")))
    except FileNotFoundError as error:
        pytest.skip(str(error))
    with running:
        yield running


@pytest.fixture(scope="session")
def game_files(game_dir):
    from qwop_native.parity.browser import LocalGame
    from qwop_native.parity.game_files import find_game_files

    return LocalGame(find_game_files(game_dir))


@pytest.fixture
def page(browser, game_files):
    opened = browser.open_game(game_files)
    yield opened
    opened.close()
