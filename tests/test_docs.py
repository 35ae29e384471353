"""The pages: all in the site's navigation, their links and pictures there, the site clean."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted((ROOT / "docs").rglob("*.md"))

pytestmark = pytest.mark.skipif(
    not (ROOT / "mkdocs.yml").is_file() or not (ROOT / "docs" / "images").is_dir(),
    reason="the pages are in a checkout only",
)


def test_every_page_is_in_the_navigation():
    navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:")[2]
    named = re.findall(r": (\S+\.md)$", navigation, re.MULTILINE)
    assert sorted(named) == sorted(str(page.relative_to(ROOT / "docs")) for page in PAGES)


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page):
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", [ROOT / "README.md", *PAGES], ids=lambda page: page.name)
def test_train_is_spelled_in_one_way(page):
    # Two pages say when the other spelling is of use.
    both = ("training.md", "architecture.md")
    history = page.parent.name == "history"
    assert history or page.name in both or "python -m train" not in page.read_text()


def test_the_citation_is_of_this_project():
    yaml = pytest.importorskip("yaml")
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    project = (ROOT / "pyproject.toml").read_text()
    assert f'license = "{citation["license"]}"' in project
    assert citation["title"].startswith("qwop-native: ")
    assert f'name = "{citation["authors"][0]["name"]}"' in project


def test_the_command_of_every_picture_is_named():
    named = (ROOT / "docs" / "reproduction.md").read_text()
    pictures = [path.name for path in (ROOT / "docs" / "images").iterdir()]
    assert pictures
    assert [name for name in pictures if f"docs/images/{name}`" not in named] == []


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path):
    for module in ("material", "mkdocstrings", "mkdocstrings_handlers.python"):
        try:
            found = importlib.util.find_spec(module)
        except ModuleNotFoundError:
            found = None
        if not found:
            pytest.skip(f"the site needs the extra docs ({module})")
    program = [sys.executable, "-W", "ignore", "-m", "mkdocs", "build", "--strict", "-q"]
    made = subprocess.run(
        [*program, "-d", tmp_path / "site"], cwd=ROOT, capture_output=True, text=True
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert (tmp_path / "site" / "index.html").is_file()
