"""The commit and the branch, as git itself says them."""

import subprocess

import pytest

from footprint.history.checkout import CommitAndBranch, checkout_of


@pytest.fixture
def git(need, tmp_path):
    """A function that runs git in a new repository, ``tmp_path / "repo"``, and gives what it printed."""
    need("git", "git")
    folder = tmp_path / "repo"
    folder.mkdir()

    def run(*arguments, cwd=folder):
        words = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", *arguments)
        return subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()

    run("init", "-q", "-b", "main")
    return run


def commit(git, words):
    git("commit", "-q", "--allow-empty", "-m", words)
    return git("rev-parse", "HEAD")


def test_a_branch_is_read_from_the_folder_and_from_below_it(git, tmp_path):
    deep = tmp_path / "repo" / "a" / "b"
    deep.mkdir(parents=True)
    assert checkout_of(deep) == CommitAndBranch("", "main")
    first = commit(git, "first")
    assert checkout_of(deep) == checkout_of(tmp_path / "repo") == CommitAndBranch(first, "main")


def test_a_branch_with_a_slash_and_packed_references_are_read(git, tmp_path):
    commit(git, "first")
    git("checkout", "-q", "-b", "fix/views")
    second = commit(git, "second")
    git("branch", "views")
    commit(git, "third")
    git("reset", "-q", "--hard", "HEAD~1")
    git("pack-refs", "--all")
    assert checkout_of(tmp_path / "repo") == CommitAndBranch(second, "fix/views")


def test_a_detached_head_has_a_commit_and_no_branch(git, tmp_path):
    first = commit(git, "first")
    commit(git, "second")
    git("checkout", "-q", first)
    assert checkout_of(tmp_path / "repo") == CommitAndBranch(first, "")


def test_a_worktree_has_its_own_branch(git, tmp_path):
    commit(git, "first")
    git("worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"))
    other = git("commit", "-q", "--allow-empty", "-m", "second", cwd=tmp_path / "tree") or git("rev-parse", "other")
    for packed in (False, True):
        if packed:
            git("pack-refs", "--all")
        assert checkout_of(tmp_path / "tree") == CommitAndBranch(other, "other")


@pytest.mark.parametrize("head", [None, b"", b"ref: refs/heads/../../secret\n", b"\xff\xfe", b"0123\n"])
def test_without_a_repository_that_can_be_read_both_are_empty(tmp_path, head):
    if head is not None:
        (tmp_path / ".git").mkdir()
        (tmp_path / ".git" / "HEAD").write_bytes(head)
        (tmp_path / "secret").write_text("what is not git's")
    assert checkout_of(tmp_path).commit == ""
