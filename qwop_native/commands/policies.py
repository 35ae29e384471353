"""Old name of `qwop_native.models.policy`; kept for scripts that load models by it."""

from qwop_native.models.policy import load_model

__all__ = ["load_model"]
