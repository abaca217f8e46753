"""botocore, for S3, SNS, Lambda and CloudFormation, and for every environment that asks for more than variables say.

Its clients are made without boto3, whose session costs import time and adds nothing here.
"""

import binascii
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    ConnectTimeoutError,
    EndpointConnectionError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)

from switchyard.aws.errors import ApiError, NotConfigured, Unreachable

#: No answer, or none that is whole.
_UNREACHABLE = (ConnectionError, FlexibleChecksumError, HTTPClientError, IncompleteReadError)


def _binary(value: Any, convert: Callable[[Any], Any]) -> Any:
    """Return what a call of DynamoDB sends or answers with the values of its binary attributes converted."""
    if isinstance(value, dict):
        if value.keys() == {"B"} and not isinstance(value["B"], dict):
            return {"B": convert(value["B"])}
        return {name: _binary(each, convert) for name, each in value.items()}
    return [_binary(each, convert) for each in value] if isinstance(value, list) else value


def _to_base64(value: bytes) -> str:
    return binascii.b2a_base64(value, newline=False).decode()


class SdkClient:
    """A client of botocore whose calls raise what aws/errors.py has.

    Binary attributes of DynamoDB are base64 here, as the service and the transport have them: botocore has bytes.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._is_database = client.meta.service_model.service_name == "dynamodb"

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_"):
            raise AttributeError(name)
        method = getattr(self._client, name)

        def call(*given: Any, **params: Any) -> Any:
            with own_errors(name):
                if self._is_database:
                    return _binary(method(*given, **_binary(params, binascii.a2b_base64)), _to_base64)
                return method(*given, **params)

        return call


@contextmanager
def own_errors(operation: str) -> Iterator[None]:
    """Raise ApiError, Unreachable or NotConfigured for what botocore raises."""
    try:
        yield
    except ClientError as error:
        raise ApiError(error.response, operation) from error
    except _UNREACHABLE as error:
        sent = not isinstance(error, (ConnectTimeoutError, EndpointConnectionError))
        raise Unreachable(f"{operation}: {error}", sent) from error
    except BotoCoreError as error:
        raise NotConfigured(f"{operation}: {error}") from error


def make_client(service: str, config: dict[str, Any]) -> SdkClient:
    """Return a client with short time-outs and no retries of its own. Raises NotConfigured."""
    common = {
        "connect_timeout": 1,
        "read_timeout": 5,
        "retries": {"total_max_attempts": 1},
        "max_pool_connections": 16,
        "parameter_validation": False,
        "tcp_keepalive": True,
    }
    with own_errors(f"a client of {service}"):
        return SdkClient(botocore.session.get_session().create_client(service, config=Config(**(common | config))))


def adopt(client: Any) -> Any:
    """Wrap a client of botocore's; return any other one as it is."""
    return SdkClient(client) if isinstance(client, BaseClient) else client
