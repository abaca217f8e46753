"""From a declared model (http/models.py) to the schema of pydantic's core, which validates.

https://docs.pydantic.dev/latest/api/pydantic_core_schema/
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cache
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAliasType, Union, get_args, get_origin

from switchyard.http.core import SchemaValidator
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

_PLAIN = {str: "str", int: "int", float: "float", bool: "bool", datetime: "datetime", Any: "any"}


class Unsupported(TypeError):
    """A model declares what no schema is made of here."""


@cache
def validator(model: Any) -> SchemaValidator:
    """Return what validates a model."""
    return SchemaValidator(schema_of(model))


def schema_of(annotation: Any) -> Any:
    """Return the core schema of a type. Raises Unsupported."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is None and annotation in _PLAIN:
        return {"type": _PLAIN[annotation]}
    if isinstance(annotation, TypeAliasType):
        return schema_of(annotation.__value__)
    if isinstance(origin, TypeAliasType):
        return schema_of(origin.__value__[inner])
    if origin is Annotated:
        return _annotated(*inner)
    if origin is Literal:
        return {"type": "literal", "expected": list(dict.fromkeys(_words(inner)))}
    if origin is list:
        return {"type": "list", "items_schema": schema_of(inner[0])}
    if origin is dict:
        return {"type": "dict", "keys_schema": schema_of(inner[0]), "values_schema": schema_of(inner[1])}
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
    made = choices[0] if len(choices) == 1 else {"type": "union", "choices": choices}
    return {"type": "nullable", "schema": made} if NoneType in kinds else made


def _annotated(kind: Any, *said: Any) -> Any:
    made = schema_of(kind)
    for each in said:
        match each:
            case Field():
                made = _bounded(made, each)
            case AfterValidator():
                made = _with_function("after", each.check, made)
            case Rule():
                made = _shown(_with_function("after", each.check, made), _with(each.shown))
            case WithJsonSchema():
                made = _shown(made, _instead(each.shown))
            case AfterFields():
                made = _with_function("after", _with_fields(each), made, "with-info")
            case BeforeValidator():
                made = _with_function("before", each.make, made)
            case _:
                raise Unsupported(f"{each!r} says nothing of a value")
    return made


def _with_function(when: str, function: Callable[..., Any], made: Any, takes: str = "no-info") -> Any:
    return {"type": f"function-{when}", "function": {"type": takes, "function": function}, "schema": made}


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
    config: dict[str, Any] = {"title": model.__name__}
    if "strict" in model.model_config:
        config["strict"] = model.model_config["strict"]
    if "extra" in model.model_config:
        config["extra_fields_behavior"] = model.model_config["extra"]
    is_root = issubclass(model, ShownRoot)
    if is_root:
        inner = schema_of(model.model_fields["root"].annotation)
    else:
        fields = {name: _field(info) for name, info in model.model_fields.items()}
        inner = {"type": "model-fields", "fields": fields, "model_name": model.__name__}
    made = {"type": "model", "cls": model, "schema": inner, "root_model": is_root, "config": config}
    if hasattr(model, "model_post_init"):
        made["post_init"] = "model_post_init"
    if hasattr(model, "model_before"):
        made = _with_function("before", model.model_before, made)
    return made


def _field(info: FieldInfo) -> Any:
    made = schema_of(info.annotation)
    if not info.is_required():
        given = info.default
        # An empty list or dict is made anew each time: the core copies a default by copy.deepcopy.
        how = {"default_factory": type(given)} if given in ([], {}) else {"default": given}
        made = {"type": "default", "schema": made, **how}
    aliases = {"validation_alias": info.alias, "serialization_alias": info.alias} if info.alias else {}
    return {"type": "model-field", "schema": made, **aliases}
