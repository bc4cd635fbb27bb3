"""The gates of a pyproject.toml: read, refused with file, line, key and what is valid, and tightened."""

import tomllib

import pytest

from footprint.errors import InputFileError
from footprint.gate.settings import find_settings, read_settings
from footprint.gate.tighten import tightened, tightenings
from tests.fixtures.gates import recording, run

HEAD = "[project]\nname = 'x'\n\n"


def settings(tmp_path, text):
    path = tmp_path / "pyproject.toml"
    path.write_text(HEAD + text)
    return read_settings(path)


def test_a_gate_is_named_like_its_scenario_unless_it_says_so(tmp_path):
    read = settings(
        tmp_path,
        "[tool.footprint.gates.power8]\nbudgets = ['nodes<=4']\n"
        "[tool.footprint.gates.small]\nscenario = 'pc'\nsteady = ['nodes']\n",
    )
    assert [(name, gate.scenario) for name, gate in read.gates.items()] == [("power8", "power8"), ("small", "pc")]


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("budgts = ['nodes<=4']", 5, ["gates.g.budgts", "unknown key", "did you mean 'budgets'", "no-worse"]),
        ("budgets = 'nodes<=4'", 5, ["gates.g.budgets: expected `array`, got `str`"]),
        ("mark = 'built'\nbudgets = [\n 'nodes<=4',\n 'node<=4']", 8, ["gates.g.budgets[1]", "'node'", "valid: "]),
        ("budgets = ['nodes']", 5, ["budgets[0]", "is not METRIC<=NUMBER"]),
        ("budgets = ['process.rss<=4']", 5, ["budgets[0]", "state its tolerance"]),
        ("budgets = ['nodes<=4±5%']", 5, ["budgets[0]", "exact and takes no tolerance"]),
        ("mark = 'built'", 4, ["gates.g: has no rule; valid: budgets"]),
        ("budgets = ['nodes<=4']\nno-worse = ['nodes']", 6, ["gates.g.no-worse", "baseline = FILE"]),
        ("baseline = 'b.json'\nno-worse = ['flatviews.freed']", 6, ["no-worse[0]", "no better direction"]),
        ("baseline = 'b.json'\nno-worse = [{ metric = 'process.rss' }]", 6, ["no-worse[0]", "state its tolerance"]),
        ("steady = [{ metric = 'nodes', percnt = 4 }]", 5, ["steady[0].percnt", "unknown key", "'percent'"]),
        ("steady = ['flatviews.created']", 5, ["steady[0]", "since the start"]),
        ("equal = [{ metric = 'nodes' }]", 5, ["equal[0]", "`between`"]),
        ("equal = [{ metric = 'nodes', between = ['a', 'a'] }]", 5, ["equal[0]", "named twice"]),
    ],
)
def test_a_bad_entry_is_refused_with_file_line_key_and_what_is_valid(tmp_path, text, line, words):
    with pytest.raises(InputFileError) as caught:
        settings(tmp_path, f"[tool.footprint.gates.g]\n{text}\n")
    assert str(caught.value).startswith(f"{tmp_path}/pyproject.toml:{line}: tool.footprint.gates.g")
    for word in words:
        assert word in str(caught.value)


def test_what_is_no_toml_and_no_table_is_refused(tmp_path):
    with pytest.raises(InputFileError, match=r"pyproject.toml:4: is not TOML"):
        settings(tmp_path, "[tool.footprint\n")
    with pytest.raises(InputFileError, match="expected a table for each gate"):
        settings(tmp_path, "[tool.footprint]\ngates = 4\n")
    with pytest.raises(InputFileError, match=r"tool.footprint.gate is unknown; valid: gates"):
        settings(tmp_path, "[tool.footprint.gate.power8]\nbudgets = []\n")


def test_the_nearest_file_with_settings_counts(tmp_path):
    settings(tmp_path, "[tool.footprint.gates.power8]\nbudgets = ['nodes<=4']\n")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "a" / "pyproject.toml").write_text("[project]\n")
    assert find_settings(inner).path == tmp_path / "pyproject.toml"


FORMATTED = """\
[tool.footprint.gates.small] # ours
budgets = [
    "nodes<=100", # see the notes
    'modelled.bytes <= 3MiB',
    "sections<=7",
]

[tool.footprint.gates.other]
budgets = ["nodes<=100"]
"""


def test_tightening_moves_a_budget_down_to_the_worst_run_and_keeps_the_file_s_form(tmp_path):
    read = settings(tmp_path, FORMATTED)
    metrics = {"nodes": 40, "modelled.bytes": 2 << 20, "sections": 7}
    made = recording(run("a", built=metrics), run("b", built=metrics | {"nodes": 42}))
    moves = tightenings(read, "small", made)
    assert [(move.old, move.new) for move in moves] == [
        ("nodes<=100", "nodes<=42"),
        ("modelled.bytes <= 3MiB", "modelled.bytes <= 2MiB"),
    ]
    expected = FORMATTED.replace('"nodes<=100", # see', '"nodes<=42", # see').replace("<= 3MiB'", "<= 2MiB'")
    assert tightened(read, moves) == HEAD + expected


def test_tightening_never_loosens(tmp_path):
    read = settings(tmp_path, FORMATTED)
    metrics = {"nodes": 101, "modelled.bytes": 4 << 20, "sections": 8}
    assert tightenings(read, "small", recording(run(built=metrics))) == []


def test_a_form_that_cannot_be_edited_is_refused_and_not_broken(tmp_path):
    text = "[tool.footprint]\ngates.small = { budgets = ['nodes<=100'] }\n"
    read = settings(tmp_path, text)
    moves = tightenings(read, "small", recording(run(built={"nodes": 4})))
    with pytest.raises(InputFileError, match=r"change by hand: tool.footprint.gates.small.budgets\[0\] = 'nodes<=4'"):
        tightened(read, moves)
    assert tomllib.loads(read.text)["tool"]["footprint"]["gates"]["small"]["budgets"] == ["nodes<=100"]
