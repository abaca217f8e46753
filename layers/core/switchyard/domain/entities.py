"""Entities: frozen dataclasses without slots, made by setting all their fields at once.

The `__init__` of a frozen dataclass makes a call for each field, 46 of them for a track.
"""

from typing import Any


def made[E](kind: type[E], fields: dict[str, Any]) -> E:
    """Return an entity of all its fields. The dict becomes the entity's own."""
    entity = object.__new__(kind)
    object.__setattr__(entity, "__dict__", fields)
    return entity


def replace[E](entity: E, **fields: Any) -> E:
    """Return the entity with some fields replaced. Raises TypeError for a field that it does not have."""
    before = vars(entity)
    if not fields.keys() <= before.keys():
        raise TypeError(f"{type(entity).__name__} has no {', '.join(sorted(fields.keys() - before.keys()))}")
    return made(type(entity), before | fields)
