import fcntl
import functools
import http.server
import os
import shutil
import subprocess
import threading
from pathlib import Path

import pytest
from paths import ROOT


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="session")
def built_page(tmp_path_factory):
    """The folder that web/build.sh makes; QWOP_PAGE names one that is made already."""
    if made_already := os.environ.get("QWOP_PAGE"):
        return Path(made_already)
    if not shutil.which("emcc"):
        pytest.skip("the page needs Emscripten's emcc to be built")
    to = _shared(tmp_path_factory) / "web"
    with to.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # one of the processes builds, the others wait
        if not (to / "page").exists():
            made = subprocess.run([ROOT / "web" / "build.sh", to], capture_output=True, text=True)
            assert made.returncode == 0, made.stdout + made.stderr
    return to / "page"


def _shared(tmp_path_factory):
    """A folder of all processes of a parallel run of the tests."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def address(built_page):
    handler = functools.partial(QuietHandler, directory=built_page)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def browser(address):
    from playwright.sync_api import sync_playwright

    from qwop_native.parity.browser import find_browser

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser, address):
    """The page, loaded; the test fails if it reports an error or asks another host.

    Its clock stands still but for `page.clock.run_for`.
    """
    problems = []
    context = browser.new_context(viewport={"width": 480, "height": 360})
    page = context.new_page()
    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("request", lambda request: _own(request.url, address, problems))
    page.goto(address)
    page.wait_for_selector("body.ready")
    yield page
    context.close()
    assert not problems


def _own(url, address, problems):
    if not url.startswith((address, "blob:", "data:")):
        problems.append(f"asked for {url}")
