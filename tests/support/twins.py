"""pydantic's own models of the same declarations, to hold ours against."""

from functools import cache
from types import FunctionType, UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

import pydantic

from switchyard.http.models import AfterFields, AfterValidator, BeforeValidator, Field, Model, Rule, WithJsonSchema


@cache
def twin(model: Any) -> type[pydantic.BaseModel]:
    """A pydantic model with the fields, the checks, the hooks and the properties of one of ours."""
    config = {key: value for key, value in model.model_config.items() if key in ("strict", "extra")}
    inherited = [base for base in model.__mro__[::-1] if issubclass(base, Model) and base is not Model]
    members: dict[str, Any] = {
        name: each
        for base in inherited
        for name, each in vars(base).items()
        if isinstance(each, (FunctionType, property)) and not name.startswith("__")
    }
    if hasattr(model, "model_before"):
        hook = classmethod(lambda _, given: model.model_before(given))
        members["_before"] = pydantic.model_validator(mode="before")(hook)
    annotations = {}
    for name, info in model.model_fields.items():
        annotations[name] = Annotated[_type(info.annotation), pydantic.Field(alias=info.alias)]
        if not info.is_required():
            is_model = isinstance(info.default, Model)
            members[name] = twin(type(info.default)).model_construct() if is_model else info.default
    space = {"model_config": config, "__annotations__": annotations, "__module__": __name__, **members}
    return type(pydantic.BaseModel)(model.__name__, (pydantic.BaseModel,), space)


def _type(annotation: Any) -> Any:
    origin, inner = get_origin(annotation), get_args(annotation)
    if isinstance(origin, TypeAliasType):
        return _type(origin.__value__[inner])
    if origin is Annotated:
        return Annotated[_type(inner[0]), *(_said(each) for each in inner[1:])]
    if origin in (list, dict):
        return origin[tuple(_type(each) for each in inner)]
    if origin in (Union, UnionType):
        return Union[tuple(_type(each) for each in inner)]  # noqa: UP007 - of as many as there are
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return twin(annotation)
    return annotation


def _said(given: Any) -> Any:
    match given:
        case AfterValidator(check) | Rule(check, _):
            return pydantic.AfterValidator(check)
        case BeforeValidator(make):
            return pydantic.BeforeValidator(make)
        case AfterFields(check):

            def with_info(value: Any, info: pydantic.ValidationInfo) -> Any:
                return check(value, info.data)

            return pydantic.AfterValidator(with_info)
        case Field(bounds={"strip_whitespace": _}):
            return pydantic.StringConstraints(**given.bounds)
        case Field():
            return pydantic.Field(**given.bounds)
        case WithJsonSchema(shown):
            return pydantic.WithJsonSchema(dict(shown))
    raise TypeError(given)
