"""Griffe extension of the site: compiled classes with their stub's signatures and public names.

The stub `_core.pyi` has the signatures, the extension module the docstrings. This puts both
together, and writes `Game` where the source writes `_core.Game`.
"""

from __future__ import annotations

import inspect
from typing import Any

import griffe

import qwop_native

_COMPILED = "qwop_native._core.Game"


class PublicNames(griffe.Extension):
    """Gives the stub's objects the docstrings of the compiled ones."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Called when a package is loaded."""
        if pkg.path != "qwop_native":
            return
        stub = pkg[_COMPILED.removeprefix("qwop_native.")]
        self._document(stub, qwop_native.Game)
        for name, member in stub.members.items():
            self._document(member, getattr(qwop_native.Game, name))

    def _document(self, member: Any, compiled: object) -> None:
        text = inspect.getdoc(compiled) or ""
        head, _, rest = text.partition("\n")
        if " -> " in head:  # pybind11's own signature
            text = rest.strip()
        if text:
            member.docstring = griffe.Docstring(text, parent=member, parser="google")
