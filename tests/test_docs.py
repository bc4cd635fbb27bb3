"""What docs/ says is measured again."""

import json
import re

import pytest

from footprint.backends.model import ModelBackend, passes
from footprint.memory.census import census
from footprint.scenario import Mark
from footprint.scenario.custom_rules import find_rules
from footprint.scenario.find import find
from tests.conftest import DATA, ROOT

RULES = (ROOT / "docs" / "rules.md").read_text()
EQUAL = f"{ROOT}/docs/rules/equal_content.py:EqualContent"
PAIRWISE = f"{ROOT}/docs/rules/pairwise.py:Pairwise"
CAPTURES = sorted((DATA / "captures").glob("*.json.gz"))


def at_built(source, words):
    """The census at `built` under each rule set, in the order of `words`."""
    scenario, rules = find(source), [find_rules(word) for word in words]
    found = {}
    for group in passes(rules):
        backend = ModelBackend(group)
        for step in scenario.play(scenario.values({})):
            if isinstance(step, Mark):
                break
            backend.obey(step)
        found |= {ledger.rules.name: census(ledger) for ledger in backend.ledgers}
    return [found[word] for word in words]


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_the_table_of_equal_content_is_what_the_captures_give(path):
    name = path.name.removesuffix(".json.gz")
    row = re.search(rf"^\| {name} \| (.*) \|$", RULES, flags=re.M)[1]
    figures = [int(cell.replace(" ", "")) for cell in row.split(" | ")]
    none, region, content = at_built(str(path), ["447b0d0b9e", "v7.2.0", EQUAL])
    assert figures == [
        region["address_spaces"],
        none["flatviews.alive"],
        region["flatviews.alive"],
        content["flatviews.alive"],
        region["modelled.bytes"],
        content["modelled.bytes"],
    ]


def test_the_table_of_equal_content_has_every_capture():
    assert len(re.findall(r"^\| \w+__\S+ \|", RULES, flags=re.M)) == len(CAPTURES)


def test_the_cost_of_the_first_posted_list_is_what_the_published_guest_gives():
    (counts,) = at_built("power8", [PAIRWISE])
    for name, per_commit in (("comparisons", 57_536), ("lookups", 523)):
        total = counts[f"rule.{name}"]
        assert f"{total:,}".replace(",", " ") in RULES.replace("\n", " ")
        assert f"{per_commit:,} a commit".replace(",", " ") in RULES.replace("\n", " ")
        assert round(total / counts["commits"]) == per_commit


def test_the_program_shown_is_the_program_in_the_file():
    assert (ROOT / "docs" / "rules" / "equal_content.py").read_text().strip() in RULES


def test_the_commands_work(footprint, tmp_path):
    for folder in ("docs", "tests"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    commands = [
        line.split() for block in re.findall(r"```sh\n(.*?)```", RULES, flags=re.S) for line in block.splitlines()
    ]
    assert len(commands) == 4
    for _, *arguments in commands:
        done = footprint(*arguments)
        assert done.returncode == 0, done.stderr
    recording = json.loads((tmp_path / "reports" / "pairwise" / "recording.json").read_text())
    assert "rule.comparisons" in recording["runs"][0]["samples"][0]["metrics"]


MEMORY = "docs/qemu-memory.md"
CITATION = re.compile(r'docs/qemu-memory\.md((?:,\s+(?:# +)?"[^"\n]+")+)')
CITING = sorted(
    path
    for folder in ("footprint", "tests", "scenarios", "benchmarks", "docs")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in {".py", ".md"} and path != ROOT / MEMORY and MEMORY in path.read_text()
)


@pytest.mark.parametrize("path", CITING, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_heading_that_is_cited_exists(path):
    headings = set(re.findall(r"^#+ (.*)$", (ROOT / MEMORY).read_text(), flags=re.M))
    for names in CITATION.findall(path.read_text()):
        for heading in re.findall(r'"([^"\n]+)"', names):
            assert heading in headings, f"{path.name} cites {MEMORY}, {heading!r}"


def test_a_heading_stands_once_in_the_page_that_is_cited():
    headings = re.findall(r"^#+ (.*)$", (ROOT / MEMORY).read_text(), flags=re.M)
    assert len(headings) == len(set(headings))


@pytest.mark.parametrize("folder", ["footprint", "tests", "scenarios", "benchmarks", "docs"])
def test_nothing_cites_notes_that_are_not_in_the_repository(folder):
    for path in (ROOT / folder).rglob("*"):
        if path.suffix in {".py", ".md"}:
            assert not re.search(r"\b[A-Z]{3,}(?:\.md)? §\s*\d", path.read_text()), path


PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])
FOLDERS = {"footprint", "tests", "docs", "scenarios", "benchmarks"}
GLOSSARY = re.findall(
    r"^\| (?!term |-)(.+?) \| (.+?) \| (.+?) \|$", (ROOT / "docs" / "glossary.md").read_text(), flags=re.M
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page):
    for name in re.findall(r"`([\w./-]+)`", page.read_text()):
        if "/" in name and name.split("/")[0] in FOLDERS:
            assert (ROOT / name).exists(), f"{page.name} names {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_within_the_repository_leads_somewhere(page):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text()):
        goal = page.parent / target if target else page
        assert goal.exists(), f"{page.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", goal.read_text(), flags=re.M)
            anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors, f"{page.name} links to {target}#{anchor}"


def test_the_glossary_has_each_noun_once_and_says_where_it_lives():
    terms = [term for term, _, _ in GLOSSARY]
    assert len(terms) > 80
    assert len(terms) == len(set(terms))
    for term, _, where in GLOSSARY:
        assert re.fullmatch(r"`[\w./-]+`", where), term
