"""A command whose extra is not installed says which, at once and before it does anything."""

import subprocess
import sys

import pytest

_BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Blocked())
from {module} import main
sys.exit(main({arguments!r}))
"""

_CLI = "qwop_native.cli.main"
_TRAIN = ("torch", "stable_baselines3", "sb3_contrib")


def run(tmp_path, blocked, module, arguments):
    program = _BLOCKED.format(blocked=blocked, module=module, arguments=arguments)
    return subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )


@pytest.mark.parametrize(
    ("extra", "blocked", "module", "arguments"),
    [
        ("train", _TRAIN, _CLI, ["search", "found", "--minutes", "1"]),
        ("train", _TRAIN, _CLI, ["train", "qrdqn", "-s", "out_dir=found"]),
        ("train", ("yaml",), _CLI, ["train", "qrdqn", "-s", "out_dir=found"]),
        ("train", _TRAIN, _CLI, ["evaluate", "champion"]),
        ("train", _TRAIN, _CLI, ["champion"]),
        ("train", _TRAIN, _CLI, ["spectate", "champion", "--quiet"]),
        ("train", _TRAIN, _CLI, ["record", "champion", "--out", "found"]),
        ("train", _TRAIN, _CLI, ["race", "champion", "--table"]),
        ("train", _TRAIN, "qwop_native.cli.collect", ["ppo", "champion", "-o", "found"]),
        ("train", _TRAIN, "qwop_native.cli.tune", ["none.yml", "--folder", "found"]),
        ("train", _TRAIN, "qwop_native.cli.sprint", ["found"]),
        ("plots", ("matplotlib",), _CLI, ["plot", "speed", "none.qwop", "-o", "found.png"]),
        ("render", ("pygame",), _CLI, ["spectate", "champion"]),
        ("render", ("pygame",), _CLI, ["play"]),
        ("render", ("imageio_ffmpeg",), _CLI, ["race", "champion", "--video", "found.mp4"]),
        ("render", ("PIL",), _CLI, ["replay", "none.qwop", "--screenshot", "found.png"]),
        ("parity", ("playwright",), _CLI, ["champion", "--browser"]),
        ("parity", ("playwright",), _CLI, ["parity", "probe"]),
    ],
)
def test_the_extra_is_named_before_any_work(tmp_path, extra, blocked, module, arguments):
    done = run(tmp_path, blocked, module, arguments)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1, done.stderr
    assert f"pip install 'qwop-native[{extra}]'" in done.stderr
    assert not list(tmp_path.iterdir())
