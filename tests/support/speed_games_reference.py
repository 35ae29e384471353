"""Games that reward speed in plain NumPy and Python: what the native ones are compared with."""

import numpy as np

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.facts import ENDED, FALLEN, UNITS_PER_METER
from qwop_native.models.finish import finished
from qwop_native.models.starts import line_starts
from qwop_native.training.settings.games import ACTION_SET
from qwop_native.wrappers.relative_features import Features
from qwop_native.wrappers.rich_columns import key_masks

_PACE_SHARE = 0.002
_DECAY = 0.999  # of what is remembered of deaths, at each new one
_LEAD_UNITS = 60.0  # a practice begins up to so far before the place of a death
_FIRST_X, _LAST_X = -20.0, 1040.0


def step_rewards(settings, before, now, done, time_cost):
    """Rewards of a step from the torso's x before and after it, float64 (n,)."""
    pace = (now - before) / settings.frames_per_step
    return settings.reward_scale * (pace - time_cost + done * settings.finish_reward)


class ReferenceBuckets:
    """What `SnapshotBuckets` computes."""

    def __init__(self, units, size, rng):
        self._units, self._size, self._rng = units, size, rng
        count = int(self._buckets(_LAST_X)) + 1
        self._games = [[] for _ in range(count)]
        self._counts = np.zeros(count, np.int64)  # of games in each, for draws of many at once
        self._deaths = np.full(count, 1.0)

    def __len__(self):
        return int(self._counts.sum())

    def died(self, x):
        """Remembers where runners died, world units."""
        places = np.atleast_1d(self._buckets(x))
        self._deaths *= _DECAY ** len(places)
        self._deaths += np.bincount(places, minlength=len(self._deaths))

    def add(self, x, game):
        """Keeps a game at the place `x`."""
        bucket = int(self._buckets(x))
        games = self._games[bucket]
        if len(games) < self._size:
            games.append(game)
            self._counts[bucket] += 1
        else:
            games[int(self._rng.integers(self._size))] = game

    def draw_many(self, count):
        """As many draws; None where no game is kept at the place or before it."""
        if not count or not self._counts.any():
            return [None] * count
        # Three numbers a draw: a place where runners die, how far before it, which game there.
        where, lead, which = self._rng.random((3, count))
        edges = np.cumsum(self._deaths + 0.1 * self._deaths.mean())
        places = np.searchsorted(edges, where * edges[-1], side="right")
        places = np.minimum(places, len(edges) - 1)
        places -= (lead * (int(_LEAD_UNITS / self._units) + 1)).astype(np.int64)
        numbers = np.where(self._counts > 0, np.arange(len(edges)), -1)
        buckets = np.maximum.accumulate(numbers)[np.maximum(places, 0)]
        rows = (which * self._counts[buckets]).astype(np.int64)
        return [
            self._games[bucket][row] if bucket >= 0 else None
            for bucket, row in zip(buckets.tolist(), rows.tolist(), strict=True)
        ]

    def get_state(self):
        """All that is kept, the games as snapshots, for `set_state`."""
        return {
            "deaths": self._deaths.copy(),
            "games": [[game.snapshot() for game in games] for games in self._games],
        }

    def _buckets(self, x):
        inside = np.minimum(np.maximum(x, _FIRST_X), _LAST_X)
        return np.asarray((inside - _FIRST_X) / self._units).astype(np.int64)


class ReferenceGames:
    """What `SprintGames` computes, one game or one array at a time."""

    def __init__(
        self,
        settings,
        rng,
        threads=1,
        observation="relative",
    ):
        self.settings, self._rng = settings, rng
        self._masks = key_masks(ACTION_SETS[ACTION_SET])
        self._lines = line_starts(settings.sincos, settings.idle_frames, settings.frames_per_step)
        self.pool = _core.GamePool(self._lines[0], num_envs=settings.num_envs, num_threads=threads)
        self.line = self._lines[0]
        self._features = Features() if observation == "relative" else None
        count = settings.num_envs
        self._recent = np.zeros((settings.slow_frames // settings.frames_per_step, count))
        self._steps = np.zeros(count, np.int64)
        self._returns = np.zeros(count)
        self._from_line = np.zeros(count, np.bool_)
        self.buckets = ReferenceBuckets(settings.bucket_units, settings.bucket_size, rng)
        self.time_cost, self._pace = settings.time_cost, 0.0
        self.num_envs = count

    def reset(self):
        """Starts all games; returns float32 (games, columns)."""
        self._start(np.arange(self.num_envs))
        return self.observe()

    def step(self, actions):
        """A step, as VecEnv has it."""
        settings = self.settings
        before = self._torso_x()
        self.pool.step(self._masks[actions], frames=settings.frames_per_step)
        now, events = self._torso_x(), self.pool.events
        done = finished(events, self.pool.score)
        rewards = step_rewards(settings, before, now, done, self.time_cost)
        self._returns += rewards
        rewards = rewards.astype(np.float32)
        self._raise_time_cost(float((now - before).mean()) / settings.frames_per_step)
        slow = self._is_slow(now)
        dones = (events & (ENDED | FALLEN) != 0) | slow
        failed = dones & ~done
        cost = settings.reward_scale * self.time_cost * settings.fall_steps
        self._returns[failed] -= cost
        rewards[failed] = rewards[failed].astype(np.float64) - cost
        infos = [{} for _ in range(self.num_envs)]
        ended = np.flatnonzero(dones)
        if len(ended):
            for game, info in zip(ended.tolist(), self._last_infos(ended, done), strict=True):
                infos[game] = info
            self.buckets.died(now[ended[~done[ended]]])
            self._start(ended)
        self._keep_snapshots()
        return self.observe(), rewards, dones, infos

    def observe(self):
        """What the games look like now, float32 (games, columns)."""
        return self._seen(self.pool.bodies)

    def get_state(self):
        """Where games, generator, kept snapshots and the cost of time stand, between two steps.

        Bytes, arrays and numbers, for pickle; some 5 kB for each game played and kept.
        """
        return {
            "games": [self.pool.game(game).snapshot() for game in range(self.num_envs)],
            "generator": self._rng.bit_generator.state,
            "buckets": self.buckets.get_state(),
            "followers": {name: np.zeros(0, np.int64) for name in ("run", "step")},
            "recent": self._recent.copy(),
            "steps": self._steps.copy(),
            "returns": self._returns.copy(),
            "from_line": self._from_line.copy(),
            "time_cost": self.time_cost,
            "pace": self._pace,
        }

    def _raise_time_cost(self, pace):
        """Runners who have become faster are to be content with no less than before."""
        settings = self.settings
        self._pace += _PACE_SHARE * (pace - self._pace)
        self.time_cost = max(settings.time_cost, settings.time_cost_share * self._pace)

    def _last_infos(self, ended, done):
        """Infos of ended games that stand as they ended."""
        bodies = self.pool.bodies[ended]
        columns = (
            self.pool.frames[ended].tolist(),
            (bodies[:, 0, 0] / UNITS_PER_METER).tolist(),
            done[ended].tolist(),
            self._from_line[ended].tolist(),
            self._seen(bodies),
            self._returns[ended].tolist(),
            self._steps[ended].tolist(),
        )
        return [
            {
                "frames": frames,
                "distance": distance,
                "finished": finished,
                "is_success": finished,
                "from_line": from_line,
                "terminal_observation": last,
                "episode": {"r": total, "l": steps},
            }
            for frames, distance, finished, from_line, last, total, steps in zip(
                *columns, strict=True
            )
        ]

    def _is_slow(self, now):
        rows = len(self._recent)
        row = self._steps % rows
        games = np.arange(self.num_envs)
        long_enough = self._steps >= rows
        slow = long_enough & (now - self._recent[row, games] < self.settings.slow_units)
        self._recent[row, games] = now
        self._steps += 1
        return slow

    def _start(self, games):
        """Starts new episodes, at the line or under way."""
        kind, which = self._rng.random((2, len(games)))
        lines = (which * len(self._lines)).astype(np.int64).tolist()
        roots = [None] * len(games)
        kept = np.flatnonzero(kind < self.settings.snapshot_starts)
        for row, game in zip(kept.tolist(), self.buckets.draw_many(len(kept)), strict=True):
            roots[row] = game
        self._from_line[games] = [root is None for root in roots]
        self._steps[games] = 0
        self._returns[games] = 0.0
        for game, root, line in zip(games.tolist(), roots, lines, strict=True):
            at = self._lines[line] if root is None else root
            self.pool.set_game(game, self._pressed_at_random(at) or at)

    def _pressed_at_random(self, root):
        """The game after keys at random; None where there are none or it falls of them."""
        share = self.settings.random_key_starts
        if not share or self._rng.random() >= share:
            return None
        game, keys = root.copy(), 0
        for frame in range(1 + int(self._rng.integers(self.settings.random_key_frames))):
            keys = int(self._rng.integers(16)) if frame % 3 == 0 else keys
            game.step(keys)
            if game.fallen or game.game_ended:
                return None
        return game

    def _keep_snapshots(self):
        # A game already falling teaches nothing; one that lives has passed some steps since its
        # start.
        chosen = self._rng.random(self.num_envs) < self.settings.snapshot_chance
        chosen &= self.pool.events & ENDED == 0
        chosen &= self._steps > self.settings.snapshot_after
        for game in np.flatnonzero(chosen).tolist():
            self.buckets.add(float(self.pool.bodies[game, 0, 0]), self.pool.game(game))

    def _torso_x(self):
        return self.pool.bodies[:, 0, 0].copy()

    def _seen(self, bodies):
        seen = observations(bodies)
        return seen if self._features is None else self._features(seen)
