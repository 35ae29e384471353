"""Gymnasium environments on the native game, one game or many."""
