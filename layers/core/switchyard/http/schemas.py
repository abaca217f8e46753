"""From a declared model (http/models.py) to the schema of pydantic's core, which validates.

https://docs.pydantic.dev/latest/api/pydantic_core_schema/
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from pydantic_core import SchemaSerializer, SchemaValidator, core_schema

from switchyard.http.models import (
    AfterFields,
    AfterValidator,
    BeforeValidator,
    Field,
    FieldInfo,
    Model,
    Rule,
    ShownRoot,
    WithJsonSchema,
)

_PLAIN: dict[Any, Callable[[], Any]] = {
    str: core_schema.str_schema,
    int: core_schema.int_schema,
    float: core_schema.float_schema,
    bool: core_schema.bool_schema,
    datetime: core_schema.datetime_schema,
    Any: core_schema.any_schema,
}


class Unsupported(TypeError):
    """A model declares what no schema is made of here."""


@cache
def validator(model: Any) -> SchemaValidator:
    """Return what validates a model."""
    return SchemaValidator(schema_of(model))


@cache
def _serializer(model: Any) -> SchemaSerializer:
    return SchemaSerializer(schema_of(model))


def dumped(given: Model, options: Any) -> Any:
    """Return the fields of a model as a dict."""
    by_alias = given.model_config.get("serialize_by_alias", False)
    serializer = _serializer(type(given))  # type: ignore[arg-type]  # as in models.py
    return serializer.to_python(given, by_alias=by_alias, **options)


def schema_of(annotation: Any) -> Any:
    """Return the core schema of a type. Raises Unsupported."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is None and annotation in _PLAIN:
        return _PLAIN[annotation]()
    if isinstance(annotation, TypeAliasType):
        return schema_of(annotation.__value__)
    if isinstance(origin, TypeAliasType):
        return schema_of(origin.__value__[inner])
    if origin is Annotated:
        return _annotated(*inner)
    if origin is Literal:
        return core_schema.literal_schema(list(dict.fromkeys(_words(inner))))
    if origin is list:
        return core_schema.list_schema(schema_of(inner[0]))
    if origin is dict:
        return core_schema.dict_schema(schema_of(inner[0]), schema_of(inner[1]))
    if origin in (Union, UnionType):
        return _union(inner)
    if isinstance(annotation, type) and not isinstance(annotation, GenericAlias) and issubclass(annotation, Model):
        return _model(annotation)
    raise Unsupported(f"{annotation!r} can not be a field's type")


def _words(given: tuple[Any, ...]) -> Iterator[Any]:
    """Yield the words of a Literal, in which others may stand."""
    for each in given:
        if get_origin(each) is Literal:
            yield from _words(get_args(each))
        else:
            yield each


def _union(kinds: tuple[Any, ...]) -> Any:
    choices = [schema_of(each) for each in kinds if each is not NoneType]
    made = choices[0] if len(choices) == 1 else core_schema.union_schema(choices)
    return core_schema.nullable_schema(made) if NoneType in kinds else made


def _annotated(kind: Any, *said: Any) -> Any:
    made = schema_of(kind)
    for each in said:
        match each:
            case Field():
                made = _bounded(made, each)
            case AfterValidator():
                made = core_schema.no_info_after_validator_function(each.check, made)
            case Rule():
                made = _shown(core_schema.no_info_after_validator_function(each.check, made), _with(each.shown))
            case WithJsonSchema():
                made = _shown(made, _instead(each.shown))
            case AfterFields():
                made = core_schema.with_info_after_validator_function(_with_fields(each), made)
            case BeforeValidator():
                made = core_schema.no_info_before_validator_function(each.make, made)
            case _:
                raise Unsupported(f"{each!r} says nothing of a value")
    return made


def _with_fields(given: AfterFields) -> Any:
    return lambda value, info: given.check(value, info.data)


def _bounded(made: Any, field: Field) -> Any:
    if field.bounds:
        if made["type"] == "function-before":
            made = {**made, "schema": _bounded(made["schema"], Field(**field.bounds))}
        elif made["type"].startswith("function"):
            raise Unsupported("bounds come before checks")
        else:
            made = {**made, **field.bounds}
    return _shown(made, _also(field)) if field.described or field.json_schema_extra else made


#: From a core schema, and what makes a JSON schema of it, to the JSON schema.
type _Show = Callable[[Any, Callable[[Any], dict[str, Any]]], dict[str, Any]]


def _shown(made: Any, show: _Show) -> Any:
    known = made.get("metadata", {})
    return {**made, "metadata": {**known, "pydantic_js_functions": [*known.get("pydantic_js_functions", ()), show]}}


def _with(keywords: Mapping[str, Any]) -> _Show:
    def show(schema: Any, json_schema_of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        found = json_schema_of(schema)
        taken = keywords.keys() & found.keys()
        return {**found, "allOf": [keywords]} if taken else {**found, **keywords}

    return show


def _also(field: Field) -> _Show:
    def show(schema: Any, json_schema_of: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        found, extra = {**json_schema_of(schema), **field.described}, field.json_schema_extra or {}
        if not callable(extra):
            return {**found, **extra}
        extra(found)
        return found

    return show


def _instead(keywords: Mapping[str, Any]) -> _Show:
    return lambda _schema, _json_schema_of: dict(keywords)


def _model(model: type[Model]) -> Any:
    config = core_schema.CoreConfig(title=model.__name__)
    if "strict" in model.model_config:
        config["strict"] = model.model_config["strict"]
    if "extra" in model.model_config:
        config["extra_fields_behavior"] = model.model_config["extra"]
    is_root = issubclass(model, ShownRoot)
    if is_root:
        inner = schema_of(model.model_fields["root"].annotation)
    else:
        fields = {name: _field(info) for name, info in model.model_fields.items()}
        inner = core_schema.model_fields_schema(fields, model_name=model.__name__)
    post_init = "model_post_init" if hasattr(model, "model_post_init") else None
    made: Any = core_schema.model_schema(model, inner, config=config, root_model=is_root, post_init=post_init)
    if hasattr(model, "model_before"):
        made = core_schema.no_info_before_validator_function(model.model_before, made)
    return made


def _field(info: FieldInfo) -> Any:
    made = schema_of(info.annotation)
    if not info.is_required():
        given = info.default
        # An empty list or dict is made anew each time: the core copies a default by copy.deepcopy.
        how: Any = {"default_factory": type(given)} if given in ([], {}) else {"default": given}
        made = core_schema.with_default_schema(made, **how)
    return core_schema.model_field(made, validation_alias=info.alias, serialization_alias=info.alias)
