"""Rule sets: QEMU's history as named Features.

A rule set is named by a release tag, or by the commit of the 2017 series whose state it describes.
The table runs from the oldest to the newest; each row says what changed against the row before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from footprint.errors import RequestError, UnknownNameError
from footprint.memory.features import Features
from footprint.memory.policies import OwnRules
from footprint.memory.releases import serving
from footprint.memory.space import is_of_9_2


@dataclass(frozen=True, slots=True)
class StructSizes:
    """Bytes of QEMU's C structures on x86-64, as compiled (docs/qemu-memory.md, "Structure sizes").

    Those of 7.2, 10.0 and 11.1 are measured in Debian's binaries (docs/structure-sizes.md): they are the same.
    `subpage_head`: a subpage without its table of two bytes for each byte of a page.
    """

    flatview: int
    dispatch: int
    subpage_head: int = 256
    flat_range: int = 64
    section: int = 64


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A named state of QEMU. `what` says in a few words what it is; `since` is the release that has it.

    `own` are rules of somebody's own in place of some of its features'.
    """

    name: str
    features: Features
    layout: StructSizes
    what: str
    since: str = ""
    own: OwnRules = field(default_factory=OwnRules)


_PER_SPACE = StructSizes(flatview=40, dispatch=88)
_MOVED = StructSizes(flatview=48, dispatch=72)
_SHARED = StructSizes(flatview=56, dispatch=64)
_MODERN = StructSizes(flatview=56, dispatch=64, subpage_head=288)


def _history() -> dict[str, RuleSet]:
    table: dict[str, RuleSet] = {}

    def row(name: str, what: str, layout: StructSizes, base: str | None, *, since: str, **changes: str) -> None:
        features = (table[base].features if base else _OLDEST).replaced(changes)
        table[name] = RuleSet(name, features, layout, what, since)

    row("v2.0.0", "level skipping is new; CPUs use “memory” itself", _PER_SPACE, None, since="v2.0.0")
    row(
        "v2.6.0", "CPUs get a space of their own, shared by all of them", _PER_SPACE, "v2.0.0",
        since="v2.6.0", cpu_spaces="shareable",
    )  # fmt: skip
    row(
        "v2.10.0", "a view and a dispatch tree per address space", _PER_SPACE, "v2.6.0",
        since="v2.10.0", node_reserve="hint",
    )  # fmt: skip
    row(
        "447b0d0b9e", "the base of the 2017 series, with the counts of v2.10.0; no reader takes a dead view",
        _PER_SPACE, "v2.10.0", since="v2.11.0", view_reference="unless-zero",
    )  # fmt: skip
    row("66a6df1dc6", "dispatch moves into the view", _MOVED, "447b0d0b9e", since="v2.11.0", dispatch="per-view")
    row(
        "967dc9b119", "views shared by root; a space per CPU", _SHARED, "66a6df1dc6",
        since="v2.11.0", sharing="root", cpu_spaces="separate",
    )  # fmt: skip
    row("67ace39b25", "no empty view for a new space", _SHARED, "967dc9b119", since="v2.11.0", view_at_init="commit")
    row("5e8fd947e2", "info mtree -f -d, with the counts of 67ace39b25", _SHARED, "67ace39b25", since="v2.11.0")
    row(
        "092aa2fc65@posted", "the empty view as first posted, on 5e8fd947e2", _SHARED, "5e8fd947e2",
        since="never released", empty_view="posted",
    )  # fmt: skip
    row("b516572f31", "the shareable interface is deleted", _SHARED, "5e8fd947e2", since="v2.11.0")
    row("202fc01b05", "a new space no longer commits", _SHARED, "b516572f31", since="v2.11.0", view_at_init="direct")
    row("e673ba9af9", "views shared through single children", _SHARED, "202fc01b05", since="v2.11.0", sharing="child")
    row("092aa2fc65", "one empty view for all", _SHARED, "e673ba9af9", since="v2.11.0", empty_view="on")
    row(
        "v2.11.0", "virtio functions lose their private configuration space", _SHARED, "092aa2fc65",
        since="v2.11.0", virtio_cfg_space="off",
    )  # fmt: skip
    row(
        "v4.2.0", "one dummy section instead of four; non-volatile ranges", _SHARED, "v2.11.0",
        since="v4.2.0", dummy_sections="1", nonvolatile="on", vga_edid="on", machine="7.2",
    )  # fmt: skip
    row(
        "v7.2.0", "the counts of v4.2.0, with 7.2's structures", _MODERN, "v4.2.0",
        since="v7.2.0", discard_manager="unmapped",
    )  # fmt: skip
    row(
        "v8.2.0", "unmergeable regions", _MODERN, "v7.2.0", since="v8.2.0", unmergeable="on", discard_manager="any",
    )  # fmt: skip
    row(
        "v9.2.0", "virtio functions' spaces are back, and bridges get two (55fa4be6f7)", _MODERN, "v8.2.0",
        since="v9.2.0", virtio_cfg_space="on", bridge_spaces="on", machine="10.0",
    )  # fmt: skip
    row("v10.0.0", "the counts of v9.2.0", _MODERN, "v9.2.0", since="v10.0.0")
    row(
        "v11.1.0", "the spaces that v9.2.0 brought back are still there", _MODERN, "v10.0.0",
        since="v11.1.0", machine="11.1",
    )  # fmt: skip
    return table


_OLDEST = Features(
    dispatch="per-space",
    sharing="none",
    empty_view="off",
    view_at_init="empty+commit",
    cpu_spaces="global",
    virtio_cfg_space=True,
    bridge_spaces=False,
    node_reserve="doubling",
    view_reference="plain",
    dummy_sections=4,
    nonvolatile=False,
    unmergeable=False,
    discard_manager="none",
    vga_edid=False,
    machine="2.11",
)


HISTORY: dict[str, RuleSet] = _history()
"""Every rule set by name, oldest first."""


def rules_with_spaces(names: Iterable[str]) -> str:
    """The name of the rule set that has spaces of all these `names`, for what a QEMU of 4.2 or later printed."""
    return "v11.1.0" if any(map(is_of_9_2, names)) else "v7.2.0"


def rule_set(text: str) -> RuleSet:
    """The rule set that `text` names: ``v2.11.0``, or ``v7.2.0,empty_view=off`` with features changed.

    The result carries `text` as its name. Raises UnknownNameError or RequestError.
    """
    name, _, changes = text.partition(",")
    if name not in HISTORY:
        raise UnknownNameError("rule set", name, HISTORY, hint=serving(name, HISTORY))
    return changed(HISTORY[name], text, changes)


def changed(base: RuleSet, text: str, changes: str) -> RuleSet:
    """`base` with ``feature=value,…`` changed, called `text`; `base` itself when nothing is."""
    if not changes:
        return base
    assignments: dict[str, str] = {}
    for change in changes.split(","):
        feature, equals, value = change.partition("=")
        if not equals:
            raise RequestError(f"{change!r} in rule set {text!r} is not feature=value")
        assignments[feature] = value
    features = base.features.replaced(assignments)
    what = f"a what-if on {base.name}{_NO_QEMU.get(assignments.get('transactions', ''), '')}"
    if features.as_text()["level_bits"] != base.features.as_text()["level_bits"]:
        what += f": {assignments['level_bits']} bits a level in the radix tree, as in no QEMU"
    return RuleSet(text, features, base.layout, what, base.since, base.own)


_NO_QEMU = {
    "device": ": one transaction for each device, as in no QEMU",
    "machine": ": one transaction for the whole start-up, as in no QEMU",
}
"""What a rule set says of a behaviour that history does not have."""
