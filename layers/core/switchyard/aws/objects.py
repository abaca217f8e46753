"""The bucket of artifacts: the only place that talks to S3, with retries within the time that is left.

Clients put files there themselves, by a form that is signed here, and get large ones by a signed address. A form works
as often as it is sent within its time: unlike PutObject, POST takes no If-None-Match ("POST Object", API reference).
So the bucket keeps versions, and what was looked at once is read by its version.
"""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any
from urllib.parse import urlencode

from switchyard.aws import retry
from switchyard.aws.clients import make_client
from switchyard.aws.errors import ApiError, NotConfigured
from switchyard.domain.structs import Struct

_BUSY = "The files' storage did not answer in time: try again in a second."
#: Calls made at the same time.
_PARALLEL = 16
#: Bytes of a part of a large object; S3 takes no smaller one than 5 MiB, but the last.
PART_BYTES = 8 * 1_048_576
_SERVER_ERROR = 500
_RETRYABLE = frozenset({"RequestTimeout", "SlowDown", "OperationAborted"})
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchVersion", "NotFound"})


class CannotSign(Exception):
    """There are no credentials to sign with."""


class Head(Struct):
    """What the bucket knows of an object: bytes (None: unknown), media type, when it was uploaded (epoch, seconds),
    if it was uploaded with one, its SHA-256 in base64, and which version of it that is (None: the bucket keeps none).
    """

    size: int | None
    content_type: str
    uploaded_at: int
    sha256: str | None
    version: str | None = None


class Content(Struct):
    """An object's bytes, or None where there are more than were asked for."""

    size: int
    body: bytes | None


class Upload(Struct):
    """An object to be put."""

    key: str
    body: bytes
    content_type: str


class ObjectStore:
    """One bucket. `deadline` is a time.monotonic() value: no retry starts after it."""

    def __init__(self, bucket: str, client: Any) -> None:
        self.bucket = bucket
        self.client = client
        self.deadline = time.monotonic() + 30

    @classmethod
    def from_environment(cls) -> "ObjectStore":
        """Return the bucket of the environment variable ARTIFACTS_BUCKET."""
        return cls(os.environ["ARTIFACTS_BUCKET"], make_objects_client())

    # -------------------------------------------------------------- signed for clients
    def presign_post(
        self, key: str, most: int, tags: Mapping[str, str], seconds: int, sha256: str | None = None
    ) -> dict[str, Any]:
        """Return address and fields (all text) of a form that uploads this one object, of 0 to `most` bytes.

        The object gets the tags; with a SHA-256 (base64), S3 refuses any other content. Raises CannotSign.
        """
        fields = {"tagging": _tagging(tags)}
        if sha256:
            fields |= {"x-amz-checksum-algorithm": "SHA256", "x-amz-checksum-sha256": sha256}
        conditions = [*({name: value} for name, value in fields.items()), ["content-length-range", 0, most]]
        try:
            made: dict[str, Any] = self.client.generate_presigned_post(
                self.bucket, key, Fields=fields, Conditions=conditions, ExpiresIn=seconds
            )
        except NotConfigured as error:
            raise CannotSign from error
        return made

    def presign_get(self, key: str, headers: Mapping[str, str], seconds: int, version: str | None = None) -> str:
        """Return an address that serves the object (the newest version of it, unless one is named), with these
        content-type and content-disposition.

        Raises CannotSign.
        """
        given = {"ResponseContentType": "content-type", "ResponseContentDisposition": "content-disposition"}
        params = self._place(key, version) | {name: headers[header] for name, header in given.items()}
        try:
            address: str = self.client.generate_presigned_url("get_object", Params=params, ExpiresIn=seconds)
        except NotConfigured as error:
            raise CannotSign from error
        return address

    # -------------------------------------------------------------- calls
    def heads(self, keys: Sequence[str]) -> list[Head | None]:
        """Ask for all objects at the same time; None for one that is not there."""
        return _in_parallel([partial(self._head, key) for key in keys])

    def put_all(self, uploads: Sequence[Upload], tags: Mapping[str, str]) -> None:
        """Put all objects at the same time, each with the tags."""
        _in_parallel([partial(self._put, each, tags) for each in uploads])

    def put_large(self, key: str, chunks: Iterable[bytes], content_type: str, tags: Mapping[str, str]) -> None:
        """Put an object that comes in chunks, a part at a time: at most PART_BYTES and a chunk are held.

        It appears when it is whole, or, if a chunk or a call fails, not at all.
        """
        place = {"Bucket": self.bucket, "Key": key}
        begin = partial(self.client.create_multipart_upload, **place, ContentType=content_type, Tagging=urlencode(tags))
        upload = {**place, "UploadId": self._surely(begin)["UploadId"]}
        try:
            put = [self._put_part(upload, number, part) for number, part in enumerate(parts(chunks), 1)]
            complete = partial(self.client.complete_multipart_upload, **upload, MultipartUpload={"Parts": put})
            self._surely(complete)
        except BaseException:
            self._patiently(partial(self.client.abort_multipart_upload, **upload))
            raise

    def _put_part(self, upload: Mapping[str, str], number: int, part: bytes) -> dict[str, Any]:
        put = partial(self.client.upload_part, **upload, PartNumber=number, Body=part)
        return {"PartNumber": number, "ETag": self._surely(put)["ETag"]}

    def tag_all(self, versions: Mapping[str, str | None], tags: Mapping[str, str]) -> list[str]:
        """Give all objects these tags in place of those they have; returns the keys where there is no object.

        `versions` has the version of each key (None: the newest).
        """
        found = _in_parallel([partial(self._tag, key, version, tags) for key, version in versions.items()])
        return [key for key, there in zip(versions, found, strict=True) if not there]

    def get(self, key: str, most: int, version: str | None = None) -> Content | None:
        """Read an object of at most so many bytes, the newest version unless one is named; None: it is not there."""
        return self._patiently(partial(self._get, key, most, version))

    def chunks(self, key: str, start: int, end: int, version: str | None = None) -> Iterator[bytes]:
        """Read an object from byte `start` to before `end`, PART_BYTES at a time. Raises LookupError: it is gone."""
        for first in range(start, end, PART_BYTES):
            last = min(first + PART_BYTES, end) - 1
            found = self._patiently(partial(self._get, key, PART_BYTES, version, Range=f"bytes={first}-{last}"))
            if found is None or found.body is None:
                raise LookupError(f"{key} is gone")
            yield found.body

    def _place(self, key: str, version: str | None) -> dict[str, str]:
        return {"Bucket": self.bucket, "Key": key, **({"VersionId": version} if version else {})}

    def _head(self, key: str) -> Head | None:
        ask = partial(self.client.head_object, Bucket=self.bucket, Key=key, ChecksumMode="ENABLED")
        answer = self._patiently(ask)
        if answer is None:
            return None
        size = answer.get("ContentLength")
        uploaded = int(answer["LastModified"].timestamp())
        media, sha256 = answer.get("ContentType", ""), answer.get("ChecksumSHA256")
        return Head(size, media, uploaded, sha256, answer.get("VersionId"))

    def _put(self, upload: Upload, tags: Mapping[str, str]) -> None:
        self._patiently(
            partial(
                self.client.put_object,
                Bucket=self.bucket,
                Key=upload.key,
                Body=upload.body,
                Tagging=urlencode(tags),
                **({"ContentType": upload.content_type} if upload.content_type else {}),
            )
        )

    def _tag(self, key: str, version: str | None, tags: Mapping[str, str]) -> bool:
        pairs = [{"Key": name, "Value": value} for name, value in tags.items()]
        write = partial(self.client.put_object_tagging, **self._place(key, version), Tagging={"TagSet": pairs})
        return self._patiently(write) is not None

    def _get(self, key: str, most: int, version: str | None, **more: str) -> Content:
        answer = self.client.get_object(**self._place(key, version), **more)
        from switchyard.aws.sdk import own_errors

        # The body is read from the connection here, after the call. Entered, it would be the bare stream, unchecked.
        with own_errors("get_object"), closing(answer["Body"]) as body:
            size = answer["ContentLength"]
            return Content(size, body.read() if size <= most else None)

    def _surely(self, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        answer = self._patiently(work)
        if answer is None:
            raise LookupError("the upload is gone")
        return answer

    def _patiently[T](self, work: Callable[[], T]) -> T | None:
        """Do the work; None when the object is not there, again after a failure that passes, else Busy."""
        try:
            return retry.call(work, self.deadline, _is_retryable, _BUSY)
        except ApiError as error:
            if error.code in _MISSING:
                return None
            raise


def _is_retryable(error: ApiError) -> bool:
    code = error.code
    if code in _MISSING:
        return False
    return error.status >= _SERVER_ERROR or code in _RETRYABLE


_shared: ObjectStore | None = None


def shared(deadline: float) -> ObjectStore:
    """Return the container's bucket, made on first use, with time until the deadline."""
    global _shared
    if _shared is None:
        _shared = ObjectStore.from_environment()
    _shared.deadline = deadline
    return _shared


def use(store: ObjectStore | None) -> None:
    """Put another bucket in place of the container's (tests)."""
    global _shared
    _shared = store


def make_objects_client() -> Any:
    """Return a client whose addresses name the bucket's own region, so that no client is redirected."""
    return make_client("s3", signature_version="s3v4", s3={"us_east_1_regional_endpoint": "regional"})


def parts(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Join chunks to parts of at least PART_BYTES each, but for the last; of nothing, one that is empty."""
    part, is_first = bytearray(), True
    for chunk in chunks:
        part += chunk
        if len(part) >= PART_BYTES:
            yield bytes(part)
            part.clear()
            is_first = False
    if part or is_first:
        yield bytes(part)


def _in_parallel[T](calls: Sequence[Callable[[], T]]) -> list[T]:
    if len(calls) < 2:
        return [call() for call in calls]
    # Imported here: most requests make one call, and with it come `logging` and `traceback`.
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(len(calls), _PARALLEL)) as pool:
        return list(pool.map(lambda call: call(), calls))


def _tagging(tags: Mapping[str, str]) -> str:
    """Return the XML in which a form says tags; ours have nothing in them that would need escaping."""
    pairs = "".join(f"<Tag><Key>{name}</Key><Value>{value}</Value></Tag>" for name, value in tags.items())
    return f"<Tagging><TagSet>{pairs}</TagSet></Tagging>"
