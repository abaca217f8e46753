"""How wire models are declared: classes with typed fields, in pydantic's words.

    class CreateTask(Wire):
        title: Annotated[str, Field(max_length=200), AfterValidator(not_blank)]
        due: str | None = None

A class is cheap to declare. What validates is pydantic's core, which `prepare` sets up (http/schemas.py). pydantic
itself takes half a cold start to import (docs/performance.md): it makes the documentation alone (http/documented.py).
"""

from collections.abc import Callable, Mapping, Set
from typing import Annotated, Any, ClassVar, NamedTuple, Self, get_origin

#: In place of the default of a field that has none.
REQUIRED: Any = type("Required", (), {"__repr__": lambda _: "REQUIRED"})()


class Field:
    """Bounds of a value, and what the documentation says of it; `alias` is a field's name on the wire."""

    __slots__ = ("alias", "bounds", "described", "json_schema_extra")

    def __init__(
        self,
        *,
        alias: str | None = None,
        description: str | None = None,
        json_schema_extra: Mapping[str, Any] | Callable[[dict[str, Any]], None] | None = None,
        **bounds: Any,
    ) -> None:
        """`bounds`: min_length, max_length, pattern, strip_whitespace, ge, le."""
        self.alias = alias
        self.bounds = bounds
        self.described = {"description": description} if description else {}
        self.json_schema_extra = json_schema_extra


class AfterValidator(NamedTuple):
    """A check of what was read; returns it, or what is to stand in its place, and raises Expectation."""

    check: Callable[[Any], Any]


class Rule(NamedTuple):
    """The same, with what the documentation says of it: keywords of JSON Schema."""

    check: Callable[[Any], Any]
    shown: Mapping[str, Any]


class WithJsonSchema(NamedTuple):
    """What the documentation shows in place of what the type tells."""

    shown: Mapping[str, Any]


class AfterFields(NamedTuple):
    """The same of a field that must fit others: it gets the value, and the fields declared before it that are valid."""

    check: Callable[[Any, Mapping[str, Any]], Any]


class BeforeValidator(NamedTuple):
    """What is to be made of a value as it was sent, before it is read as its type."""

    make: Callable[[Any], Any]


class FieldInfo(NamedTuple):
    """One field of a model. `annotation` is its type with all that is said of it, `type` without."""

    annotation: Any
    type: Any
    alias: str | None
    default: Any

    @classmethod
    def of(cls, annotation: Any, name: str, default: Any, camel: Callable[[str], str] | None) -> Self:
        is_more = get_origin(annotation) is Annotated
        kind, said = (annotation.__origin__, annotation.__metadata__) if is_more else (annotation, ())
        alias = next((each.alias for each in said if isinstance(each, Field) and each.alias), None)
        return cls(annotation, kind, alias or (camel(name) if camel else None), default)

    def is_required(self) -> bool:
        return self.default is REQUIRED


def to_camel(name: str) -> str:
    """Return a field's name as it is in camelCase: due_date -> dueDate."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Model:
    """Base of models. `model_config` is inherited, key by key: `strict`, `extra` (forbid, ignore or allow fields that
    are not declared), `alias_generator`, `serialize_by_alias`, `json_schema_extra`.

    Hooks: `model_before(given)`, a class method, gets what was sent; `model_post_init(None)` checks fields together.
    """

    __slots__ = ("__dict__", "__pydantic_extra__", "__pydantic_fields_set__", "__pydantic_private__")

    model_config: ClassVar[Mapping[str, Any]] = {}
    model_fields: ClassVar[Mapping[str, FieldInfo]] = {}
    __pydantic_fields_set__: set[str]

    def __init_subclass__(cls) -> None:
        inherited = [base.model_config for base in cls.__mro__[:0:-1] if issubclass(base, Model)]
        cls.model_config = {name: value for config in (*inherited, cls.model_config) for name, value in config.items()}
        camel = cls.model_config.get("alias_generator")
        cls.model_fields = {
            name: FieldInfo.of(annotation, name, base.__dict__.get(name, REQUIRED), camel)
            for base in cls.__mro__[::-1]
            if issubclass(base, Model) and base is not Model
            for name, annotation in base.__annotations__.items()
            if not name.startswith("_")
        }

    def __init__(self) -> None:
        """Refuse to make what nobody validated: see `model_validate` and `model_construct`."""
        raise TypeError(f"{type(self).__name__} is validated or constructed, not called")

    def __setattr__(self, name: str, value: object) -> None:
        """Refuse: a handler that runs again is to find what it found before."""
        raise AttributeError(f"{type(self).__name__} is not to be changed: {name}")

    @classmethod
    def prepare(cls) -> Any:
        """Set up validation, if it is not: imports pydantic's core."""
        from switchyard.http import schemas

        return schemas.validator(cls)  # type: ignore[arg-type]  # mypy looks at the hash of instances

    @classmethod
    def model_validate_json(cls, raw: bytes | str, *, strict: bool | None = None) -> Self:
        """Return JSON as the model; raises pydantic_core's ValidationError."""
        return cls.prepare().validate_json(raw, strict=strict)

    @classmethod
    def model_validate(cls, values: Any) -> Self:
        """Return values as the model; raises pydantic_core's ValidationError."""
        return cls.prepare().validate_python(values)

    @classmethod
    def model_construct(cls, **values: Any) -> Self:
        """Return a model of values that are known to be right."""
        made = cls.__new__(cls)
        defaults = {name: field.default for name, field in cls.model_fields.items() if not field.is_required()}
        object.__setattr__(made, "__dict__", defaults | values)
        object.__setattr__(made, "__pydantic_fields_set__", set(values))
        return made

    @property
    def model_fields_set(self) -> set[str]:
        """The fields that were given, rather than left to their defaults."""
        return self.__pydantic_fields_set__

    def model_dump(
        self, *, include: Set[str] | None = None, exclude: Set[str] = frozenset(), exclude_unset: bool = False
    ) -> dict[str, Any]:
        """Return the fields as a dict, those of models within too; with `exclude_unset` those that were given."""
        kept = set(vars(self) if include is None else include) - exclude
        return _dumped(self, kept, exclude_unset, self.model_config.get("serialize_by_alias", False))


def _dumped(model: Model, kept: Set[str], only_set: bool, by_alias: bool) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, Model):
            return _dumped(value, vars(value).keys(), only_set, by_alias)
        if isinstance(value, list):
            return [plain(each) for each in value]
        return {name: plain(each) for name, each in value.items()} if isinstance(value, dict) else value

    shown = kept & model.model_fields_set if only_set else kept
    found = {name: plain(value) for name, value in vars(model).items() if name in shown}
    names = {name: model.model_fields[name].alias or name for name in found} if by_alias else {}
    more = getattr(model, "__pydantic_extra__", None) or {}
    return {names.get(name, name): value for name, value in found.items()} | more


class Wire(Model):
    """Base of request bodies: strict types, unknown fields refused."""

    model_config = {"strict": True, "extra": "forbid"}


class Query(Model):
    """Base of query parameters: text is read as numbers where numbers are asked for, unknown names refused."""

    model_config = {"extra": "forbid"}


class Shown(Model):
    """Base of answers: nothing beyond what is documented. The tests hold the answers to it."""

    model_config = {"extra": "forbid"}


class ShownRoot(Model):
    """Base of answers that are no objects: of the type that the one field `root` has."""

    root: Any
