"""Files for tests: what a client uploads, and what the bucket is asked."""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

from switchyard.aws.objects import ObjectStore


def policy_of(form: Mapping[str, Any]) -> dict[str, Any]:
    """Return the policy of a form, which S3 holds an upload to."""
    policy: dict[str, Any] = json.loads(base64.b64decode(form["fields"]["policy"]))
    return policy


def put(bucket: ObjectStore, key: str, content: bytes, content_type: str = "", checksum: bool = False) -> None:
    """Put an object as a form would, where the simulator has no forms."""
    more = {"ContentType": content_type} if content_type else {}
    more |= {"ChecksumAlgorithm": "SHA256"} if checksum else {}
    bucket.client.put_object(Bucket=bucket.bucket, Key=key, Body=content, **more)


class Recorded:
    """A client that keeps the names of its calls. It fails where it is told to, and leaves one thing out of answers."""

    def __init__(self, client: Any, errors: Mapping[str, Exception] | None = None, without: str = "") -> None:
        self.client, self.errors, self.without = client, errors or {}, without
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*given: Any, **params: Any) -> Any:
            self.calls.append(name)
            if name in self.errors:
                raise self.errors[name]
            answer = getattr(self.client, name)(*given, **params)
            if self.without:
                answer.pop(self.without)
            return answer

        return call
