"""An API Gateway HTTP API event (payload 2.0), read once into plain values."""

import base64
import binascii
import codecs
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from switchyard.domain.errors import FieldError, Invalid, MalformedBody, TooLarge, WrongContentType, WrongEncoding
from switchyard.domain.structs import Struct

BODY_MAX = 1_048_576
FORM = "application/x-www-form-urlencoded"
_QUERY_FIELDS_MAX = 100


class Request(Struct):
    """Header names are lower case; path parameters are decoded; the body is bytes (empty when absent).

    An HTTP API decodes every escape of a path but that of the percent sign, in whose place `%25` stays.
    """

    method: str
    path: str
    query_string: str
    headers: Mapping[str, str]
    path_parameters: Mapping[str, str]
    id: str
    event: Mapping[str, Any]

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "Request":
        context = event["requestContext"]
        return cls(
            context["http"]["method"],
            event["rawPath"],
            event.get("rawQueryString") or "",
            {name.lower(): value for name, value in (event.get("headers") or {}).items()},
            {name: value.replace("%25", "%") for name, value in (event.get("pathParameters") or {}).items()},
            context["requestId"],
            event,
        )

    @property
    def base_url(self) -> str:
        """Return scheme and host as the client named them, for links in answers."""
        host = self.headers.get("host") or self.event["requestContext"]["domainName"]
        return f"{self.headers.get('x-forwarded-proto', 'https')}://{host}"

    def tags(self, header: str) -> frozenset[str]:
        """Return the entity tags of If-Match or If-None-Match, strong and weak ones alike."""
        return frozenset(tag.strip().removeprefix("W/") for tag in self.headers.get(header, "").split(","))

    def body(self) -> bytes:
        """Return the body without a byte order mark; raises TooLarge above BODY_MAX bytes.

        Raises WrongEncoding for a compressed one: an HTTP API hands a body declared as JSON to the function as text
        (payload format 2.0: base64 is for types that it takes for binary), in which compressed bytes are lost. Raises
        MalformedBody for one with bytes that are no UTF-8: that text has U+FFFD for them, and another length than sent.
        """
        encoding = self.headers.get("content-encoding", "").strip().lower()
        if encoding not in ("", "identity"):
            raise WrongEncoding(f"Content-Encoding is {encoding[:80]!r}: send the body as it is, not compressed.")
        raw = self._received()
        if len(raw) > BODY_MAX:
            raise TooLarge(f"The body has {len(raw)} bytes; at most {BODY_MAX} are accepted.")
        return raw.removeprefix(codecs.BOM_UTF8)

    def _received(self) -> bytes:
        text = self.event.get("body") or ""
        if self.event.get("isBase64Encoded"):
            try:
                raw = base64.b64decode(text, validate=True)
            except binascii.Error:
                raise MalformedBody(FieldError("body", "is not valid base64", "a JSON document")) from None
        else:
            raw = text.encode("utf-8", "surrogatepass")
            if "\ufffd" in text and self.headers.get("content-length", str(len(raw))) != str(len(raw)):
                raise MalformedBody(FieldError("body", "is not UTF-8", "JSON in UTF-8 (RFC 8259 §8.1)", "malformed"))
        return raw

    def json_body(self) -> bytes:
        """Return the body of a request that must be JSON by its own words."""
        raw = self.body()
        declared, *parameters = self.headers.get("content-type", "").lower().split(";")
        declared = declared.strip()
        if declared != "application/json" and not (declared.startswith("application/") and declared.endswith("+json")):
            raise WrongContentType(f"Content-Type is {_named(declared)}: send application/json.")
        for name, _, value in (each.partition("=") for each in parameters):
            if name.strip() == "charset" and value.strip(" \t\"'") not in ("utf-8", "utf8"):
                raise WrongContentType(f"The charset is {value.strip()[:40]!r}: send UTF-8 (RFC 8259 §8.1).")
        return raw

    def form(self) -> dict[str, Any]:
        """Return the fields of a body that is a form's; each may be given once."""
        declared = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if declared != FORM:
            raise WrongContentType(f"Content-Type is {_named(declared)}: send {FORM}.")
        try:
            text = self.body().decode()
        except UnicodeDecodeError:
            raise Invalid(FieldError("body", "is not UTF-8", "a form in UTF-8")) from None
        return _fields(text, "body", frozenset())

    def query(self, lists: frozenset[str]) -> dict[str, Any]:
        """Return the query parameters; those named in `lists` may repeat or be separated by commas.

        In such a list a backslash before a comma, or before a backslash, makes it part of the value, and an empty
        parameter adds none.
        """
        return _fields(self.query_string, "query", lists)


def _named(content_type: str) -> str:
    return repr(content_type[:80]) if content_type else "missing"


def _fields(text: str, root: str, lists: frozenset[str]) -> dict[str, Any]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_QUERY_FIELDS_MAX)
    except ValueError:
        raise Invalid(FieldError(root, f"has more than {_QUERY_FIELDS_MAX} parameters", "fewer")) from None
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            found.setdefault(name, []).extend(_separated(value) if value else ())
        elif name in found:
            raise Invalid(FieldError(name, "is given twice", "one value"))
        else:
            found[name] = value
    return found


def _separated(text: str) -> list[str]:
    r"""Return the values of a list: `a,b` are two, `a\,b` is one with a comma, `a\\` one that ends in a backslash."""
    values = [""]
    for part in re.findall(r"\\[\\,]|.", text, re.DOTALL):
        if part == ",":
            values.append("")
        else:
            values[-1] += part[-1]
    return values
