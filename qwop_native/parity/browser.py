"""The user's own Chromium or Chrome, driven through Playwright, and the game's page in it."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from qwop_native.parity.game_files import WANTED, GameFile, is_known
from qwop_native.recording.rows import GAME_ROW, Rows

try:
    from playwright.sync_api import Error as PlaywrightError
    from playwright.sync_api import Page, Response, Route, WebSocketRoute, sync_playwright
except ModuleNotFoundError as error:
    raise ImportError(
        "driving a browser needs Playwright: pip install 'qwop-native[parity]'"
    ) from error

# The script stops itself on any host whose name lacks "foddy"; this one never leaves the machine.
LOCAL_URL = "http://foddy.localhost/"
_PAGE = (
    '<!doctype html><meta charset="utf-8"><title>QWOP</title><div id="gameContent"></div>'
    '<script src="howler.js"></script><script src="QWOP.min.js"></script>'
)
_BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "brave-browser",
    "microsoft-edge",
)
_LOAD_SECONDS = 60
_FETCH_BYTES = """
async (url) => {
  const bytes = new Uint8Array(await (await fetch(url, { cache: "force-cache" })).arrayBuffer());
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text);
}
"""


class BrowserError(RuntimeError):
    """The browser could not be started, or the game could not be loaded in it."""


@dataclass(frozen=True)
class LocalGame:
    """The game from files in a folder, served without any network.

    Attributes:
        files: What `find_game_files` found.
    """

    files: tuple[GameFile, ...]


@dataclass(frozen=True)
class OnlineGame:
    """The game from its own page.

    Attributes:
        url: The page.
        hosts: Further hosts that the page may ask; all others are refused.
        accept_unknown: Take files whose digest is not a known one.
    """

    url: str
    hosts: tuple[str, ...] = ()
    accept_unknown: bool = False


GameSource = LocalGame | OnlineGame


@dataclass(frozen=True)
class BrowserOptions:
    """How the browser is started.

    Attributes:
        executable: Its path, or its name on the PATH; None looks for a known one there.
        arguments: Further command-line arguments.
        environment: Further environment variables.
        headed: Show its window.
        note: Where the build comes from, for the record.
    """

    executable: str | None = None
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    headed: bool = False
    note: str = ""

    def __str__(self) -> str:
        variables = [f"{name}={value}" for name, value in self.environment.items()]
        return " ".join([*variables, *self.arguments])


def find_browser() -> str:
    """Finds a Chromium-like browser on the PATH.

    Raises:
        FileNotFoundError: None of the known names is there.
    """
    for name in _BROWSERS:
        path = shutil.which(name)
        if path:
            return path
    raise FileNotFoundError(
        f"no browser on the PATH (looked for {', '.join(_BROWSERS)}); give its path with --browser"
    )


@dataclass(frozen=True)
class Picture:
    """The game's canvas, 640 by 400 pixels.

    Attributes:
        png: The bytes of a PNG file.
        camera_x: World position of its left edge, in pixels.
        camera_y: World position of its upper edge, in pixels.
    """

    png: bytes
    camera_x: float
    camera_y: float


class Browser:
    """A running browser; use it in a ``with`` statement.

    Args:
        options: How to start it.

    Raises:
        BrowserError: It does not start.
        FileNotFoundError: It is not there.
    """

    def __init__(self, options: BrowserOptions) -> None:
        named = options.executable or find_browser()
        executable = shutil.which(named)  # Playwright wants a path, a person may give a name
        if not executable:
            raise FileNotFoundError(f"there is no program {named}")
        self.options = options
        # The game draws with WebGL, which a machine without a graphics card does in software.
        arguments = ["--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium refuses to run sandboxed as root
        self._playwright = sync_playwright().start()
        try:
            self._browser = self._playwright.chromium.launch(
                executable_path=executable,
                headless=not options.headed,
                args=[*arguments, *options.arguments],
                env={**os.environ, **options.environment},
            )
        except PlaywrightError as error:
            self._playwright.stop()
            reason = str(error).splitlines()[0]
            raise BrowserError(f"{executable} does not start: {reason}") from error
        self.version = self._browser.version

    @property
    def name(self) -> str:
        """What a person calls it, with the note on its build."""
        base = Path(self.options.executable or find_browser()).name
        return f"{base} ({self.options.note})" if self.options.note else base

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Ends the browser."""
        self._browser.close()
        self._playwright.stop()

    def evaluate_on_empty_page(self, script: str, argument: Any) -> Any:
        """Runs a JavaScript function on a page that has nothing in it.

        Args:
            script: The function's text.
            argument: Its argument, of JSON's kinds.

        Returns:
            What the function returned.
        """
        page = self._browser.new_page()
        try:
            return page.evaluate(script, argument)
        finally:
            page.close()

    def open_game(self, source: GameSource) -> GamePage:
        """Loads the game in a page of its own.

        Args:
            source: Where the game comes from.

        Raises:
            BrowserError: The game does not load.
            ValueError: An online game's file is not a known one.
        """
        context = self._browser.new_context(service_workers="block")
        context.add_init_script(
            resources.files(__package__).joinpath("bridge.js").read_text("utf-8")
        )
        page = context.new_page()
        try:
            return GamePage(page, source)
        except BaseException:
            context.close()
            raise


class GamePage:
    """One loaded page of the game, its intro screen up and no update made.

    Attributes:
        game_files: SHA-256 of each file of the game, by the name under which it was asked for.
        refused: Addresses that the page asked for and that were not let through.
    """

    def __init__(self, page: Page, source: GameSource) -> None:
        self._page = page
        self._source = source
        self.refused: list[str] = []
        self.game_files: dict[str, str] = {}
        if isinstance(source, LocalGame):
            self._url = LOCAL_URL
            self._hosts = {urlsplit(LOCAL_URL).hostname}
        else:
            self._url = source.url
            self._hosts = {urlsplit(source.url).hostname, *source.hosts}
        page.context.route("**/*", self._answer)
        self._responses: list[Response] = []
        page.on("response", lambda response: self._responses.append(response))
        page.context.route_web_socket("**/*", self._refuse_socket)
        self.reload()

    def reload(self) -> None:
        """Loads the page anew.

        Raises:
            BrowserError: The game does not load.
            ValueError: An online game's file is not a known one.
        """
        self._responses.clear()
        try:
            self._page.goto(self._url, timeout=_LOAD_SECONDS * 1000)
            self._page.wait_for_function(
                "window.qwopParity && qwopParity.ready()",
                timeout=_LOAD_SECONDS * 1000,
                polling=20,
            )
        except PlaywrightError as error:
            refused = f"; refused: {', '.join(self.refused)}" if self.refused else ""
            raise BrowserError(
                f"the game at {self._url} does not load: {error}{refused}"
            ) from error
        if not self._evaluate("qwopParity.untouched()"):
            raise BrowserError("the game made an update before it could be stopped; try again")
        self.game_files = self._file_digests()

    def run(self, program: Iterable[tuple[Any, ...]]) -> Rows:
        """Does things to the game.

        Args:
            program: Commands of ``bridge.js``: ("idle", n), ("click",), ("keys", n, mask),
                ("reset",), ("release",), ("tick", seconds).

        Returns:
            A row for the click, each reset, each tick and each update with keys.
        """
        commands = [list(command) for command in program]
        text = self._evaluate("(commands) => qwopParity.run(commands)", commands)
        numbers = np.frombuffer(base64.b64decode(text), dtype="<f8")
        columns = numbers.reshape(-1, 14 * 6 + 4)
        rows = np.zeros(len(columns), GAME_ROW)
        rows["bodies"] = columns[:, :72].reshape(-1, 12, 6)
        rows["hurdle"] = columns[:, 72:84].reshape(-1, 2, 6)
        rows["head_torque"], rows["score"], rows["score_time"], rows["flags"] = columns[:, 84:].T
        return rows

    def picture(self) -> Picture:
        """Draws the game as it is."""
        drawn = self._evaluate("qwopParity.draw()")
        png = base64.b64decode(drawn["url"].partition(",")[2])
        return Picture(png, drawn["cameraX"], drawn["cameraY"])

    def show(self) -> None:
        """Draws the game as it is into the browser's window, without a picture for us."""
        self._evaluate("qwopParity.show()")

    def close(self) -> None:
        """Closes the page."""
        self._page.context.close()

    def _evaluate(self, script: str, argument: Any = None) -> Any:
        try:
            return self._page.evaluate(script, argument)
        except PlaywrightError as error:
            raise BrowserError(f"the game's page failed: {error}") from error

    def _answer(self, route: Route) -> None:
        address = urlsplit(route.request.url)
        if address.hostname not in self._hosts:
            self.refused.append(route.request.url)
            route.abort()
        elif isinstance(self._source, OnlineGame):
            route.continue_()
        elif address.path == "/":
            route.fulfill(body=_PAGE, content_type="text/html")
        else:
            name = address.path.lstrip("/")
            for file in self._source.files:
                if file.request == name:
                    return route.fulfill(path=file.path)
            route.fulfill(status=404, body="")
        return None

    def _refuse_socket(self, socket: WebSocketRoute) -> None:
        self.refused.append(socket.url)
        socket.close()

    def _file_digests(self) -> dict[str, str]:
        """Digests of the game's files as the page got them."""
        source = self._source
        if isinstance(source, LocalGame):
            return {file.request: file.sha256 for file in source.files}
        digests = {}
        for response in tuple(self._responses):  # reading one makes another
            for wanted in WANTED:
                name = wanted.request.rpartition("/")[2]
                if response.ok and urlsplit(response.url).path.endswith(name):
                    data = self._bytes_of(response)
                    digests[wanted.request] = hashlib.sha256(data).hexdigest()
                    if not source.accept_unknown and not is_known(wanted.request, data):
                        raise ValueError(
                            f"not a known file of the game: {response.url} "
                            f"(SHA-256 {digests[wanted.request]}); if it is right all the same, "
                            "say --accept-unknown-files"
                        )
        return digests

    def _bytes_of(self, response: Response) -> bytes:
        """The bytes of a file that the page has loaded.

        The browser hands out a script's text rather than its bytes, so the page fetches it again
        from the cache; a page may not read other hosts' files, for which the text has to do.
        """
        try:
            return base64.b64decode(self._page.evaluate(_FETCH_BYTES, response.url))
        except PlaywrightError:
            return response.body()
