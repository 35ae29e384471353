"""Search on exact copies of the game: for fast runs, and live for the next keys of a game."""

from qwop_native.search.planner import Planner

__all__ = ["Planner"]
