"""What docs/gates.md shows is what happens."""

import re
import shlex

import pytest

from footprint.gate.settings import VALID_KEYS
from tests.conftest import ROOT, runner_in

PAGE = (ROOT / "docs" / "gates.md").read_text()
TEXT = PAGE[: PAGE.index("## In pytest")] + PAGE[PAGE.index("## In CI") :]
"""The page without what tests/test_pytest_gates.py tries."""
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.S | re.M)
COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
SHOWN = [text for language, text in BLOCKS if not language]
(SETTINGS,) = (text for language, text in BLOCKS if language == "toml")


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each command of the page answers, in the order of the page, in one folder with its pyproject.toml."""
    folder = tmp_path_factory.mktemp("gates")
    (folder / "pyproject.toml").write_text(SETTINGS)
    run = runner_in(folder)
    return [(line, run(*words_of(line))) for line in COMMANDS]


def words_of(line):
    program, *words = shlex.split(line, comments=True)
    assert program == "footprint"
    return words[: words.index(">")] if ">" in words else words


def test_every_command_exits_as_the_page_says(answers):
    assert len(answers) == 17
    for line, done in answers:
        says = re.search(r"# exits (\d)$", line)
        assert done.returncode == int(says[1] if says else 0), f"{line}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


def test_every_answer_that_the_page_shows_is_the_answer(answers):
    said = "\n".join(done.stdout for _, done in answers)
    assert len(SHOWN) == 3
    for shown in SHOWN:
        assert shown in said


def test_the_page_names_every_key_of_a_gate():
    for name in {key for keys in VALID_KEYS.values() for key in keys}:
        assert re.search(rf"\b{name}\b", TEXT), name
