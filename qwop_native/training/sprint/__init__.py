"""How a policy such as the shipped one is made: beams of the exact game, cloning, PPO, lookahead.

The data flow one way: `demonstrations` (beams) -> `cloning` -> `games` and `ppo` (training) ->
`lookahead` (every action tried) -> `by_heart` (single fast runs) -> `export` (a stock zip on the
environment's own observation); the critic that was learned ranks the beams of the next round.
`pipeline` makes one after the other and keeps the best by `qwop_native.models.evaluate`.
"""
