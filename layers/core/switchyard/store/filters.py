"""What a list leaves out beyond its key ranges.

DynamoDB tells it where an index holds what that takes; else it is told by the whole row, once that is read.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from switchyard.domain.structs import Struct
from switchyard.domain.text import folded
from switchyard.domain.tracks import AGENT_PREFIX
from switchyard.store.indexes import Index
from switchyard.store.table import Item

#: Characters of title and description that keyword search looks at.
SEARCHED_MAX = 4_000


class QueryFilter(NamedTuple):
    """A filter as DynamoDB takes it."""

    expression: str
    names: Mapping[str, str]
    values: Mapping[str, Item]


class Condition(Struct):
    """One condition on a row. `expression` has `?` for each of the values; None: DynamoDB can not tell."""

    attributes: tuple[str, ...]
    expression: str | None
    values: tuple[str | int, ...]
    holds: Callable[[Item], bool]


def any_of(attribute: str, values: Sequence[str | None]) -> Condition:
    """The attribute is one of the values; None stands for its absence."""
    given = tuple(value for value in values if value is not None)
    options = [f"#{attribute} IN ({', '.join('?' * len(given))})"] if given else []
    if None in values:
        options.append(f"attribute_not_exists(#{attribute})")
    return Condition((attribute,), f"({' OR '.join(options)})", given, lambda item: _text(item, attribute) in values)


def contains_any(attribute: str, values: Sequence[str]) -> Condition:
    """The list has one of the values."""

    def holds(item: Item) -> bool:
        held = _texts(item, attribute)
        return any(value in held for value in values)

    expression = f"({' OR '.join([f'contains(#{attribute}, ?)'] * len(values))})"
    return Condition((attribute,), expression, tuple(values), holds)


def between(attribute: str, low: str | None, high: str | None) -> Condition:
    """The attribute lies between the bounds, both included; None leaves a side open."""

    def holds(item: Item) -> bool:
        value = _text(item, attribute)
        return value is not None and (low is None or value >= low) and (high is None or value <= high)

    return Condition((attribute,), *_bounds(attribute, low, high), holds)


def number_between(attribute: str, low: int | None, high: int | None) -> Condition:
    """The number lies between the bounds, both included; None leaves a side open."""

    def holds(item: Item) -> bool:
        value = int(item[attribute]["N"]) if attribute in item else None
        return value is not None and (low is None or value >= low) and (high is None or value <= high)

    return Condition((attribute,), *_bounds(attribute, low, high), holds)


def begins_with(attribute: str, prefix: str) -> Condition:
    """The text begins with the prefix."""
    expression = f"begins_with(#{attribute}, ?)"
    return Condition(
        (attribute,), expression, (prefix,), lambda item: (_text(item, attribute) or "").startswith(prefix)
    )


def first_is(attribute: str, value: str) -> Condition:
    """The list begins with the value."""
    return Condition(
        (attribute,), f"#{attribute}[0] = ?", (value,), lambda item: _texts(item, attribute)[:1] == [value]
    )


def for_agents(agents: bool = True) -> Condition:
    """The task is to be done by an agent (as Track.is_agents tells it, or the kind of an unassigned one), or not."""

    def holds(item: Item) -> bool:
        assignee = _text(item, "assignee") or ""
        return agents is (_text(item, "assignee_type") == "agent" or assignee.startswith(AGENT_PREFIX))

    told = "(#assignee_type = ? OR begins_with(#assignee, ?))"
    attributes = ("assignee_type", "assignee")
    return Condition(attributes, told if agents else f"(NOT {told})", ("agent", AGENT_PREFIX), holds)


def searched(word: str) -> Condition:
    """Title or description has the word, which is folded (domain.text): DynamoDB knows no search that ignores case."""

    def holds(item: Item) -> bool:
        title, description = (_text(item, name) or "" for name in ("title", "description"))
        return word in folded(f"{title}\n{description}"[:SEARCHED_MAX])

    return Condition(("title", "description"), None, (word,), holds)


def either(*conditions: Condition) -> Condition:
    """One of the conditions holds. DynamoDB refuses parentheses around what is in parentheses already."""
    if len(conditions) == 1:
        return conditions[0]
    told = [each.expression for each in conditions]
    return Condition(
        tuple(name for each in conditions for name in each.attributes),
        None if None in told else f"({' OR '.join(each for each in told if each)})",
        tuple(value for each in conditions for value in each.values),
        lambda item: any(each.holds(item) for each in conditions),
    )


class Filter:
    """Conditions on rows that no key answers, joined by AND."""

    def __init__(self, conditions: list[Condition] | None = None) -> None:
        self.conditions: list[Condition] = conditions or []

    def add(self, condition: Condition) -> None:
        self.conditions.append(condition)

    def holds(self, item: Item) -> bool:
        """Tell whether a whole row meets all conditions."""
        return all(each.holds(item) for each in self.conditions)

    def split(self, index: Index) -> tuple[QueryFilter, bool]:
        """Return what DynamoDB can filter by in an index, and whether anything is left to tell by the rows."""
        told = [each for each in self.conditions if each.expression is not None and index.holds(each.attributes)]
        parts, values = [], dict[str, Item]()
        for each in told:
            head, *tails = (each.expression or "").split("?")
            for value, tail in zip(each.values, tails, strict=True):
                name = f":f{len(values)}"
                values[name] = {"S": value} if isinstance(value, str) else {"N": str(value)}
                head += name + tail
            parts.append(head)
        names = {f"#{name}": name for each in told for name in each.attributes}
        return QueryFilter(" AND ".join(parts), names, values), len(told) < len(self.conditions)

    def fingerprint(self) -> list[Any]:
        """Return what tells this filter from others, for a cursor's fingerprint."""
        return [[each.attributes, each.expression, each.values] for each in self.conditions]


def _text(item: Item, attribute: str) -> str | None:
    text: str | None = item.get(attribute, {}).get("S")
    return text


def _texts(item: Item, attribute: str) -> list[str]:
    return [each["S"] for each in item.get(attribute, {}).get("L", ())]


def _bounds(attribute: str, low: str | int | None, high: str | int | None) -> tuple[str, tuple[str | int, ...]]:
    given = [(bound, sign) for bound, sign in ((low, ">="), (high, "<=")) if bound is not None]
    return " AND ".join(f"#{attribute} {sign} ?" for _, sign in given), tuple(bound for bound, _ in given)
