"""Proof that the native game is the real one: the browser's numbers against ours, bit for bit.

`qwop-native parity -h` lists the commands; `docs/parity.md` explains them. Nothing here is
imported by the engine or the environments.
"""
