"""The shape of the package: one direction of imports, no circles, files and functions of a size."""

import pytest
from imports import circles, imports
from paths import ROOT

PACKAGE = ROOT / "qwop_native"

pytestmark = pytest.mark.skipif(not PACKAGE.is_dir(), reason="the sources are in a checkout only")


def test_circles_are_found():
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}, "d": {"a"}}) == [["b", "c"]]


def test_no_two_files_import_each_other_in_a_circle():
    assert circles(imports(PACKAGE)) == []


def test_no_two_rooms_import_each_other_in_a_circle():
    def room(name):
        return ".".join(name.split(".")[:2])

    graph = imports(PACKAGE)
    rooms = {room(name): set() for name in graph}
    for name, others in graph.items():
        rooms[room(name)] |= {room(other) for other in others} - {room(name)}
    assert circles(rooms) == []
