"""Where the checkout's files are that tests read."""

from pathlib import Path

TESTS = Path(__file__).parents[1]
ROOT = TESTS.parent
TRACES = TESTS / "traces"
EXAMPLE = ROOT / "web" / "page" / "runs" / "example.qwop"
