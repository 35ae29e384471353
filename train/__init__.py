"""Training on the native environment: `python -m train`."""
