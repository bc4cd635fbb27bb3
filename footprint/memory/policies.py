"""What Features choose: the one place where the memory core's features are read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from footprint.memory.features import Features
from footprint.memory.radix import Shape
from footprint.memory.render import MergeRule
from footprint.memory.roots import NoSharing, ShareByChild, ShareByRoot, SharingRule


class NodeReserve:
    """How many nodes a dispatch allocates: here just what it uses. The base of reserves of one's own.

    A reserve may remember; a fresh one is made for each ledger.
    """

    def settled(self, shape: Shape) -> bool:  # noqa: ARG002 (a reserve is asked with the shape)
        """Whether building a dispatch of this shape now leaves the reserve as it is."""
        return True

    def take(self, shape: Shape) -> int:
        """Nodes allocated for a dispatch of this shape, built now."""
        return shape.nodes


class DoublingReserve(NodeReserve):
    """Each tree grows by itself, doubling: up to v2.6.0."""

    def take(self, shape: Shape) -> int:
        """What doubling ends with."""
        return shape.doubled


class HintReserve(NodeReserve):
    """One hint for the whole process, which starts at 16, grows to whatever a tree needed, and never shrinks.

    QEMU commit 101420b886 (2016): every later view allocates what the largest needed.
    """

    def __init__(self) -> None:
        self.hint = 16

    def settled(self, shape: Shape) -> bool:
        """Whether the hint already covers the shape."""
        return shape.wanted <= self.hint

    def take(self, shape: Shape) -> int:
        """The hint, raised to the shape's need; nothing for a tree without nodes."""
        if shape.wanted == 0:
            return 0
        self.hint = max(self.hint, shape.wanted)
        return self.hint


@dataclass(frozen=True, slots=True)
class OwnRules:
    """Rules of somebody's own, in place of those that features choose; each is made anew for each ledger."""

    sharing: Callable[[], SharingRule] | None = None
    merge: Callable[[], MergeRule] | None = None
    reserve: Callable[[], NodeReserve] | None = None


@dataclass(frozen=True, slots=True)
class Policies:
    """The behaviours of one ledger, chosen once.

    `dispatch_per_space`: each space builds a dispatch of its own, also over a shared view.
    `empty_held`: spaces that show nothing use one view, made once and never freed.
    `empty_given_up`: a view without ranges is rendered first, then given up for that one.
    `first_view`: a new space gets an empty view before it commits. `commits_at_init`: it commits.
    `discard_manager`: on which RAM a RamDiscardManager can be set (footprint.memory.discard).
    `optional_spaces`: whether there are spaces of a kind that not every QEMU has, by AddressSpace.kind.
    `counted_up_from_zero`: a reader takes a reference of a view that nobody else holds any more.
    `transactions`: what one transaction goes around: a ``call``, a ``device``, or the ``machine``.
    """

    sharing: SharingRule
    merge: MergeRule
    reserve: NodeReserve
    dispatch_per_space: bool
    empty_held: bool
    empty_given_up: bool
    first_view: bool
    commits_at_init: bool
    cpu_spaces: str
    optional_spaces: Mapping[str, bool]
    transactions: str
    counted_up_from_zero: bool
    discard_manager: str
    dummies: int
    level_skipping: bool
    level_bits: int


def choose(features: Features, own: OwnRules) -> Policies:
    """The policies that `features` stand for, those in `own` in their place; objects that remember are fresh."""
    sharing: dict[str, SharingRule] = {"none": NoSharing(), "root": ShareByRoot(), "child": ShareByChild()}
    reserves: dict[str, Callable[[], NodeReserve]] = {"hint": HintReserve, "doubling": DoublingReserve}
    empty_view, at_init = features.empty_view, features.view_at_init
    return Policies(
        sharing=own.sharing() if own.sharing else sharing[features.sharing],
        merge=own.merge() if own.merge else MergeRule(features.nonvolatile, features.unmergeable),
        reserve=own.reserve() if own.reserve else reserves[features.node_reserve](),
        dispatch_per_space=features.dispatch == "per-space",
        empty_held=empty_view == "on",
        empty_given_up=empty_view == "posted",
        first_view=at_init == "empty+commit",
        commits_at_init=at_init != "direct",
        cpu_spaces=features.cpu_spaces,
        optional_spaces={"virtio-cfg": features.virtio_cfg_space, "bridge": features.bridge_spaces},
        transactions=features.transactions,
        counted_up_from_zero=features.view_reference == "plain",
        discard_manager=features.discard_manager,
        dummies=features.dummy_sections,
        level_skipping=features.level_skipping,
        level_bits=features.level_bits,
    )
