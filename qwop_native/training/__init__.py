"""Training on the native environment: settings, algorithms, runs."""
