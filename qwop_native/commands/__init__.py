"""The commands that show the game and keep what is played: playing, recording, replaying."""
