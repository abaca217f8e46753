"""GET /openapi.json"""

import json
from functools import cache
from pathlib import Path
from typing import Any

from switchyard.http.endpoint import Reply, Request, public_endpoint
from switchyard.http.problems import SERVICE
from switchyard.http.replies import OpenApi


@cache
def document() -> Any:
    # Beside this file lies a link to docs/openapi.json, which the build follows.
    return json.loads(Path(__file__).with_name("openapi.json").read_text(encoding="utf-8"))


@public_endpoint(SERVICE, "service.get_openapi", "GET /openapi.json", reply=OpenApi)
def handler(_request: Request) -> Reply:
    """Describe the whole service in OpenAPI 3.1."""
    return Reply(200, document())
