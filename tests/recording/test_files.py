"""Recordings survive the way to the file and back; output is written whole or not at all."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.errors import InputFileError, RequestError
from footprint.recording import Published, Recording, Run, Sample, Stretch, Timeline, View, ViewOwner
from footprint.recording.files import encode, read_recording, writable, write_text
from tests.conftest import DATA

names = st.text(max_size=8)
counts = st.integers(-(1 << 60), 1 << 60)
samples = st.builds(
    Sample, names, st.integers(0, 9), st.dictionaries(names, counts | st.floats(allow_nan=False, allow_infinity=False))
)
columns = st.lists(counts, max_size=3).map(tuple)
views = st.builds(
    View,
    names,
    st.lists(names, max_size=2).map(tuple),
    st.lists(st.builds(Stretch, names, names, names, names, names), max_size=2).map(tuple),
    st.integers(0, 9),
    nodes=st.just((((0, 511, 1, 5),),)) | st.just(()),
)
runs = st.builds(
    Run,
    names,
    st.dictionaries(names, names, max_size=2),
    st.lists(samples, max_size=2).map(tuple),
    names,
    st.none() | st.floats(0, 1e6),
    st.none() | st.builds(Timeline, columns, columns, columns, columns),
    st.lists(views, max_size=2).map(tuple),
    st.lists(st.builds(ViewOwner, names, counts, names), max_size=2).map(tuple),
)
recordings = st.builds(
    Recording,
    st.just("footprint.recording/1"),
    names,
    st.dictionaries(names, counts | names, max_size=3),
    names,
    st.dictionaries(names, names, max_size=2),
    st.lists(runs, max_size=2).map(tuple),
    names,
    st.lists(names, max_size=2).map(tuple),
    st.lists(st.builds(Published, names, names, counts, names, st.booleans()), max_size=2).map(tuple),
    names,
)


@given(recordings)
def test_what_is_written_is_read_again(tmp_path_factory, recording):
    path = tmp_path_factory.mktemp("files") / "recording.json"
    write_text(path, encode(recording))
    assert read_recording(path) == recording
    assert read_recording(path.parent) == recording
    text = path.read_text()
    write_text(path, encode(read_recording(path)))
    assert path.read_text() == text


FIRST = DATA / "recordings" / "first.json"
"""Written by the first footprint that wrote recordings, 0.1.0 in its first week."""


def test_the_first_recordings_are_still_read_and_judged():
    recording = read_recording(FIRST)
    assert [run.rules for run in recording.runs] == ["v2.10.0", "v7.2.0"]
    assert [run.sample().metrics["flatviews.alive"] for run in recording.runs] == [11, 4]
    assert (recording.accumulates, recording.published) == ("", ())


@pytest.mark.parametrize("schema", ["footprint.recording/1", "footprint.recording/1.0", "footprint.recording/1.12"])
def test_every_minor_version_is_read_with_defaults_for_what_it_lacks_and_without_what_it_adds(tmp_path, schema):
    bare = {"scenario": "x", "params": {}, "backend": "model", "environment": {}, "runs": [], "added later": [1]}
    (tmp_path / "recording.json").write_text(json.dumps({"schema": schema} | bare))
    assert read_recording(tmp_path) == Recording(schema, "x", {}, "model", {}, ())


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"schema": "footprint.recording/2"}, "of a newer footprint; this version reads 'footprint.recording/1'"),
        ({"schema": "footprint.recording/2.1", "runs": "elsewhere"}, "'footprint.recording/2.1' of a newer footprint"),
        ({"schema": "footprint.recording/10"}, "of a newer footprint"),
        ({"schema": "footprint.recording/0"}, "'footprint.recording/0'; this version"),
        ({"schema": "footprint.recording/1x"}, "'footprint.recording/1x'; this version"),
        ({"schema": "footprint.sweep/1"}, "'footprint.sweep/1'; this version"),
    ],
)
def test_another_major_version_is_refused_whatever_its_shape(tmp_path, document, words):
    (tmp_path / "recording.json").write_text(json.dumps(document))
    with pytest.raises(InputFileError, match=re.escape(words)):
        read_recording(tmp_path)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_exists_is_kept_unless_forced(tmp_path):
    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(RequestError, match="exists; give --force"):
        writable(path, force=False)
    assert writable(path, force=True) == path


def test_a_folder_is_not_overwritten_even_when_forced(tmp_path):
    with pytest.raises(RequestError, match="is a folder"):
        writable(tmp_path, force=True)


def test_the_last_mark_before_destruction_speaks_for_a_run():
    built, later = Sample("built", 0, {"a": 1}), Sample("unplugged", 3, {"a": 2})
    booted, destroyed = Sample("booted", 0, {"a": 3}), Sample("destroyed", 0, {"a": 0})
    assert Run("r", {}, (built, later)).sample() is built
    assert Run("r", {}, (later,)).sample() is later
    assert Run("r", {}, (built,)).sample("destroyed") is None
    assert Run("r", {}, (built, booted, destroyed)).sample() is booted
    assert Run("r", {}, (later, destroyed)).sample() is later
    assert Run("r", {}, (destroyed,)).sample() is destroyed
    assert Run("r", {}, ()).sample() is None
