"""Each error's docs_url leads to a heading that explains it."""

import json
import re
from typing import Any

from switchyard import openapi_shared
from switchyard.http.request import Request
from switchyard.surfaces.followups.surface import FOLLOWUPS
from tests.support.template import ROOT


def test_every_code_has_its_heading() -> None:
    headings = set(re.findall(r"^### (\w+)$", (ROOT / "docs/followups.md").read_text(), re.MULTILINE))
    request = Request("GET", "/v1/tasks", "", {}, {}, "request", {})
    bodies = [FOLLOWUPS.refuse(error, request)[2] for error in openapi_shared.EVERY_ERROR]
    found: list[dict[str, Any]] = [json.loads(body)["error"] for body in bodies]
    assert {error["code"] for error in found} <= headings
    for error in found:
        assert error["docs_url"] == f"docs/followups.md#{error['code']}"
