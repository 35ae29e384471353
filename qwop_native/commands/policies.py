"""Old name of `qwop_native.models.load`; kept for scripts that load models by it."""

from qwop_native.models.load import load_model

__all__ = ["load_model"]
