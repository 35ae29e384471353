"""Short names of files: as short as may be, and never the same for two."""

import pytest

from qwop_native.cli.names import short_names


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        (["runs/a/best_model.zip", "runs/b/best_model.zip"], ["a", "b"]),
        (["x/a/best_model.zip", "y/a/best_model.zip"], ["x/a", "y/a"]),
        (["runs/a/best_model.zip", "runs/a/model.zip"], ["a/best_model", "a/model"]),
        (["r/a/checkpoints/model_9.zip", "champion"], ["a", "champion"]),
        (["mine.qwop", "d/two.rec, episode 3"], ["mine", "two, episode 3"]),
        (["a/x.qwop", "b/x.qwop"], ["a/x", "b/x"]),
        (["a.qwop", "a.qwop"], ["a (1)", "a (2)"]),
        (["planner", "my.players:make"], ["planner", "my.players:make"]),
        (["best_model.zip"], ["best_model"]),
        ([], []),
    ],
)
def test_names(paths, names):
    assert short_names(paths) == names
