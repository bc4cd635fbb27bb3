"""Recordings survive the way to the file and back; output is written whole or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.errors import RequestError
from footprint.recording import Published, Recording, Run, Sample, Stretch, Timeline, View
from footprint.recording.files import encode, read_recording, writable, write_text

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
)


@given(recordings)
def test_what_is_written_is_read_again(tmp_path_factory, recording):
    path = tmp_path_factory.mktemp("files") / "recording.json"
    write_text(path, encode(recording))
    assert read_recording(path) == recording
    assert read_recording(path.parent) == recording


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
