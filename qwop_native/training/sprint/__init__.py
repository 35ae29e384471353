"""How a policy such as the shipped one is made: QR-DQN learns to run, PPO makes it faster.

The data flow one way: a run of QR-DQN -> `cloning` (its values become a policy) -> `games` and
`ppo` (training in large batches, weights averaged) -> `export` (a stock zip on the environment's
own observation). `pipeline` makes one after the other. The games are also those of
`qwop-native train` where a config names `games`; `recorded_runs` are its demonstrations.
"""
