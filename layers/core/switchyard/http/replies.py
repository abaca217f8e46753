"""What the service's own endpoints answer."""

from typing import Any, Literal

from switchyard.http.models import Model, Shown


class Health(Shown):
    status: Literal["ok"]
    version: str


class OpenApi(Model):
    """An OpenAPI document; see the OpenAPI specification for the rest of its members."""

    model_config = {"extra": "allow"}

    openapi: Literal["3.1.0"]
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
