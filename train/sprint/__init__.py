"""How the shipped policy is made: beams of the exact game teach it, PPO makes it last and fast.

The data flow one way: `demonstrations` (beams) -> `cloning` -> `games` and `ppo` (training) ->
`export` (a stock zip on the environment's own observation) -> `evaluation`; the critic that PPO
learned ranks the beams of the next round.
"""
