"""Pictures of runs, trainings, speed and parity; the command is ``qwop-native plot``."""
