"""Reads of one version of an object as S3 answers them: MiniStack passes over the headers that the request asks for."""

from ministack.services import s3

_original = s3._get_object


def install() -> None:
    """Have a version come with the content type and disposition that its address names."""
    s3._get_object = get_object


def get_object(bucket: str, key: str, headers: dict, query_params: dict | None = None) -> tuple:
    """Read an object; https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Overriding response header
    values"."""
    status, answered, body = _original(bucket, key, headers, query_params)
    if status == 200 and query_params and "versionId" in query_params:
        s3._apply_response_overrides(answered, query_params)
    return status, answered, body
