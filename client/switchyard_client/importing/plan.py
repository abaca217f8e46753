"""The plan as a whole: what is doubled, dangling or circular, what becomes a goal, and the order to apply it in.

The items themselves are in a file beside, so that memory holds names and edges alone.
"""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field

from switchyard_client.importing.records import DEPENDS_MAX, Item, Kind, Problem

#: Bytes of items that are kept in memory before they go to a file.
MEMORY = 8 * 1_048_576


@dataclass(slots=True)
class Node:
    """What memory holds of an item; `at` is where the rest is."""

    name: str
    at: int
    container: bool
    parent: str | None
    goal: str | None
    depends_on: list[str]
    kind: Kind = "task"


@dataclass(slots=True)
class Plan:
    """The items of a source; `problems` grow while it is looked through, `prefix` begins its external ids."""

    prefix: str = ""
    problems: list[Problem] = field(default_factory=list)
    nodes: dict[str, Node] = field(default_factory=dict)
    _file: tempfile.SpooledTemporaryFile[bytes] | None = None

    def take(self, items: Iterable[Item], adopted: Mapping[str, str]) -> None:
        """Take the items of a source, the first of each name; `adopted` has parents that are told elsewhere."""
        self._file = tempfile.SpooledTemporaryFile(MEMORY)  # noqa: SIM115 - closed with the plan
        for item in items:
            if item.name in self.nodes:
                self._tell("duplicate", (item.name,), f"line {item.line} has it again: the first one counts")
                continue
            at = self._file.tell()
            self._file.write(json.dumps(asdict(item), ensure_ascii=True).encode() + b"\n")
            kept = list(dict.fromkeys(item.depends_on))
            self.nodes[item.name] = Node(item.name, at, item.container, item.parent, item.goal, kept)
        for child, parent in adopted.items():
            node = self.nodes.get(child)
            if node is not None and node.parent is None:
                node.parent = parent

    def item(self, node: Node) -> Item:
        """Read an item, with its references as they are after all checks."""
        if self._file is None:
            raise ValueError("the plan has no items yet")
        self._file.seek(node.at)
        found = Item(**json.loads(self._file.readline()))
        found.parent, found.goal, found.depends_on = node.parent, node.goal, node.depends_on
        return found

    def close(self) -> None:
        """Let the file beside go."""
        if self._file is not None:
            self._file.close()

    def _tell(self, kind: str, names: tuple[str, ...], does: str, loses: bool = True) -> None:
        self.problems.append(Problem(kind, names, does, loses))

    # ---------------------------------------------------------------- checks
    def settle(self) -> None:
        """Make the plan one that the service takes: each change of it is a problem that is told."""
        self._drop_dangling()
        self._choose_kinds()
        self._place()
        self._drop_cycles("parent", lambda node: [node.parent] if node.parent else [])
        self._drop_cycles("dependency", lambda node: node.depends_on)
        self._bound()

    def _drop_dangling(self) -> None:
        for node in self.nodes.values():
            for ref in [each for each in node.depends_on if each not in self.nodes]:
                self._tell("dangling", (node.name, ref), "depends on what is not there: the dependency is left out")
                node.depends_on.remove(ref)
            if node.name in node.depends_on:
                self._tell("cycle", (node.name, node.name), "depends on itself: the dependency is left out")
                node.depends_on.remove(node.name)
            for name in ("parent", "goal"):
                ref = getattr(node, name)
                if ref is not None and (ref not in self.nodes or ref == node.name):
                    self._tell("dangling", (node.name, ref), f"its {name} is not there: it is left out")
                    setattr(node, name, None)

    def _choose_kinds(self) -> None:
        """Make goals of containers, but tasks of those that tasks wait for, or that wait for tasks.

        The service has dependencies among tasks and among goals. A task's parent is a task, so what is within a
        container that became a task is no goal either.
        """
        for node in self.nodes.values():
            node.kind = "goal" if node.container else "task"
        mixed = {
            (node if node.container else self.nodes[ref]).name: (node.name, ref)
            for node in self.nodes.values()
            for ref in node.depends_on
            if node.container != self.nodes[ref].container
        }
        waiting = list(mixed)
        children: dict[str, list[str]] = {}
        for node in self.nodes.values():
            for above in {node.parent, node.goal} - {None} if node.container else ():
                children.setdefault(str(above), []).append(node.name)
        # A container below a task, or tied to one that became a task, becomes a task too.
        ties: dict[str, set[str]] = {}
        for node in self.nodes.values():
            for ref in node.depends_on:
                if node.container and self.nodes[ref].container:
                    ties.setdefault(node.name, set()).add(ref)
                    ties.setdefault(ref, set()).add(node.name)
        waiting += [each for name, below in children.items() if not self.nodes[name].container for each in below]
        while waiting:
            node = self.nodes[waiting.pop()]
            if node.kind == "task":
                continue
            node.kind = "task"
            does = "tasks wait for it, or it for tasks, so that it becomes a task with subtasks and not a goal"
            self._tell("converted", (node.name,), does, loses=False)
            waiting += [*children.get(node.name, ()), *ties.get(node.name, ())]

    def _place(self) -> None:
        """A task's parent that is a goal is its goal; goals are in goals."""
        for node in self.nodes.values():
            parent = self.nodes[node.parent] if node.parent else None
            if node.kind == "task" and parent and parent.kind == "goal":
                if node.goal and node.goal != parent.name:
                    does = f"belongs to {node.goal} too: a task has one goal, and its parent's is taken"
                    self._tell("two goals", (node.name, parent.name), does)
                node.goal, node.parent = parent.name, None
            if node.goal and self.nodes[node.goal].kind == "task":
                node.parent, node.goal = node.parent or node.goal, None
            if node.kind == "goal":
                node.parent, node.goal = node.parent or node.goal, None

    def _drop_cycles(self, what: str, edges_of: Callable[[Node], list[str]]) -> None:
        """Leave out the edge that closes each cycle, found in the order of the source."""
        state: dict[str, int] = {}
        for start in self.nodes:
            if start in state:
                continue
            path: list[str] = []
            stack: list[tuple[str, Iterator[str]]] = [(start, iter(list(edges_of(self.nodes[start]))))]
            state[start] = 1
            path.append(start)
            while stack:
                name, rest = stack[-1]
                ref = next(rest, None)
                if ref is None:
                    stack.pop()
                    path.pop()
                    state[name] = 2
                elif state.get(ref) == 1:
                    cycle = (*path[path.index(ref) :], ref)
                    self._tell("cycle", cycle, f"the {what} of {name} on {ref} is left out")
                    node = self.nodes[name]
                    if what == "parent":
                        node.parent = None
                    else:
                        node.depends_on.remove(ref)
                elif ref not in state:
                    state[ref] = 1
                    path.append(ref)
                    stack.append((ref, iter(list(edges_of(self.nodes[ref])))))

    def _bound(self) -> None:
        for node in self.nodes.values():
            extra = node.depends_on[DEPENDS_MAX:]
            if extra:
                does = f"has {len(node.depends_on)} dependencies: the first {DEPENDS_MAX} are taken"
                self._tell("too many", (node.name,), does)
                del node.depends_on[DEPENDS_MAX:]

    # ---------------------------------------------------------------- order
    def ordered(self) -> Iterator[Node]:
        """Return the items in an order in which each comes after what it refers to, related ones close together."""
        done: set[str] = set()
        waiting: set[str] = set()
        for start in [*(n for n in self.nodes.values() if n.kind == "goal"), *self.nodes.values()]:
            stack = [(start.name, False)]
            while stack:
                name, ready = stack.pop()
                # Parents and dependencies are without cycles, each by itself; together they may form one, and
                # there the first to be met comes last.
                if name in done or (name in waiting and not ready):
                    continue
                waiting.add(name)
                node = self.nodes[name]
                before = [ref for ref in references(node) if ref not in done]
                if ready or not before:
                    done.add(name)
                    yield node
                    continue
                stack.append((name, True))
                stack += [(ref, False) for ref in reversed(before)]


def references(node: Node) -> list[str]:
    """Return the names that an item refers to."""
    return [each for each in (*node.depends_on, node.parent, node.goal) if each]
