"""SES as AWS has it, where MiniStack is more lenient, and the page that shows the mails.

MiniStack refuses unverified senders, and in the sandbox unverified recipients; it keeps no headers.
"""

import html
import json
import re
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.core.responses import get_account_id, get_region
from ministack.services import ses, ses_v2

#: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html: To, Cc and Bcc together.
RECIPIENTS_MAX = 50
#: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_Message.html and API_MessageHeader.html.
HEADERS_MAX = 15
HEADER_NAME = re.compile(r"[!-9;-@A-~]{1,126}")
HEADER_VALUE = re.compile(r"[ -~]{1,870}")
#: Mails that the page shows at most.
SHOWN_MAX = 100
#: Where SendEmail is.
SENT = "/outbound-emails"

_original, _enforce = ses_v2.handle_request, app._enforce_ses_v2


def install() -> None:
    """Put this in the place of MiniStack's way."""
    ses_v2.handle_request = handle_request
    app._enforce_ses_v2 = enforce


def sends(method: str, path: str) -> bool:
    """Tell whether a request is a SendEmail."""
    return method == "POST" and path.rstrip("/").endswith(SENT)


def enforce(method: str, path: str, headers: dict, body: bytes, query: dict, request_id: str) -> Any:
    """Check the permission of a request: that of a mail is for the sender's identity, and knows the sender.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
    """
    if not sends(method, path):
        return _enforce(method, path, headers, body, query, request_id)
    sender = json.loads(body or b"{}").get("FromEmailAddress", "")
    resource = f"arn:aws:ses:{get_region()}:{get_account_id()}:identity/{sender}"
    context = {"ses:fromaddress": sender}
    named = {"resource_arn": resource, "service_context": context, "named_resource": resource}
    return app._enforce_data_plane("sesv2", "ses:SendEmail", headers, query, request_id, **named)


async def handle_request(method: str, path: str, headers: dict, body: bytes, query: dict) -> tuple[int, dict, bytes]:
    """Answer a request; what a mail is refused for comes first, and its headers are kept."""
    is_mail = sends(method, path)
    request = json.loads(body) if is_mail and body else {}
    if is_mail and (reason := refusal(request)):
        return ses_v2._json_err("BadRequestException", reason)
    answer = await _original(method, path, headers, body, query)
    if is_mail and answer[0] == 200:
        ses._sent_emails_list()[-1]["Headers"] = own_headers(request)
        del ses._sent_emails_list()[:-SHOWN_MAX]
    return answer


def own_headers(request: dict) -> list[dict[str, str]]:
    """The headers that a SendEmail gives its message."""
    return ((request.get("Content") or {}).get("Simple") or {}).get("Headers") or []


def refusal(request: dict) -> str | None:
    """Why a SendEmail is refused; None when it is not."""
    to = request.get("Destination") or {}
    addresses = [each for kind in ("ToAddresses", "CcAddresses", "BccAddresses") for each in to.get(kind) or []]
    if len(addresses) > RECIPIENTS_MAX:
        return f"Recipient count exceeds {RECIPIENTS_MAX}."
    if any(ses._missing_domain(each) for each in addresses):
        return "Missing final '@domain'"
    headers = own_headers(request)
    if len(headers) > HEADERS_MAX:
        return f"Value at 'headers' failed to satisfy constraint: Member must have length at most {HEADERS_MAX}"
    for each in headers:
        if not HEADER_NAME.fullmatch(each.get("Name", "")):
            return "Value at 'headers.member.name' failed to satisfy constraint: Member must satisfy the pattern"
        if not HEADER_VALUE.fullmatch(each.get("Value", "")):
            return "Value at 'headers.member.value' failed to satisfy constraint: Member must satisfy the pattern"
    return None


def sent() -> list[dict[str, Any]]:
    """The mails that were taken, the latest first: for tests, and for the page."""
    found = [each for key, entries in ses._sent_emails.to_dict().items() if key[-1] == "entries" for each in entries]
    return sorted(found, key=lambda each: each["Timestamp"], reverse=True)


def page() -> bytes:
    """A page of the mails. Each is in a frame of its own that may run nothing; its links open in a new window."""
    parts = [_shown(each) for each in sent()]
    told = "".join(parts) or "<p>No mail was sent yet.</p>"
    style = "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}"
    style += "iframe{width:100%;height:16rem;border:1px solid #999}pre{white-space:pre-wrap;overflow-wrap:anywhere}"
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Mails</title><style>{style}</style></head>'
        f"<body><main><h1>Mails of this stack</h1>{told}</main></body></html>"
    )
    return text.encode()


def _shown(mail: dict[str, Any]) -> str:
    at = datetime.fromtimestamp(mail["Timestamp"], UTC).isoformat(timespec="seconds")
    to = html.escape(", ".join(mail["To"]))
    headers = "\n".join(f"{each['Name']}: {each['Value']}" for each in mail.get("Headers", ()))
    body = (mail.get("BodyHtml") or "").replace("<head>", '<head><base target="_blank">', 1)
    subject = html.escape(mail["Subject"])
    frame = f'<iframe title="{subject}" sandbox="allow-popups" srcdoc="{html.escape(body)}"></iframe>'
    raw = html.escape(f"{headers}\n\n{mail['BodyText']}")
    details = f"<details><summary>Text and headers</summary><pre>{raw}</pre></details>"
    return f"<article><h2>{subject}</h2><p>to {to}, {at}</p>{frame}{details}</article>"
