"""What a visitor does on the page in web/, for tests whose clock stands still."""

from typing import Any


def play_until_the_end(page: Any) -> None:
    """Holds Q and O until the runner lies there."""
    page.keyboard.down("q")
    page.keyboard.down("o")
    for _ in range(40):
        page.clock.run_for(500)
        if page.locator("#cover.over").is_visible():
            break
    page.keyboard.up("q")
    page.keyboard.up("o")
