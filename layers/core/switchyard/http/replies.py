"""What the service's own endpoints answer."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Health(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)

    status: Literal["ok"]
    version: str


class OpenApi(BaseModel):
    """An OpenAPI document; see the OpenAPI specification for the rest of its members."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    openapi: Literal["3.1.0"]
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
