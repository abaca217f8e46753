"""The functions of this service, called by their logical ids."""

import json
import os
from collections.abc import Mapping
from typing import Any

from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError, Unreachable
from switchyard.domain.errors import Busy

Json = dict[str, Any]

#: Seconds to wait for an answer: no function behind the API runs longer, and API Gateway waits 30.
_PATIENCE = 29
#: Refused before the function ran: https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
_NOT_RUN = frozenset({"TooManyRequestsException", "EC2ThrottledException"})
_BUSY = "Too many requests at once: try again in a second."


class CallFailed(Exception):
    """A function ended without an answer: it raised, ran out of time or could not start."""


class Functions:
    """Calls functions and waits for what they return. A call is made once: the function may have written already."""

    def __init__(self, client: Any, stage: str) -> None:
        self._client = client
        self._stage = stage

    @classmethod
    def from_environment(cls) -> "Functions":
        """Return the functions of this stage (STAGE)."""
        return cls(make_client("lambda", read_timeout=_PATIENCE), os.environ["STAGE"])

    def call(self, logical_id: str, event: Mapping[str, Any]) -> Json:
        """Return what the function returned for the event. Raises Busy when it did not run, else CallFailed."""
        name = f"switchyard-{self._stage}_{logical_id}"
        try:
            answer = self._client.invoke(FunctionName=name, Payload=json.dumps(event).encode())
        except Unreachable as error:
            if not error.sent:
                raise Busy(_BUSY) from error
            raise
        except ApiError as error:
            if error.code in _NOT_RUN:
                raise Busy(_BUSY) from error
            raise
        content = answer["Payload"].read()
        if "FunctionError" in answer:
            raise CallFailed(f"{name}: {content[:1000].decode('utf-8', 'replace')}")
        returned: Json = json.loads(content)
        return returned
