"""Bases of answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Shown(BaseModel):
    """Nothing beyond what is documented."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


class CamelShown(Shown):
    """The same, with fields that are camelCase on the wire."""

    model_config = ConfigDict(alias_generator=to_camel)
