"""Where the keys come from: the environment, or the container's own service, asked again before they end.

AWS's rules: "Container credential provider", AWS SDKs and Tools Reference Guide
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html).
"""

import json
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from switchyard.aws.errors import NotConfigured, Unreachable
from switchyard.aws.transport.connections import Pool
from switchyard.aws.transport.signing import Credentials

#: Seconds before their end from which new keys are asked for, and from which old ones are not used any more.
REFRESH_SECONDS, LAST_SECONDS = 900, 60
#: Seconds that the container's service has to answer in, and seconds until it is asked again after a failure.
ANSWER_SECONDS, PAUSE_SECONDS = 2.0, 10.0
#: Where keys may come from without TLS: the container services of ECS and EKS, and this machine.
_PLAIN_HOSTS = frozenset({"169.254.170.2", "169.254.170.23", "localhost"})
_ADDRESS = re.compile(r"(https?)://([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(/[!-~]*)?")

Source = Callable[[], Credentials]


def find(environment: Mapping[str, str]) -> Source | None:
    """Return where the environment says that keys are; None if it says nothing of them."""
    if environment.get("AWS_ACCESS_KEY_ID"):
        given = _checked(
            environment["AWS_ACCESS_KEY_ID"],
            environment.get("AWS_SECRET_ACCESS_KEY"),
            environment.get("AWS_SESSION_TOKEN"),
        )
        return lambda: given
    relative = environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
    address = f"http://169.254.170.2{relative}" if relative else environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    return Container(address, environment) if address else None


class Container:
    """Keys of the container's service."""

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        found = _ADDRESS.fullmatch(address)
        if found is None:
            raise NotConfigured(f"AWS_CONTAINER_CREDENTIALS_FULL_URI: {address!r} is not an address of http or https.")
        scheme, host, port, path = found.groups()
        is_tls = scheme == "https"
        if not is_tls and host not in _PLAIN_HOSTS and not re.fullmatch(r"127(\.\d{1,3}){3}", host):
            raise NotConfigured(f"AWS_CONTAINER_CREDENTIALS_FULL_URI: {host} is not asked for keys without TLS.")
        self._pool = Pool(host, int(port or (443 if is_tls else 80)), is_tls)
        self._first_lines = f"GET {path or '/'} HTTP/1.1\r\nHost: {host}{f':{port}' if port else ''}\r\n"
        self._environment = environment
        self._lock = Lock()
        self._keys: Credentials | None = None
        self._end = 0.0
        self._next_try = 0.0

    def __call__(self) -> Credentials:
        """Return keys that can be used now. Raises Unreachable if there are none to be had at the moment."""
        keys = self._keys
        if keys and time.time() < self._end - REFRESH_SECONDS:
            return keys
        with self._lock:
            now = time.time()
            usable = self._keys if now < self._end - LAST_SECONDS else None
            if usable and (now < self._next_try or now < self._end - REFRESH_SECONDS):
                return usable
            try:
                self._keys, self._end = self._ask()
            except Unreachable as error:
                # Old keys are good until they end; the service is not asked at each call.
                self._next_try = now + PAUSE_SECONDS
                if usable is None:
                    raise Unreachable(f"The container's service gave no keys: {error}", sent=False) from error
                return usable
            return self._keys

    def _ask(self) -> tuple[Credentials, float]:
        # Imported here: Lambda gives a function its keys in the environment.
        from calendar import timegm

        request = f"{self._first_lines}{self._authorization()}Accept: application/json\r\nConnection: close\r\n\r\n"
        answer = self._pool.exchange(request.encode(), time.monotonic() + ANSWER_SECONDS)
        try:
            given: Any = json.loads(answer.body)
            keys = _checked(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])
            end = timegm(time.strptime(given["Expiration"][:19] + "Z", "%Y-%m-%dT%H:%M:%SZ"))
        except (ValueError, TypeError, KeyError) as error:
            raise Unreachable(f"it answered with status {answer.status} and no keys") from error
        return keys, float(end)

    def _authorization(self) -> str:
        # The file is read each time: what is in it is replaced from time to time.
        path = self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
        token = Path(path).read_text() if path else self._environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN")
        if not token:
            return ""
        if not token.isascii() or not token.isprintable():
            raise NotConfigured("The authorization token of the container's service is not fit for a header.")
        return f"Authorization: {token}\r\n"


def _checked(access_key: Any, secret_key: Any, token: Any) -> Credentials:
    """Return the keys, if they are valid in a header."""
    for value in (access_key, secret_key, token):
        if value and not re.fullmatch(r"[!-~]+", value):
            raise NotConfigured("The credentials have characters in them that keys do not have.")
    if not access_key or not secret_key:
        raise NotConfigured("The credentials are not complete: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY.")
    return Credentials(access_key, secret_key, token or None)
