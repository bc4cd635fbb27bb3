"""What tests of leaks share: targets as real files, explained in a real process; wheels; a PATH that lacks a program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest

from footprint.leaks.subject import ChildSubject
from footprint.leaks.watch import Limits

WITHOUT_MEMRAY = "import sys; sys.modules['memray'] = None\n"
"""In a target: nobody can import memray after it."""


@pytest.fixture
def explained(tmp_path):
    """Where `app.cycle`, with this source, leaves what it leaves, for the metrics with these rates."""

    def explain(source, rates, *, cycles=40, before=60):
        (tmp_path / "app.py").write_text(dedent(source))
        return explain_word(f"{tmp_path}/app.py:cycle", rates, cycles=cycles, before=before)

    return explain


def explain_word(word, rates, *, cycles=40, before=60):
    with closing(ChildSubject(word, Limits(100))) as subject:
        subject.ready()
        subject.run(before)
        subject.collect()
        return subject.explain(cycles, rates)


@pytest.fixture(scope="session")
def wheel():
    """The folder, for PYTHONPATH, with this release of unicorn; it is kept for the next session."""

    def folder(version):
        kept = Path(tempfile.gettempdir(), f"footprint-unicorn-{version}-{sys.version_info[0]}.{sys.version_info[1]}")
        if not kept.exists():
            made = tempfile.mkdtemp(dir=kept.parent, prefix=f"{kept.name}-")
            pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", made]
            # The old releases import pkg_resources, which a fresh environment may lack.
            subprocess.run([*pip, f"unicorn=={version}", "setuptools<81"], check=True, capture_output=True)
            try:
                Path(made).rename(kept)
            except OSError:  # another worker was first
                shutil.rmtree(made)
        return str(kept)

    return folder


@pytest.fixture
def path_without(tmp_path, monkeypatch):
    """Set a PATH on which everything is but these programs."""

    def lacking(*programs):
        folder = tmp_path / "bin"
        folder.mkdir()
        for one in reversed(os.environ["PATH"].split(os.pathsep)):
            for program in Path(one).glob("*") if one else ():
                if program.name not in programs:
                    link = folder / program.name
                    link.unlink(missing_ok=True)
                    link.symlink_to(program)
        monkeypatch.setenv("PATH", str(folder))

    return lacking


@pytest.fixture
def library(tmp_path):
    """The path of a shared library that keeps one block of 48 bytes a call, made two functions deep."""
    source = tmp_path / "kept.c"
    source.write_text(
        "#include <stdlib.h>\n"
        "void *volatile last;\n"
        "__attribute__((noinline)) void take_a_block(void) { last = malloc(48); }\n"
        "__attribute__((noinline)) void open_session(void) { take_a_block(); last = 0; }\n"
    )
    subprocess.run(["gcc", "-O1", "-g", "-shared", "-fPIC", "-o", tmp_path / "libkept.so", source], check=True)
    return tmp_path / "libkept.so"


@pytest.fixture
def session_target(library):
    """A target that calls the library once a cycle; `hiding` stands before it."""

    def source(hiding=""):
        return f"{hiding}import ctypes\nkept = ctypes.CDLL({str(library)!r})\ndef cycle():\n    kept.open_session()\n"

    return source
