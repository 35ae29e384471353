"""Settings as pydantic models: read from YAML, refused in one sentence, written and documented."""
