"""Applies a plan in requests of its order: each all or none, safe to send again, whatever the plan's size."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from switchyard_client.errors import Refused
from switchyard_client.importing.drafts import draft
from switchyard_client.importing.memory import Memory
from switchyard_client.importing.plan import Node, Plan, references
from switchyard_client.importing.records import Problem, external_id

#: What one request may have: rows of a transaction (a key and the guard take two), drafts, external ids, bytes.
ROWS_MAX, DRAFTS_MAX, NAMES_MAX, BYTES_MAX = 97, 100, 200, 900_000
#: Statuses that are about what is in the request, so that a part of it may go in.
_OF_THE_REQUEST = (400, 409, 413, 422)


class Service(Protocol):
    """Where a plan goes: one bulk apply, sent until it is answered. Raises Refused and Unreachable."""

    def __call__(self, body: dict[str, Any]) -> list[dict[str, Any]]: ...


@dataclass(slots=True)
class Outcome:
    """What became of the items, and how far it has come."""

    total: int
    counts: dict[str, int] = field(default_factory=lambda: {"created": 0, "updated": 0, "unchanged": 0, "refused": 0})
    requests: int = 0

    @property
    def done(self) -> int:
        """How many items had their turn."""
        return sum(self.counts.values())


@dataclass(slots=True)
class Upload:
    """One import: `prefix` begins all external ids, `scope` is for new tracks, `history` as for drafts.

    `memory` is of the imports before; without it, everything is sent.
    """

    plan: Plan
    send: Service
    prefix: str
    scope: dict[str, Any]
    history: bool
    outcome: Outcome
    memory: Memory | None = None
    on_result: Callable[[str, dict[str, Any]], None] = lambda _name, _result: None
    _applied: set[str] = field(default_factory=set)
    _whole: set[str] = field(default_factory=set)
    _opened: set[str] = field(default_factory=set)
    _late: list[Node] = field(default_factory=list)
    _told: set[tuple[str, str, str]] = field(default_factory=set)

    def run(self) -> None:
        """Apply everything; what is refused is told, and the rest goes in. Raises Refused and Unreachable."""
        for chunk in self._chunks():
            self._apply(chunk)
        # What referred to something that came after it: those references are there now.
        late, self._late = self._late, []
        for start in range(0, len(late), 20):
            self._apply(late[start : start + 20], again=True)

    def _name(self, name: str) -> str:
        return external_id(self.prefix, name)

    def _chunks(self) -> Iterator[list[Node]]:
        chunk: list[Node] = []
        inside: set[str] = set()
        outside: set[str] = set()
        size = 0
        for node in self.plan.ordered():
            made = self._draft(node)
            if self.memory and self.memory.changed(made) is None:
                self._applied.add(node.name)
                self.outcome.counts["unchanged"] += 1
                continue
            refs = set(references(node))
            length = len(json.dumps(made, ensure_ascii=False).encode(errors="surrogatepass"))
            more = outside | (refs - inside - {node.name})
            # A row for the track, one for its external id, and one for each track outside that is referred to.
            rows = 2 * (len(chunk) + 1) + len(more)
            names = len(chunk) + 1 + len(more)
            if chunk and (
                rows > ROWS_MAX or names > NAMES_MAX or len(chunk) == DRAFTS_MAX or size + length > BYTES_MAX
            ):
                yield chunk
                chunk, inside, size = [], set(), 0
                more = refs
            chunk.append(node)
            inside.add(node.name)
            outside = more - inside
            size += length
        if chunk:
            yield chunk

    def _draft(self, node: Node) -> dict[str, Any]:
        def tell(kind: str, does: str) -> None:
            if (kind, node.name, does) not in self._told:
                self._told.add((kind, node.name, does))
                self.plan.problems.append(Problem(kind, (node.name,), does))

        item = self.plan.item(node)
        if node.name in self._opened:
            item.status = "todo"
        return draft(item, node, self._name, self.history, tell)

    def _apply(self, nodes: list[Node], again: bool = False) -> None:
        """Apply some items; when the request is refused, its halves, down to the one that is the reason."""
        drafts = [self._without_late(node, {each.name for each in nodes}, again) for node in nodes]
        sent = [self._changed(node, made) for node, made in zip(nodes, drafts, strict=True)]
        try:
            self.outcome.requests += 1
            results = self.send({"scope": self.scope, "updateDrafts": sent})
        except Refused as refusal:
            if refusal.status not in _OF_THE_REQUEST:
                raise
            if len(nodes) > 1:
                middle = len(nodes) // 2
                self._apply(nodes[:middle], again)
                self._apply(nodes[middle:], again)
                return
            if self._is_blocked(nodes[0], refusal) or self._is_gone(nodes[0], sent[0], drafts[0]):
                self._apply(nodes, again)
            else:
                self._refuse(nodes[0], refusal, again)
            return
        for node, result in zip(nodes, results, strict=True):
            self._applied.add(node.name)
            if not again:
                self.outcome.counts[result["outcome"]] += 1
            self.on_result(node.name, result)
        if self.memory:
            late = {each.name for each in self._late}
            self.memory.remember(made for node, made in zip(nodes, drafts, strict=True) if node.name not in late)

    def _changed(self, node: Node, made: dict[str, Any]) -> dict[str, Any]:
        """Return what of a draft has changed at the source; the draft itself where that is not known."""
        if self.memory is None or node.name in self._whole:
            return made
        return self.memory.changed(made) or made

    def _is_gone(self, node: Node, sent: dict[str, Any], made: dict[str, Any]) -> bool:
        """Tell whether the track of a draft that was sent in part may be gone: then the whole draft is sent."""
        if sent == made or node.name in self._whole:
            return False
        self._whole.add(node.name)
        return True

    def _without_late(self, node: Node, inside: set[str], again: bool) -> dict[str, Any]:
        """Return the draft without references to what is not there yet, which are noted for later."""
        late = [ref for ref in references(node) if ref not in self._applied and ref not in inside]
        made = self._draft(node)
        if not late:
            return made
        own, names = made[node.kind], {self._name(ref): ref for ref in late}
        if again:
            # It was refused, and so stays away for good.
            for gone in names.values():
                does = "depends on what was refused: the reference is left out"
                self.plan.problems.append(Problem("dangling", (node.name, gone), does))
            own["dependsOn"] = [each for each in own["dependsOn"] if each not in names]
        elif any(each in names for each in own["dependsOn"]):
            # Absent keeps what is there: from the import before, it is all there.
            del own["dependsOn"]
        for field_name in ("parentId", "goalId"):
            if own.get(field_name) in names:
                del own[field_name]
        if not again and node not in self._late:
            self._late.append(node)
        return made

    def _is_blocked(self, node: Node, refusal: Refused) -> bool:
        """Tell whether an agent may not begin or complete the item here yet; it then goes in as one to be done."""
        code = refusal.body.get("code") if isinstance(refusal.body, dict) else None
        if code != "blocked" or node.name in self._opened:
            return False
        self._opened.add(node.name)
        does = "waits for what is not done, and the token is an agent's: it goes in as one to be done"
        self.plan.problems.append(Problem("blocked", (node.name,), does))
        return True

    def _refuse(self, node: Node, refusal: Refused, again: bool) -> None:
        fields = refusal.body.get("errors") if isinstance(refusal.body, dict) else None
        why = "; ".join(f"{each.get('field')}: {each.get('reason')}" for each in fields or ()) or refusal.detail
        self.plan.problems.append(Problem("refused", (node.name,), f"the service refuses it: {why}"))
        if not again:
            self.outcome.counts["refused"] += 1
        self.on_result(node.name, {"outcome": "refused", "error": why})
