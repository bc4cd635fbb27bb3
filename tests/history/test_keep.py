"""Runs are kept whole, and found again; a database that is not ours is left alone."""

import re
import sqlite3

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from footprint.errors import InputFileError, RequestError, UnknownNameError
from footprint.history.checkout import CommitAndBranch
from footprint.history.database import APPLICATION, check
from footprint.history.keep import keep
from footprint.history.series import KeptValue, Selection, SeriesKey, read
from footprint.recording import Recording, Run, Sample
from footprint.recording.model import SCHEMA

METRIC = "flatviews.alive"


def recording(
    value=4, *, rules="v7.2.0", scenario="power8", params=None, recorded="2026-11-25T10:00:00+00:00", **samples
):
    """One run of that value at `built`, and those of `samples` at other marks."""
    values = {"built": value, "destroyed": 0} | samples
    read = tuple(Sample(mark, 0, {METRIC: number}) for mark, number in values.items())
    environment = {"recorded": recorded, "footprint": "0.1.0"}
    return Recording(SCHEMA, scenario, params or {}, "model", environment, (Run(rules, {}, read),))


@pytest.fixture
def path(tmp_path):
    return tmp_path / "reports" / "history.db"


def values(path, **selection):
    return [[point.value for point in points] for points in read(path, Selection(METRIC, **selection)).values()]


def test_a_run_is_found_with_all_that_is_known_of_it(path):
    keep(recording(params={"nics": 3, "cpus": 2}), path, CommitAndBranch("c" * 40, "main"))
    ((key, (point,)),) = read(path, Selection(METRIC)).items()
    assert key == SeriesKey("power8", '{"cpus":2,"nics":3}', "v7.2.0", "model", "built")
    assert point == KeptValue(4, "2026-11-25T10:00:00+00:00", "c" * 40, "main", point.machine, "0.1.0")
    assert point.machine


def test_a_series_is_what_has_scenario_parameters_rules_and_mark_in_common(path):
    for value, more in enumerate(
        ({}, {"rules": "v2.10.0"}, {"scenario": "pc"}, {"params": {"nics": 3}}, {"booted": 9}, {})
    ):
        keep(recording(value, **more), path)
    assert values(path) == [[0, 5], [1], [2], [3], [9]]
    assert values(path, mark="built") == [[0, 4, 5], [1], [2], [3]]
    assert values(path, scenario="pc") == [[2]]
    assert values(path, rules=("v2.10.0",)) == [[1]]
    assert values(path, rules=("v2.10.0", "v7.2.0"), scenario="power8", mark="booted") == [[9]]


def test_the_last_sample_of_a_mark_that_comes_again_counts(path):
    cycles = tuple(Sample("unplugged", n, {METRIC: n}) for n in (1, 2, 3))
    keep(Recording(SCHEMA, "hotplug", {}, "model", {}, (Run("v7.2.0", {}, cycles),)), path)
    assert values(path) == values(path, mark="unplugged") == [[3]]


def test_a_branch_and_a_time_select_runs(path):
    for value, branch, day in ((1, "main", "20"), (2, "fix", "21"), (3, "main", "22")):
        keep(recording(value, recorded=f"2026-11-{day}T10:00:00+00:00"), path, CommitAndBranch("c" * 40, branch))
    assert values(path, branch="main") == [[1, 3]]
    assert values(path, since="2026-11-21T10:00:00+00:00") == [[2, 3]]
    assert values(path, since="2026-11-21T10:00:01+00:00", branch="main") == [[3]]


@pytest.mark.parametrize(
    ("selection", "kind"),
    [
        ({"scenario": "powre8"}, "scenario in this history"),
        ({"rules": ("v7.2.0", "v9.9.9")}, "rule set in this history"),
        ({"branch": "mian"}, "branch in this history"),
        ({"mark": "build"}, "mark in this history"),
    ],
)
def test_a_name_that_was_never_kept_is_refused_with_those_that_were(path, selection, kind):
    keep(recording(), path, CommitAndBranch("c" * 40, "main"))
    with pytest.raises(UnknownNameError, match=kind):
        values(path, **selection)


def test_a_metric_that_was_never_recorded_is_refused(path):
    keep(recording(), path)
    with pytest.raises(RequestError, match=r"no run that was selected has process\.rss"):
        read(path, Selection("process.rss"))
    with pytest.raises(RequestError, match="no run that was selected"):
        values(path, since="2027-01-01")


names = st.text(max_size=8)
numbers = st.integers(-(1 << 70), 1 << 70) | st.floats(allow_nan=False, allow_infinity=False)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(names, names, st.dictionaries(names, numbers | names, max_size=3), numbers), min_size=1, max_size=6
    )
)
def test_whatever_its_names_and_numbers_a_run_comes_back_as_it_was(tmp_path_factory, runs):
    path = tmp_path_factory.mktemp("kept") / "history.db"
    for scenario, rules, params, value in runs:
        sample = Sample("built", 0, {METRIC: value})
        keep(Recording(SCHEMA, scenario, params, "model", {}, (Run(rules, {}, (sample,)),)), path, CommitAndBranch())
    kept = [
        (key.scenario, key.rules, point.value)
        for key, points in read(path, Selection(METRIC)).items()
        for point in points
    ]
    assert sorted(kept, key=repr) == sorted([(scenario, rules, value) for scenario, rules, _, value in runs], key=repr)


def test_no_history_is_told_as_such(path):
    with pytest.raises(InputFileError, match="there is no history; `footprint run` keeps one"):
        values(path)


def spoilt(path, how):
    """A history with one run, spoilt; gives its bytes."""
    keep(recording(), path, CommitAndBranch())
    with sqlite3.connect(path) as history:
        history.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    history.close()
    if how == "newer":
        with sqlite3.connect(path) as history:
            history.execute("PRAGMA user_version = 2")
        history.close()
    elif how == "somebody else's":
        path.unlink()
        with sqlite3.connect(path) as history:
            history.execute("CREATE TABLE bookmarks (url TEXT)")
        history.close()
    elif how == "without tables":
        with sqlite3.connect(path) as history:
            history.execute("DROP TABLE sample")
        history.close()
    else:
        data = bytearray(path.read_bytes())
        if how == "cut":
            data = data[: len(data) // 2]
        elif how == "overwritten":
            data[100:] = b"\xa5" * (len(data) - 100)
        path.write_bytes({"text": b"{}\n" * 99, "empty": b""}.get(how, bytes(data)))
    return path.read_bytes()


REFUSALS = {
    "newer": r"is a history of a newer footprint: it has format 2, this version reads up to 1",
    "somebody else's": r"is not a history of footprint",
    "without tables": r"is damaged, or no history: its tables are not there",
    "cut": r"is damaged, or no history: .*malformed",
    "overwritten": r"is damaged, or no history: .*malformed",
    "text": r"is damaged, or no history: it is not a database",
    "empty": r"is not a history of footprint",
}


@pytest.mark.parametrize("how", REFUSALS)
def test_a_newer_a_broken_and_a_foreign_database_are_refused_and_left_as_they_are(path, how):
    before = spoilt(path, how)
    for use in (lambda: check(path), lambda: values(path), lambda: keep(recording(), path)):
        with pytest.raises(InputFileError, match=REFUSALS[how]):
            use()
        assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} - {"history.db-wal", "history.db-shm"} == {"history.db"}


def test_a_row_that_is_not_ours_is_no_traceback(path):
    keep(recording(), path, CommitAndBranch())
    with sqlite3.connect(path) as history:
        history.execute("UPDATE sample SET metrics = 'x'")
    history.close()
    with pytest.raises(InputFileError, match="is damaged: a row of it"):
        values(path)


def test_a_history_is_a_database_with_a_write_ahead_log_that_says_whose_it_is(path):
    keep(recording(), path)
    history = sqlite3.connect(path)
    assert history.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert history.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    history.close()


def test_a_history_that_was_taken_away_does_not_come_back_with_its_log(path):
    for value in (1, 2, 3):
        keep(recording(value), path)
    assert path.with_name("history.db-wal").is_file()
    path.unlink()
    keep(recording(4), path)
    assert values(path) == [[4]]


def test_a_history_that_somebody_else_writes_now_can_be_read(path):
    keep(recording(1), path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("DELETE FROM sample")
    assert values(path) == [[1]]
    other.execute("ROLLBACK")
    other.close()


def test_a_place_that_cannot_be_written_is_told_with_the_reason(tmp_path):
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(RequestError, match=re.escape(f"cannot write {tmp_path}/reports/history.db")):
        keep(recording(), tmp_path / "reports" / "history.db")
    (tmp_path / "history.db").mkdir()
    with pytest.raises(RequestError, match=r"cannot use the history .*: is a directory"):
        keep(recording(), tmp_path / "history.db")
