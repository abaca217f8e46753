"""What a call of an AWS service raises."""

from typing import Any


class AwsError(Exception):
    """A call of an AWS service did not succeed."""


class ApiError(AwsError):
    """The service refused. `response` has "Error" (Code, Message), "ResponseMetadata" (HTTPStatusCode, RequestId), and
    what else the service said, such as CancellationReasons or Item. `repeated` says that it refused a further attempt:
    an earlier one had failed or had no answer, and may have been done all the same.
    """

    repeated = False

    def __init__(self, response: dict[str, Any], operation: str = "") -> None:
        error = response["Error"]
        super().__init__(f"{operation or 'The call'} was refused: {error['Code']}: {error.get('Message', '')}")
        self.response = response

    @property
    def code(self) -> str:
        """The service's own name of the error, e.g. ThrottlingException."""
        return str(self.response["Error"]["Code"])

    @property
    def status(self) -> int:
        """The HTTP status; 0 if there was none."""
        return int(self.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


class Unreachable(AwsError):
    """No answer came that could be trusted. If `sent` is true, the service may have done what it was asked for."""

    def __init__(self, problem: str, sent: bool = True) -> None:
        super().__init__(problem)
        self.sent = sent


class NotConfigured(AwsError):
    """No call can be made: there are no credentials or no region, or what is configured makes no sense."""
