"""What people run and edit to train: scripts of a few lines, and files of settings."""
