"""The package for Stable-Baselines3 where that is not installed."""

import subprocess
import sys

WITHOUT_SB3 = """
import sys
sys.modules["stable_baselines3"] = None
import qwop_native.sb3
print(dir(qwop_native.sb3))
qwop_native.sb3.QwopVecEnv
"""


def test_what_is_missing_is_said_when_something_is_asked_for(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SB3],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "QwopVecEnv" in done.stdout
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: qwop_native.sb3.QwopVecEnv needs stable_baselines3")
    assert "pip install 'qwop-native[train]'" in last
