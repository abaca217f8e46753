"""Each error's docs_url leads to a heading that explains it."""

import re
from typing import Any

from switchyard import openapi_shared
from switchyard.surfaces.followups.surface import error_object
from tests.support.template import ROOT


def test_every_code_has_its_heading() -> None:
    headings = set(re.findall(r"^### (\w+)$", (ROOT / "docs/followups.md").read_text(), re.MULTILINE))
    found: list[dict[str, Any]] = [error_object(error, "request")[1] for error in openapi_shared.EVERY_ERROR]
    assert {error["code"] for error in found} <= headings
    for error in found:
        assert error["docs_url"] == f"docs/followups.md#{error['code']}"
