"""What an unknown field was probably meant to be: read only when a request is refused, so imported only then."""

import re
from collections.abc import Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

from switchyard.http.models import FieldInfo, Model

#: Names that one message lists at most.
_LISTED_MAX = 30


def instead_of(model: type[Model], loc: Sequence[int | str], given: Any) -> str:
    """Return what would be right in place of an unknown field, at its path in a body or query that the model reads.

    The known field of the same name in another spelling; else the objects beside it that have such a field; else the
    fields that lie in it and belong in its place; else the known fields.
    """
    around = next(_models(model, loc[:-1]), None)
    if around is None:
        return "no such field"
    known, name = _names(around), str(loc[-1])
    same = known.get(_plain(name))
    if same:
        return same
    inner = [f"{wire}.{inner}" for wire, info in _fields(around) for inner in _within(info, name)]
    if inner:
        return " or ".join(inner)
    unwrapped = unwrapping(around, given)
    if unwrapped:
        return f"{unwrapped} without {name[:80]!r} around"
    return f"one of {', '.join(list(known.values())[:_LISTED_MAX])}" if known else "no field"


def unwrapped_at(model: type[Model], loc: Sequence[int | str], given: Any) -> str:
    """Return the fields of an object that belong in its place, at a path; empty when there are none."""
    around = next(_models(model, loc[:-1]), None)
    return unwrapping(around, given) if around else ""


def unwrapping(around: type[Model], given: Any) -> str:
    """Return the model's fields that an object holds which is none of them, as a list of names."""
    known = _names(around)
    found = (known.get(_plain(name)) for name in given) if isinstance(given, dict) else ()
    return ", ".join(dict.fromkeys(name for name in found if name))


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).lower()


def _fields(model: type[Model]) -> Iterator[tuple[str, FieldInfo]]:
    return ((info.alias or name, info) for name, info in model.model_fields.items())


def _names(model: type[Model]) -> Mapping[str, str]:
    return {_plain(wire): wire for wire, _ in _fields(model)}


def _within(info: FieldInfo, name: str) -> Iterator[str]:
    """Yield the field's own fields of that name, when it is an object."""
    if get_origin(info.type) is not list:
        yield from (names[_plain(name)] for each in _models_of(info.type) if _plain(name) in (names := _names(each)))


def _models(model: type[Model], path: Sequence[int | str]) -> Iterator[type[Model]]:
    """Yield the models of the object at a path."""
    if not path:
        yield model
        return
    step, rest = path[0], path[1:]
    for wire, info in _fields(model):
        if wire == step:
            for inner in _models_of(info.type):
                # A position in a list is no step from model to model.
                yield from _models(inner, rest[1:] if rest and isinstance(rest[0], int) else rest)


def _models_of(kind: Any) -> Iterator[type[Model]]:
    """Yield the models that a type names: it, its elements, its choices."""
    origin = get_origin(kind)
    if isinstance(kind, TypeAliasType):
        yield from _models_of(kind.__value__)
    elif origin is Annotated:
        yield from _models_of(kind.__origin__)
    elif origin in (list, Union, UnionType):
        for each in get_args(kind):
            yield from _models_of(each)
    elif isinstance(kind, type) and issubclass(kind, Model):
        yield kind
