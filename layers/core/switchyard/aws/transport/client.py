"""The client: one method for each operation of a service, `get_item` for GetItem, with the service's own parameters.

Answers are the service's JSON as it comes: bytes stay base64, times stay numbers. Nothing here uses either.
"""

import json
import math
import os
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any
from zlib import crc32

from switchyard.aws.errors import ApiError, Unreachable
from switchyard.aws.transport import credentials, endpoints
from switchyard.aws.transport.answers import Answer
from switchyard.aws.transport.connections import Pool, pool_of
from switchyard.aws.transport.signing import Signer
from switchyard.domain.json_text import pieces

#: Seconds that one call may take, from connecting to the last byte of its answer.
CALL_SECONDS = 5.0
#: When every call that is made now has to be over, a time.monotonic() value; aws/retry.py sets it around each attempt.
time_limit: ContextVar[float] = ContextVar("time_limit", default=math.inf)

_pieces = pieces(ascii_only=True, infinite=False)


class Client:
    """One service in one region. Threads may share it."""

    def __init__(
        self,
        service: endpoints.Service,
        region: str,
        endpoint: endpoints.Endpoint,
        keys: credentials.Source,
        pool: Pool,
    ) -> None:
        self._target = service.target
        self._keys = keys
        self._signer = Signer(service.name, region, endpoint.authority, service.content_type)
        self._pool = pool

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        operation = "".join(part.capitalize() for part in name.split("_"))

        def call(**params: Any) -> Any:
            return self.call(operation, params)

        # The next call finds the method itself.
        setattr(self, name, call)
        return call

    def call(self, operation: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """Make one call, sent once. Raises ApiError if the service refuses, Unreachable if it did not answer."""
        body = "".join(_pieces(params, 0)).encode()
        headers = self._signer.headers(self._keys(), f"{self._target}.{operation}", body, time.time())
        head = (
            f"POST / HTTP/1.1\r\n{headers}{_trace()}Accept-Encoding: identity\r\nUser-Agent: switchyard\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        until = min(time_limit.get(), time.monotonic() + CALL_SECONDS)
        return _understood(self._pool.exchange(head.encode("latin-1") + body, until), operation)


def make(service: str, environment: Mapping[str, str] = os.environ) -> Client | None:
    """Return a client of a service of endpoints.SERVICES as the environment configures it.

    None if the service is not one of these, or if the environment asks for what only botocore can do. Raises
    NotConfigured if it contradicts itself.
    """
    spoken, region = endpoints.SERVICES.get(service), endpoints.region(environment)
    if spoken is None or region is None or not endpoints.is_plain(environment):
        return None
    endpoint, keys = endpoints.find(spoken, region, environment), credentials.find(environment)
    if endpoint is None or keys is None:
        return None
    return Client(spoken, region, endpoint, keys, pool_of(endpoint.host, endpoint.port, endpoint.is_tls))


def _understood(answer: Answer, operation: str) -> dict[str, Any]:
    """Return what the service says. Raises ApiError for its errors, Unreachable if the words cannot be its own."""
    checksum = answer.headers.get("x-amz-crc32")
    if checksum is not None and checksum != str(crc32(answer.body)):
        raise Unreachable(f"The answer to {operation} was damaged on its way.")
    said = _object(answer.body)
    if answer.status == 200 and said is not None:
        return said
    said = said or {}
    code = str(said.pop("__type", "")).partition(":")[0].rpartition("#")[2]
    if not code and (answer.status < 400 or answer.status >= 500):
        # A page of something in between, or half an answer: the service itself names its errors.
        raise Unreachable(f"{operation} was answered with status {answer.status} and no word of the service.")
    message = said.pop("message", None) or said.pop("Message", None) or ""
    metadata = {"HTTPStatusCode": answer.status, "RequestId": answer.headers.get("x-amzn-requestid", "")}
    error = {"Code": code or str(answer.status), "Message": message}
    raise ApiError({**said, "Error": error, "ResponseMetadata": metadata}, operation)


def _object(body: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(body) if body else {}
    except ValueError:
        return None
    return said if isinstance(said, dict) else None


def _trace() -> str:
    """Return the header that lets Lambda notice functions that call each other in a circle.

    The rule: "Use Lambda recursive loop detection to prevent infinite loops", AWS Lambda Developer Guide.
    """
    trace = os.environ.get("_X_AMZN_TRACE_ID")
    return f"X-Amzn-Trace-Id: {trace}\r\n" if trace and trace.isascii() and trace.isprintable() else ""
