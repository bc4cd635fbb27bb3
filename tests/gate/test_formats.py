"""What a gate says to machines: JUnit's XML, GitHub's annotations, GitLab's report, a comment in Markdown."""

import re
from xml.etree import ElementTree

import pytest
import xmlschema
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from footprint.gate.annotations import github_data, github_property, github_text, gitlab_report
from footprint.gate.gate_verdict import GateVerdict, Judged, Origin, RuleOutcome
from footprint.gate.junit import junit_text
from footprint.gate.markdown import code, escaped, markdown_text
from tests.conftest import DATA

SCHEMA = xmlschema.XMLSchema(DATA / "junit.xsd")
ORIGIN = Origin(file="pyproject.toml", line=7, key="tool.footprint.gates.power8.budgets[0]")


def judged(outcome=RuleOutcome.FAIL, sentence="flatviews.alive is 20: breaks the budget <= 4", better=False, **more):
    verdict = GateVerdict(
        outcome, more.pop("rule", "budget flatviews.alive<=4"), "flatviews.alive", more.pop("rules", "v7.2.0"), "built",
        "<= 4", 20, sentence, 4, better=better,
    )  # fmt: skip
    again = "footprint gate power8 -r v7.2.0"
    fields = {"origin": ORIGIN, "scenario": "power8", "subject": "power8", "repeat": again, "gate": "power8"}
    return Judged(verdict, **(fields | more))


EVERYTHING = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)
STAMP = "2026-01-02T03:04:05"


@given(EVERYTHING, EVERYTHING, st.sampled_from(RuleOutcome))
def test_junit_is_valid_for_its_schema_whatever_the_names(sentence, name, outcome):
    text = junit_text([judged(outcome, sentence, rules=name, gate=name, params={name: sentence})], STAMP)
    SCHEMA.validate(text.encode("utf-8", "surrogatepass").decode())
    (suite,) = ElementTree.fromstring(text)
    assert (suite.get("tests"), suite.get("failures")) == ("1", "1" if outcome is RuleOutcome.FAIL else "0")


def test_junit_has_a_suite_for_each_gate_and_says_what_failed():
    root = ElementTree.fromstring(junit_text([judged(), judged(RuleOutcome.OK), judged(gate="pc")], STAMP))
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("power8", "2", "1"),
        ("pc", "1", "1"),
    ]
    failure = root.find("testsuite/testcase/failure")
    assert failure.get("message") == "flatviews.alive is 20: breaks the budget <= 4"
    assert "again: footprint gate power8 -r v7.2.0" in failure.text


@given(EVERYTHING, EVERYTHING)
def test_what_could_not_be_judged_is_an_error_in_junit_github_and_markdown(word, reason):
    faults = [(word, reason)]
    text = junit_text([judged(RuleOutcome.OK)], STAMP, faults)
    SCHEMA.validate(text.encode("utf-8", "surrogatepass").decode())
    assert [suite.get("errors") for suite in ElementTree.fromstring(text)] == ["0", "1"]
    (line,) = github_text([judged(RuleOutcome.OK)], faults).split("\n")[:-1]
    assert github_parsed(line) == ("error", {"title": f"footprint: {word} was not judged"}, reason)
    assert "- **not judged**: `" in markdown_text([judged(RuleOutcome.OK)], faults)


def github_parsed(line):
    """A workflow command as GitHub's runner reads it: (command, properties, message)."""
    command, head, message = re.fullmatch(r"::(\w+) (.*?)::(.*)", line).groups()

    def plain(text, *, in_head):
        for code_, letter in (("%0D", "\r"), ("%0A", "\n"), *((("%3A", ":"), ("%2C", ",")) if in_head else ())):
            text = text.replace(code_, letter)
        return text.replace("%25", "%")

    pairs = (pair.split("=", 1) for pair in head.split(","))
    return command, {key: plain(value, in_head=True) for key, value in pairs}, plain(message, in_head=False)


@given(st.text(alphabet="a%:,=\r\n 0AD25", max_size=30))
def test_github_reads_back_what_was_written(text):
    line = f"::error title={github_property(text)}::{github_data(text)}"
    assert "\n" not in line
    assert "\r" not in line
    assert github_parsed(line) == ("error", {"title": text}, text)


def test_github_gets_an_annotation_for_what_is_broken_warns_or_is_a_gain():
    text = github_text(
        [
            judged(),
            judged(RuleOutcome.WARN, "50 % more,\nor so"),
            judged(RuleOutcome.OK),
            judged(RuleOutcome.OK, better=True),
        ]
    )
    parsed = [github_parsed(line) for line in text.splitlines()]
    assert [command for command, _, _ in parsed] == ["error", "warning", "notice"]
    assert parsed[0][1] == {
        "file": "pyproject.toml", "line": "7", "title": "footprint: flatviews.alive (power8, v7.2.0)"
    }  # fmt: skip
    assert parsed[1][2].startswith("50 % more,\nor so\nrule: ")


def test_gitlab_s_report_has_what_its_schema_wants_and_a_fingerprint_that_stays():
    report = gitlab_report([judged(), judged(RuleOutcome.WARN, rules="v2.10.0"), judged(RuleOutcome.OK)])
    assert [entry["severity"] for entry in report] == ["major", "minor"]
    for entry in report:
        assert set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}
        assert entry["location"] == {"path": "pyproject.toml", "lines": {"begin": 7}}
    assert len({entry["fingerprint"] for entry in report}) == 2
    (again,) = gitlab_report([judged(sentence="flatviews.alive is 99: breaks the budget <= 4")])
    assert again["fingerprint"] == report[0]["fingerprint"]


def test_the_comment_shows_what_is_broken_what_is_better_and_the_command():
    text = markdown_text([judged(), judged(RuleOutcome.OK, "sections is 3", better=True)])
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert "<h3>footprint: 1 of 2 checks failed</h3>" in html
    assert html.count("<table>") == 3
    assert "<strong>fail</strong>" in html
    assert "footprint gate power8 -r v7.2.0\n" in html
    assert "Better than accepted" in html
    row, _ = (line for line in text.splitlines() if line.startswith("| **fail**"))
    assert row == r"| **fail** | power8 | v7.2.0 at built | `flatviews.alive` | 4 | \<= 4 | 20 | +16 |"


@pytest.mark.parametrize("text", ["a|b", "`x`", "<script>alert(1)</script>", "*bold* _it_", "[a](b)", "a\nb", "``"])
def test_markdown_shows_names_as_they_are(text):
    render = MarkdownIt("commonmark").enable("table").render
    shown = re.sub(r"<[^>]*>", "", render(f"| h | i |\n|---|---|\n| {escaped(text)} | {code(text)} |"))
    for entity, letter in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        shown = shown.replace(entity, letter)
    assert [line.strip() for line in shown.split("\n") if line.strip()][-2:] == [text.replace("\n", " ")] * 2
