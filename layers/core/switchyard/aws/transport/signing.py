"""AWS Signature Version 4 for the one shape of request that is made here: POST / with a body, nothing in the query.

The rules: "Create a signed AWS API request", IAM User Guide
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

import hmac
import time
from hashlib import sha256
from typing import NamedTuple


class Credentials(NamedTuple):
    """Keys to sign with; `token` belongs to keys that end."""

    access_key: str
    secret_key: str
    token: str | None = None


class Signer:
    """Signs requests of one content type to one host, in the name of a service in a region."""

    def __init__(self, service: str, region: str, host: str, content_type: str) -> None:
        self._scope = f"{region}/{service}/aws4_request"
        self._steps = (region, service, "aws4_request")
        self._first_lines = f"POST\n/\n\ncontent-type:{content_type}\nhost:{host}\n"
        self._fixed = f"Host: {host}\r\nContent-Type: {content_type}\r\n"
        #: What signs with the key of a day, which takes four rounds to derive. One value, replaced whole: threads may
        #: share it.
        self._signing = ("", "", hmac.new(b"", digestmod=sha256))

    def headers(self, credentials: Credentials, target: str, body: bytes, now: float) -> str:
        """Return the header lines of a request made at `now` (epoch, seconds), each with its line end."""
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        token = credentials.token
        names = f"content-type;host;x-amz-date;{'x-amz-security-token;' if token else ''}x-amz-target"
        canonical = (
            f"{self._first_lines}x-amz-date:{stamp}\n{f'x-amz-security-token:{token}\n' if token else ''}"
            f"x-amz-target:{target}\n\n{names}\n{sha256(body).hexdigest()}"
        )
        day = stamp[:8]
        to_sign = f"AWS4-HMAC-SHA256\n{stamp}\n{day}/{self._scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = self._signing_of(credentials.secret_key, day)
        signature.update(to_sign.encode())
        return (
            f"{self._fixed}X-Amz-Date: {stamp}\r\n{f'X-Amz-Security-Token: {token}\r\n' if token else ''}"
            f"X-Amz-Target: {target}\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential={credentials.access_key}/{day}/{self._scope}, "
            f"SignedHeaders={names}, Signature={signature.hexdigest()}\r\n"
        )

    def _signing_of(self, secret: str, day: str) -> hmac.HMAC:
        known_secret, known_day, signing = self._signing
        if (known_secret, known_day) != (secret, day):
            key = hmac.digest(f"AWS4{secret}".encode(), day.encode(), "sha256")
            for step in self._steps:
                key = hmac.digest(key, step.encode(), "sha256")
            signing = hmac.new(key, digestmod=sha256)
            self._signing = (secret, day, signing)
        return signing.copy()
