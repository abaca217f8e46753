"""Which host answers for a service, by the environment alone.

AWS's rules: "Service-specific endpoints", AWS SDKs and Tools Reference Guide
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html).
"""

import os
import re
from collections.abc import Mapping
from typing import NamedTuple


class Service(NamedTuple):
    """How a service is spoken to: its name in signatures and hosts, in X-Amz-Target, and in AWS_ENDPOINT_URL_…"""

    name: str
    target: str
    content_type: str
    variable: str


SERVICES = {
    "dynamodb": Service("dynamodb", "DynamoDB_20120810", "application/x-amz-json-1.0", "DYNAMODB"),
    "events": Service("events", "AWSEvents", "application/x-amz-json-1.1", "EVENTBRIDGE"),
    "sqs": Service("sqs", "AmazonSQS", "application/x-amz-json-1.0", "SQS"),
    "stepfunctions": Service("states", "AWSStepFunctions", "application/x-amz-json-1.0", "SFN"),
}

#: Settings that change who is called or with which keys, in ways that botocore knows.
_ASKS_FOR_MORE = (
    "AWS_ACCOUNT_ID_ENDPOINT_MODE",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_DEFAULT_PROFILE",
    "AWS_PROFILE",
    "AWS_SECURITY_TOKEN",
    "AWS_USE_DUALSTACK_ENDPOINT",
    "AWS_USE_FIPS_ENDPOINT",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
)
_FILES = {"AWS_CONFIG_FILE": "~/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": "~/.aws/credentials"}
#: Regions whose hosts are named alike: the commercial ones and GovCloud. Others have suffixes of their own.
_REGION = re.compile(r"(?:af|ap|ca|eu|il|me|mx|sa|us|us-gov)-[a-z]+-[0-9]")
_URL = re.compile(r"(https?)://([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?/?")


class Endpoint(NamedTuple):
    """Where a service answers; `authority` is what the Host header says."""

    host: str
    port: int
    is_tls: bool
    authority: str


def region(environment: Mapping[str, str]) -> str | None:
    """Return the region: what Lambda sets, or what the tools read."""
    return environment.get("AWS_DEFAULT_REGION") or environment.get("AWS_REGION")


def is_plain(environment: Mapping[str, str]) -> bool:
    """Return whether the environment's variables say all there is to say: no profile, no file, no proxy, no variant."""
    if any(environment.get(name, "").lower() not in ("", "false") for name in _ASKS_FOR_MORE):
        return False
    return not any(os.path.isfile(os.path.expanduser(environment.get(name) or usual)) for name, usual in _FILES.items())


def find(service: Service, region: str, environment: Mapping[str, str]) -> Endpoint | None:
    """Return where the service is; None if the region and the variables are not enough to say."""
    url = None
    if environment.get("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "").lower() != "true":
        url = environment.get(f"AWS_ENDPOINT_URL_{service.variable}") or environment.get("AWS_ENDPOINT_URL")
    if not url and not _REGION.fullmatch(region):
        return None
    found = _URL.fullmatch(url or f"https://{service.name}.{region}.amazonaws.com")
    if found is None:
        return None
    scheme, host, port = found.groups()
    usual = 443 if scheme == "https" else 80
    number = int(port or usual)
    authority = host.lower() if number == usual else f"{host.lower()}:{number}"
    return Endpoint(host, number, scheme == "https", authority)
