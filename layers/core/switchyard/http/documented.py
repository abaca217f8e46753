"""JSON schemas of models, made by pydantic's generator. For documentation; no function imports this."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode

from switchyard.http.models import Model
from switchyard.http.schemas import schema_of

Json = dict[str, Any]
Describe = Callable[[type[Model], str], str | None]
Models = dict[tuple[type[Model], JsonSchemaMode], Json]


class Generator(GenerateJsonSchema):
    """No titles that repeat a field's name, and no defaults that are models without a field."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the base's signature
        return False

    def default_schema(self, schema: Any) -> Json:
        if isinstance(schema.get("default"), Model):
            return self.generate_inner(schema["schema"])
        return super().default_schema(schema)


def json_schemas(
    wanted: Iterable[tuple[type[Model], JsonSchemaMode]],
    generator: type[Generator],
    ref_template: str,
    describe: Describe = lambda _model, _field: None,
) -> tuple[Models, Json]:
    """Return the schema of each model in its mode (validation, serialization), and the definitions they refer to.

    `describe` tells what a field of a model means, if that is to be in the schema.
    """
    inputs: Any = [(model, mode, _named(schema_of(model), describe)) for model, mode in wanted]
    made, definitions = generator(ref_template=ref_template).generate_definitions(inputs)
    return made, definitions  # type: ignore[return-value]


def _named(schema: Any, describe: Describe) -> Any:
    """Name each model within a schema, by which the generator knows what to define once, and describe its fields."""
    if isinstance(schema, list):
        return [_named(each, describe) for each in schema]
    if not isinstance(schema, dict):
        return schema
    named = {key: _named(each, describe) for key, each in schema.items()}
    if schema.get("type") == "model":
        model = schema["cls"]
        named["ref"] = f"{model.__module__}.{model.__qualname__}:{id(model)}"
        for name, field in named["schema"].get("fields", {}).items():
            if text := describe(model, name):
                field["metadata"] = {"pydantic_js_updates": {"description": text}}
    return named
