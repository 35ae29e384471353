"""The settings of training runs, of the run and of each algorithm's learner, as pydantic models."""
