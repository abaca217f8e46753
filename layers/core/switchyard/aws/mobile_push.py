"""Amazon SNS mobile push: the only place that talks to it."""

import re
from typing import Any

from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError, Unreachable

_GONE = frozenset({"EndpointDisabled", "EndpointDisabledException"})
_PASSING = frozenset({"InternalError", "InternalFailure", "ServiceUnavailable", "Throttled", "Throttling"})
_EXISTING = re.compile(r"Endpoint (arn:\S+) already exists")
_NOT_YET_SET_UP = frozenset(
    {"AuthorizationError", "AccessDenied", "PlatformApplicationDisabled", "PlatformApplicationDisabledException"}
)


class Gone(Exception):
    """The platform no longer knows the token."""


class Refused(Exception):
    """SNS will not take this message for this token, however often it is sent."""


class Unavailable(Exception):
    """Nothing was taken now: it may be later, or once the platform application is set up."""


class MobilePush:
    """Publishes to single devices of the platform applications."""

    def __init__(self, client: Any) -> None:
        self.client = client

    @classmethod
    def from_environment(cls) -> "MobilePush":
        return cls(make_client("sns"))

    def publish(self, application: str, token: str, message: str) -> str:
        """Send a message (JSON, one text for each protocol) to a token of an application (its ARN): 2 calls.

        Returns the message's id. Making an endpoint that exists answers with it, so that none is remembered here. One
        that the platform has disabled is deleted, for the token may be registered again. Raises Gone, Refused or
        Unavailable.
        """
        target = self._endpoint(application, token)
        try:
            return str(self._call("publish", TargetArn=target, MessageStructure="json", Message=message)["MessageId"])
        except Gone:
            self._call("delete_endpoint", EndpointArn=target)
            raise

    def _endpoint(self, application: str, token: str) -> str:
        try:
            made = self._call("create_platform_endpoint", PlatformApplicationArn=application, Token=token)
        except Refused as refused:
            # An endpoint whose attributes were changed since is not answered with, but named in the refusal.
            existing = _EXISTING.search(str(refused))
            if existing is None:
                raise
            return existing[1]
        return str(made["EndpointArn"])

    def _call(self, operation: str, **params: Any) -> Any:
        try:
            return getattr(self.client, operation)(**params)
        except ApiError as error:
            code, status = error.code, error.status
            problem = f"{code}: {error.response['Error'].get('Message', '')}"
            if code in _GONE:
                raise Gone(problem) from error
            if code in _PASSING or code in _NOT_YET_SET_UP or status >= 500 or "Throttl" in code:
                raise Unavailable(problem) from error
            raise Refused(problem) from error
        except Unreachable as error:
            raise Unavailable(f"{type(error).__name__}: {error}") from error
