"""Structs: classes of named values that do not change, declared like frozen dataclasses.

    class Reply(Struct):
        status: int
        headers: Mapping[str, str] = {}

A dataclass generates the source of its methods and compiles it when it is declared: for the forty of a function, that
took a third of its cold start (docs/performance.md). A struct has the methods of this class.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self, dataclass_transform

_set = object.__setattr__


@dataclass_transform(eq_default=True, frozen_default=True)
class Struct:
    """Base of structs. Fields are given in their order, or by name; by name alone, those of a class with `kw_only`.

    A default that is an empty dict, list or set is made anew for each struct. Raises TypeError for a field that is
    missing, unknown or given twice.
    """

    __slots__ = ("__dict__",)
    __match_args__: ClassVar[tuple[str, ...]] = ()
    #: The fields with their types, and the defaults of those that have one.
    field_types: ClassVar[Mapping[str, Any]] = {}
    field_defaults: ClassVar[Mapping[str, Any]] = {}
    required_fields: ClassVar[frozenset[str]] = frozenset()
    mutable_fields: ClassVar[tuple[tuple[str, Callable[[], Any]], ...]] = ()
    field_count: ClassVar[int] = 0

    def __init_subclass__(cls, kw_only: bool = False) -> None:
        super().__init_subclass__()
        declared = vars(cls).get("__annotations__", {})
        defaults = {name: vars(cls)[name] for name in declared if name in vars(cls)}
        if not kw_only:
            cls.__match_args__ = (*cls.__match_args__, *declared)  # type: ignore[misc]  # mypy knows it of dataclasses
        cls.field_types = {**cls.field_types, **declared}
        cls.field_defaults = {**cls.field_defaults, **defaults}
        cls.required_fields = frozenset(cls.field_types.keys() - cls.field_defaults.keys())
        cls.mutable_fields = tuple(
            (name, type(value)) for name, value in cls.field_defaults.items() if is_mutable(value)
        )
        cls.field_count = len(cls.field_types)

    def __init__(self, *given: Any, **named: Any) -> None:
        kind = type(self)
        if given:
            count = len(given) + len(named)
            named.update(zip(kind.__match_args__, given, strict=False))
            if len(named) != count:
                raise TypeError(f"{kind.__name__}: more values than fields, or a field is given twice")
        if len(named) < kind.field_count:
            named = {**kind.field_defaults, **named}
            for name, make in kind.mutable_fields:
                if named[name] is kind.field_defaults[name]:
                    named[name] = make()
        if len(named) != kind.field_count or not kind.required_fields <= named.keys():
            wrong = ", ".join(sorted(named.keys() ^ kind.field_types.keys()))
            raise TypeError(f"{kind.__name__}: {wrong} missing or unknown")
        _set(self, "__dict__", named)

    @classmethod
    def made(cls, fields: dict[str, Any]) -> Self:
        """Return a struct of all its fields, which are not checked. The dict becomes the struct's own."""
        struct = object.__new__(cls)
        _set(struct, "__dict__", fields)
        return struct

    def as_dict(self) -> dict[str, Any]:
        """Return the fields in their order."""
        return {name: vars(self)[name] for name in self.field_types}

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__} is not to be changed: {name}")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"{type(self).__name__} is not to be changed: {name}")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash(tuple(map(vars(self).get, self.field_types)))

    def __repr__(self) -> str:
        return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in self.as_dict().items())})"


def is_mutable(default: object) -> bool:
    """Return whether a default is made anew for each struct: an empty dict, list or set."""
    return type(default) in (dict, list, set)


def replace[S: Struct](struct: S, **fields: Any) -> S:
    """Return the struct with some fields replaced. Raises TypeError for a field that it does not have."""
    before = vars(struct)
    if not fields.keys() <= before.keys():
        raise TypeError(f"{type(struct).__name__} has no {', '.join(sorted(fields.keys() - before.keys()))}")
    return type(struct).made(before | fields)
