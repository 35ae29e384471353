"""How runs start: what happens on a freshly loaded page before the first frame of a run."""

from __future__ import annotations

from qwop_native.recording.tape import Event, Tape

_RELEASE, _RESET, _TICK = Event("release"), Event("reset"), Event("tick")

# What qwop-gym's environment does at each reset.
ENV_RESET = (_RELEASE, _RESET, _TICK)


def click_start(idle_frames: int = 1) -> Tape:
    """The click on a fresh page, after some updates on the intro screen: a person's first run."""
    return Tape((*_idle(idle_frames), Event("click")))


def reset_start(idle_frames: int = 1, resets: int = 1) -> Tape:
    """The click, then the game's own restart; twice or more for the even and odd later games."""
    return Tape((*_idle(idle_frames), Event("click"), *[_RESET] * resets))


def env_start(frames_per_step: int, resets: int = 1) -> Tape:
    """What qwop-gym's environment does from loading the page to the end of its n-th reset."""
    return Tape((*page_of_env(frames_per_step), *ENV_RESET * resets))


def standard_starts(frames_per_step: int) -> dict[str, Tape]:
    """The three starts: the game's first restart, the person's click, qwop-gym's reset."""
    return {"reset": reset_start(), "click": click_start(), "env": env_start(frames_per_step)}


def page_of_env(frames_per_step: int) -> tuple[Event, ...]:
    """What qwop-gym's environment does once after loading: the click, a step, a tick."""
    return (Event("click"), Event("keys", frames_per_step), _TICK)


def start_kind(page: Tape) -> str:
    """Names a start.

    Args:
        page: What happens on the page before the first frame.

    Returns:
        "click", "reset" (one restart after the click), "env" (the first episode of qwop-gym's
        environment), or "page" for anything else, such as a later game on the page.
    """
    events = page.after_click
    if not events:
        return "click"
    if [event for event in events if event != _RELEASE] == [_RESET]:
        return "reset"
    first = events[0]
    if first.kind == "keys" and not page.idle_frames and page == env_start(first.count):
        return "env"
    return "page"


def _idle(frames: int) -> tuple[Event, ...]:
    return (Event("idle", frames),) if frames else ()
