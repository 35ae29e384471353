"""Search for fast runs on exact copies of the game, ranked by values that can be learned."""
