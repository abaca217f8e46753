"""What sample events are answered with, as docs/openapi.json shows it: without what differs from run to run."""

import json
import re
from typing import Any

from switchyard.openapi_examples import ANSWERS
from tests.support.http import Answer

#: Longer answers would make the document unwieldy.
LENGTH_MAX = 6_000
#: Entries of a list that show what the others are like.
ENTRIES_MAX = 2
_WORLD = "01981f5c-7a00-"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_CHANGING = {
    r"\b(?!2999)\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)": "2026-06-05T09:30:00.000Z",
    r"sy_[A-Za-z0-9]{20,}": "sy_SECRET",
    r"whsec_[A-Za-z0-9+/=]{20,}": "whsec_SECRET",
    r"(X-Amz-Signature|X-Amz-Credential|X-Amz-Date|AWSAccessKeyId|Signature|Expires)=[^&\"]+": r"\1=…",
    r"\b1[789]\d{8}\b": "1780651800",
    r"\b\d{8}T\d{6}Z\b": "20260605T093000Z",
    r"/[0-9a-f]{8}_": "/5f0c8a3e_",
    r"(run_logs/)[A-Za-z0-9._~-]+": r"\1ADDRESS",
}
#: Fields of signed forms, and cursors, by their names.
_SIGNED = re.compile(
    r'"(policy|x-amz-signature|x-amz-credential|signature|AWSAccessKeyId|x-amz-security-token|'
    r'nextCursor|next_cursor|code|token)": "(?!sy_)[^"]{24,}"'
)
#: Ids of files, which are 32 hexadecimal digits.
_FILE = r"\b[0-9a-f]{32}\b"


def path_of(operation: str) -> Any:
    """Return where the answer to an operation's sample event is kept."""
    return ANSWERS.joinpath(*operation.split(".")).with_suffix(".json")


def shown(answer: Answer, tenant: str) -> str | None:
    """Return an answer as an example: its JSON, with ids, times and secrets that are the same each time.

    None for an answer that is no JSON, or is too long to be one.
    """
    if "json" not in answer.headers.get("content-type", "") or not answer.text:
        return None
    text = json.dumps(_shortened(answer.json), indent=2, ensure_ascii=False) + "\n"
    if len(text) > LENGTH_MAX:
        return None
    text = text.replace(tenant, f"{_WORLD}7000-8000-000000000001")
    for pattern, kept in _CHANGING.items():
        text = re.sub(pattern, kept, text)
    text = _SIGNED.sub(r'"\1": "…"', text)
    return _numbered(_numbered(text, _UUID, f"{_WORLD}7000-8000-00000000{{:04d}}"), _FILE, f"{'0' * 28}{{:04d}}")


def _shortened(value: Any) -> Any:
    """Return an answer whose lists of objects are short."""
    if isinstance(value, list):
        few = value[:ENTRIES_MAX] if any(isinstance(each, dict) for each in value) else value
        return [_shortened(each) for each in few]
    if isinstance(value, dict):
        return {name: _shortened(each) for name, each in value.items()}
    return value


def _numbered(text: str, pattern: str, form: str) -> str:
    """Give each value that a run made up the number of its first place."""
    made = dict.fromkeys(each for each in re.findall(pattern, text) if not each.startswith(_WORLD[:8]))
    for number, each in enumerate(made, 1):
        text = text.replace(each, form.format(9000 + number))
    return text
