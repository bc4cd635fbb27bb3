"""The house keeps its own rules: floors, no cycles, features read once, sizes, docstrings."""

import ast
import dataclasses
import re
from pathlib import Path

import pytest

from footprint.memory.features import Features
from tests.conftest import ROOT

PACKAGE = ROOT / "footprint"
DESIGN = (ROOT / "docs" / "design.md").read_text()
PICTURE = re.findall(r"^(\d) │ (.*?)(?: {2,}.*)?$", DESIGN, flags=re.M)
FLOORS = {room: int(floor) for floor, rooms in PICTURE for room in rooms.split(" · ")}
ONE_ROOM = {
    "matplotlib": "report",
    "jinja2": "report",
    "pympler": "probes",
    "psutil": {"process", "probes"},
    "qemu": "qemu_process",
    "rich": "cli",
    "unicorn": "engines",
}
HEAVY = {"numpy", "matplotlib", "jinja2", "rich", "pympler", "qemu"}
LONGEST_FILE, LONGEST_CLASS, LONGEST_FUNCTION = 400, 200, 60

FILES = sorted(PACKAGE.rglob("*.py"))
TREES = {path: ast.parse(path.read_text()) for path in FILES}


def module_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module):
    return [*module.split("."), "__init__"][1]


def imports_of(tree, *, everywhere=True):
    """(module, line) of every import, or of those outside functions and TYPE_CHECKING."""
    nodes = ast.walk(tree) if everywhere else tree.body
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, node.lineno


MODULES = {module_of(path) for path in FILES}


def ours(tree):
    """The modules of ours that a module names in an import: at its head, in a function, or only for types."""
    named = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names} & MODULES
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "footprint":
            whole = {f"{node.module}.{alias.name}" for alias in node.names}
            named |= whole & MODULES or {node.module}
    return named


def test_the_picture_of_the_architecture_shows_every_room_once_and_no_other():
    shown = [room for _, rooms in PICTURE for room in rooms.split(" · ")]
    assert sorted(shown) == sorted({room_of(module_of(path)) for path in FILES})


def test_the_architecture_says_what_each_room_does():
    named = {room for row in re.findall(r"^\| (`.*?) \|", DESIGN, flags=re.M) for room in re.findall(r"`(\w+)`", row)}
    assert named == {room for room in FLOORS if (PACKAGE / room).is_dir()}


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_a_module_imports_only_from_lower_floors_or_its_own_room(path):
    room = room_of(module_of(path))
    for name, line in imports_of(TREES[path]):
        if name.split(".")[0] == "footprint":
            other = room_of(name)
            assert other == room or FLOORS[other] < FLOORS[room], f"{path.name}:{line} imports {name}"


def test_no_module_imports_itself_in_a_circle_not_even_for_types():
    known = {module_of(path): ours(tree) for path, tree in TREES.items()}
    finished, under_way = set(), []

    def visit(module):
        assert module not in under_way, " → ".join([*under_way, module])
        if module in finished or module not in known:
            return
        under_way.append(module)
        for other in known[module]:
            visit(other)
        under_way.pop()
        finished.add(module)

    for module in known:
        visit(module)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_heavy_libraries_are_imported_where_they_are_used_and_in_one_room(path):
    room = room_of(module_of(path))
    loaded = {name.split(".")[0] for name, _ in imports_of(TREES[path], everywhere=False)}
    assert not loaded & HEAVY
    for name, line in imports_of(TREES[path]):
        top = name.split(".")[0]
        assert room in rooms_for(top, room), f"{path.name}:{line} imports {name}"


def rooms_for(library, room):
    rooms = ONE_ROOM.get(library, room)
    return {rooms} if isinstance(rooms, str) else rooms


@pytest.mark.parametrize("feature", [field.name for field in dataclasses.fields(Features)])
def test_each_feature_is_read_in_one_place(feature):
    readers = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == feature and is_features(node.value)
    ]
    assert len(readers) == 1, readers


def is_features(node):
    name = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
    return name == "features"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_files_classes_and_functions_stay_small(path):
    assert len(path.read_text().splitlines()) <= LONGEST_FILE
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            length = node.end_lineno - node.lineno + 1
            most = LONGEST_CLASS if isinstance(node, ast.ClassDef) else LONGEST_FUNCTION
            assert length <= most, f"{node.name} has {length} lines; at most {most}"


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_whatever_is_public_says_what_it_is(path):
    tree = TREES[path]
    assert ast.get_docstring(tree)
    for node in ast.walk(tree):
        public = isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
        if public and not is_inside(tree, node):
            assert ast.get_docstring(node), f"{path.name}:{node.lineno} {node.name}"


def is_inside(tree, node):
    """Whether `node` stands inside a function or a private class."""
    return any(
        outer is not node and node in ast.walk(outer)
        for outer in ast.walk(tree)
        if isinstance(outer, ast.FunctionDef) or (isinstance(outer, ast.ClassDef) and outer.name.startswith("_"))
    )


def test_no_room_is_an_attic():
    assert not {path.stem for path in FILES} & {"utils", "util", "helpers", "helper", "manager", "misc", "common"}


def test_every_scenario_script_is_run_by_a_test():
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    for path in Path(ROOT / "scenarios").glob("*.py"):
        assert f'"{path.stem}"' in tests, f"no test runs {path.name}"


def public_types(tree):
    """(name, line) of every public class and type alias that a module makes."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        names = [node.name] if isinstance(node, ast.ClassDef) else [t.id for t in targets if isinstance(t, ast.Name)]
        yield from ((name, node.lineno) for name in names if re.fullmatch(r"[A-Z]\w*[a-z]\w*", name))


def test_no_public_class_or_type_has_the_name_of_another():
    places = {}
    for path, tree in TREES.items():
        for name, line in public_types(tree):
            places.setdefault(name, []).append(f"{path.relative_to(ROOT)}:{line}")
    assert not {name: where for name, where in places.items() if len(where) > 1}


TEXTS = sorted(
    path
    for pattern in (
        "*.md",
        "*.toml",
        "*/**/*.py",
        "docs/**/*.md",
        "tests/**/*.md",
        "benchmarks/*.md",
        "footprint/**/*.html",
    )
    for path in ROOT.glob(pattern)
    if not any(part.startswith(".") or part in ("build", "dist", "reports") for part in path.relative_to(ROOT).parts)
)
NOT_OURS = re.compile(r"\b(?:FACTS|TRUTH)(?:\.md)? *§|\bshared/[A-Z]")
DOCUMENT = re.compile(r"[\w./-]*\w\.md\b")


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_whatever_document_is_cited_is_in_the_repository(path):
    for number, line in enumerate(path.read_text().splitlines(), 1):
        assert not NOT_OURS.search(line), f"{path.name}:{number}: {line.strip()}"
        for name in DOCUMENT.findall(line):
            near = (path.parent, ROOT, ROOT / "docs")
            assert any((folder / name).is_file() for folder in near), f"{path.name}:{number} cites {name}"
