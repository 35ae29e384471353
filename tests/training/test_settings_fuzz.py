"""Whatever a file of settings holds: it is accepted, or refused in one sentence."""

import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from qwop_native.qwop_gym.config import CommandFile
from qwop_native.settings.files import read
from qwop_native.training import config
from qwop_native.training.algorithms import REGISTRY, get_algorithm
from qwop_native.training.settings.learners import LEARNERS
from qwop_native.training.sprint.settings import SprintSettings
from qwop_native.training.study import Study

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats()
    | st.dates()
    | st.binary(max_size=3)
    | st.sampled_from(["1e3", "lin_decay_1_1_1", "const_", "{x}", "a\nb"])
    | st.text(max_size=5)
)


def values_for(names):
    names = st.sampled_from(sorted(names)) | st.integers() | st.text(max_size=3)
    return st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
        max_leaves=8,
    ).flatmap(lambda value: st.dictionaries(names, st.just(value) | SCALARS, max_size=3))


def names_of(*models):
    dotted = [name for model in models for name in model.paths()]
    return {part for name in dotted for part in name.split(".")}


QWOP_GYM = {"env_kwargs", "learner_kwargs", "trainer_kwargs"}
RUN = names_of(config.RunConfig, *LEARNERS.values()) | QWOP_GYM


def accepted(call, *arguments):
    """What the call returns; None if it refuses in one sentence."""
    try:
        return call(*arguments)
    except (ValueError, FileNotFoundError) as error:
        refusal = error
    assert type(refusal) in (ValueError, FileNotFoundError)
    assert len(str(refusal).splitlines()) == 1
    return None


@settings(max_examples=100, deadline=None)
@given(values_for(RUN), st.sampled_from(sorted(REGISTRY)))
def test_settings_of_a_run(given, name):
    algorithm = get_algorithm(name)
    found = accepted(config.parse, given, algorithm)
    if found:
        assert math.isfinite(found.learner.gamma)
        assert config.parse(found.plain(), algorithm).n_envs == found.n_envs


@pytest.mark.parametrize("model", [SprintSettings, CommandFile, Study])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_other_settings(model, data):
    found = accepted(model.of, data.draw(values_for(names_of(model))))
    assert found is None or model.of(found.plain())


YAML = values_for(["env", "__include__"]).map(lambda value: yaml.dump(value).encode())


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=40) | YAML)
def test_any_bytes(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("fuzz") / "a.yml"
    path.write_bytes(content)
    assert isinstance(accepted(read, path), (dict, type(None)))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: &a {b: *a}", "a value contains itself"),
        ("a: &a [1, *a]", "a value contains itself"),
        ("[" * 3000, "is not valid YAML"),
        ("a: " + "{a: " * 3000, "is not valid YAML"),
    ],
)
def test_values_without_an_end_are_refused(tmp_path, text, message):
    path = tmp_path / "a.yml"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read(path)
