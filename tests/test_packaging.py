"""What an installed package offers to type checkers and to the command line."""

import os
import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points, version
from importlib.resources import files
from pathlib import Path

import pytest
from packaging.version import Version

import qwop_native
from qwop_native import _core


def test_the_package_says_that_it_is_typed():
    package = files("qwop_native")
    assert (package / "py.typed").is_file()
    assert (package / "_core.pyi").is_file()


def test_the_oldest_set_is_the_floors():
    root = Path(__file__).parents[1]
    project = (root / "pyproject.toml").read_text()
    floors = dict(re.findall(r'"([\w-]+)>=([\d.]+)', project))
    pins = re.findall(r"^([\w-]+)==([\d.]+)", (root / "requirements/oldest.txt").read_text(), re.M)
    assert len(pins) > 10
    for name, pinned in pins:
        if name in floors:  # the others are needed by these old releases alone
            assert Version(pinned) == Version(floors[name]), name


def _all_but_sources(_folder, names):
    return [name for name in names if Path(name).suffix not in {"", ".py", ".pyi", ".typed"}]


@pytest.mark.slow
def test_the_stub_matches_the_compiled_module(tmp_path):
    # pybind11's classes have a metaclass of its own, which no stub can name.
    classes = tmp_path / "classes.txt"
    names = [
        name
        for name, value in vars(_core).items()
        if isinstance(value, type) and type(value) is not type
    ]
    classes.write_text("".join(f"qwop_native._core.{name}\n" for name in names))
    # mypy does not follow an editable install, and in site-packages it would check all there is: it
    # gets the package's sources alone.
    sources = tmp_path / "sources"
    shutil.copytree(
        Path(qwop_native.__file__).parent, sources / "qwop_native", ignore=_all_but_sources
    )
    module = ["qwop_native._core", "--concise", "--allowlist", str(classes)]
    checked = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", *module],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path), "MYPYPATH": str(sources)},
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_version_is_that_of_the_distribution():
    assert qwop_native.__version__ == version("qwop-native")


def test_the_console_script_points_to_the_cli():
    (script,) = entry_points(group="console_scripts", name="qwop-native")
    assert script.value == "qwop_native.cli.main:main"
    assert callable(script.load())


def test_the_public_names():
    environments = {"QwopEnv", "QwopVectorEnv"}
    others = {
        "Game",
        "Keys",
        "NotResetError",
        "__version__",
        "load_policy",
        "load_recording",
        "register",
    }
    assert set(qwop_native.__all__) == others | environments
    for name in qwop_native.__all__:
        assert getattr(qwop_native, name) is not None


WITHOUT_CORE = """
import sys
sys.modules["qwop_native._core"] = None
import qwop_native
"""


def test_a_missing_extension_is_said_plainly(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_CORE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "the compiled part of qwop_native is not in" in done.stderr
    assert "pip install -e ." in done.stderr


@pytest.mark.parametrize("name", ["torch", "stable_baselines3", "yaml", "matplotlib", "playwright"])
def test_importing_the_package_imports_no_extra(name, tmp_path):
    code = f"import sys, qwop_native; sys.exit({name!r} in sys.modules)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
