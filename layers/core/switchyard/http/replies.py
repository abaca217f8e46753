"""What the service's own endpoints answer."""

from typing import Any, Literal

from switchyard.http.models import Model, Shown


class Health(Shown):
    status: Literal["ok"]  #: Says that the service answers.
    version: str  #: The release that is deployed.


class OpenApi(Model):
    """An OpenAPI document; see the OpenAPI specification for the rest of its members."""

    model_config = {"extra": "allow"}

    openapi: Literal["3.1.0"]  #: Version of the OpenAPI specification that the document follows.
    info: dict[str, Any]  #: Title, release, licence.
    paths: dict[str, Any]  #: The operations, by path and method.
    components: dict[str, Any]  #: What the operations share.
