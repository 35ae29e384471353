"""Trained models: what they were trained with, how they act, how well they run."""
