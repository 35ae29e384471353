"""What people run to measure: scripts of a few lines, and saved results."""
