"""What docs/sweeps.md shows is what happens."""

import re
import shlex

import pytest

from tests.conftest import ROOT, runner_in

pytestmark = pytest.mark.slow

TEXT = (ROOT / "docs" / "sweeps.md").read_text()
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", TEXT, flags=re.S | re.M)
COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
SHOWN = [text for language, text in BLOCKS if not language]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """What each command of the page answers, in the order of the page, in one folder."""
    folder = tmp_path_factory.mktemp("sweeps")
    (folder / "tests").symlink_to(ROOT / "tests")
    run = runner_in(folder)
    return {line: run(*shlex.split(line, comments=True)[1:]) for line in COMMANDS}


def test_every_command_exits_as_the_page_says(answers):
    assert len(answers) == 13
    for line, done in answers.items():
        says = re.search(r"# exits (\d)$", line)
        assert done.returncode == int(says[1] if says else 0), f"{line}: {done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr


def test_every_answer_that_the_page_shows_is_the_answer(answers):
    (shown,) = SHOWN
    assert any(shown in done.stdout for done in answers.values())
