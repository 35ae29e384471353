"""Pictures of the game, drawn by this project; nothing of the game's own art is used."""
