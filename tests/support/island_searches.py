"""A search on islands from shortly before the finish that ends after so many legs."""

from __future__ import annotations

from qwop_native.champion import runs
from qwop_native.recording import load_recording
from qwop_native.search.islands.crew import Crew, Here
from qwop_native.search.islands.search import IslandSearcher, IslandSettings
from qwop_native.search.run import SearchSettings
from qwop_native.search.values import Rank, upright

KEYS = load_recording(next(path for path in runs() if path.stem == "fastest-glibc")).keys
UPRIGHT = Rank(((1.0, upright),))
ISLANDS = IslandSettings(islands=3, leg=20, carried=4)
SETTINGS = SearchSettings(
    minutes=60, rounds=0, groups=3, width=16, grids=(2,), threads=1, head=KEYS[:1020], seed=3
)


class Stopped(IslandSearcher):
    """A search that ends after so many legs, those of earlier ones with the same lines included."""

    def __init__(self, folder, lines, legs, crew=None, settings=SETTINGS, islands=ISLANDS):
        self.lines, self.legs = lines, legs
        crew = crew or Crew(Here(), lines.append)
        super().__init__(folder, settings, UPRIGHT, crew, islands, lines.append)

    def _over(self):
        return sum(line.startswith("pass") for line in self.lines) >= self.legs

    def searched(self):
        """Runs it and returns it."""
        self.run()
        return self


def facts(searcher):
    """What a search has come to, apart from the time it took."""
    names = ("number", "at", "frames", "noise", "legs", "played", "finish", "result")
    return [{name: entry[name] for name in names} for entry in searcher._tries]
