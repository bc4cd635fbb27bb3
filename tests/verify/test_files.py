from __future__ import annotations

import json
from pathlib import Path

import pytest

from footprint.errors import InputFileError
from footprint.verify.files import verify_file, verify_files
from footprint.verify.result import Verification
from tests.fixtures.captures import CAPTURES, LOGS, named


def test_captures_and_logs_are_told_apart() -> None:
    results = verify_files([named("ppc64__pseries"), *LOGS])
    assert [bool(one.views) for one in results] == [True, *[False] * len(LOGS)]
    assert all(one.exact for one in results)
    assert sum(one.steps for one in results) == sum(one.steps_exact for one in results) == 1076


def test_results_come_in_the_order_of_the_files_whatever_the_workers() -> None:
    paths = [*CAPTURES, *LOGS] * 8
    alone = verify_files(paths, workers=1)
    assert [Path(one.file) for one in alone if isinstance(one, Verification)] == paths
    assert verify_files(paths, workers=2) == alone


@pytest.mark.parametrize("workers", [1, 2])
def test_one_bad_file_is_an_error_with_its_name_and_line(workers: int, tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({"info mtree -o -D": "\n\noops" + " " * (600 << 10), "info mtree -f -d": ""}))
    good, error = verify_files([named("ppc64__pseries"), bad], workers=workers)
    assert isinstance(good, Verification) and good.exact
    assert isinstance(error, InputFileError)
    assert (error.path, error.line) == (str(bad), 3)


def test_what_is_neither_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    with pytest.raises(InputFileError, match="neither a capture nor an operation log"):
        verify_file(path)
    with pytest.raises(InputFileError, match="no such file"):
        verify_file(tmp_path / "gone")
    with pytest.raises(InputFileError, match="directory"):
        verify_file(tmp_path)
