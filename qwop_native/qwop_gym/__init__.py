"""Files and arguments of qwop-gym, translated into those of this package."""
