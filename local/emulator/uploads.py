"""Browser uploads as S3 takes them: MiniStack ignores the form's tags and checksum."""

from xml.etree import ElementTree

from ministack.services import s3

_original = s3._post_object


def install() -> None:
    """Have forms tag what they upload, and refuse what their checksum does not fit."""
    s3._post_object = post_object


def post_object(bucket: str, body: bytes, headers: dict) -> tuple:
    """Take one upload; the policy and all else of the form is MiniStack's matter."""
    parts = {
        name.lower(): value for name, _, _, value in s3._parse_multipart_form(headers.get("content-type", ""), body)
    }
    file = parts.pop("file", b"")
    fields = {name: value.decode("utf-8", "replace") for name, value in parts.items()}
    declared = {name: value for name, value in fields.items() if name.startswith("x-amz-checksum-")}
    checksums, refusal = s3._resolve_object_checksums(file, declared)
    answer = refusal or _original(bucket, body, headers)
    key = fields.get("key", "")
    if answer[0] < 400 and (checksums or "tagging" in fields):
        record = s3._buckets[bucket]["objects"][key]
        record["checksums"] = checksums
        if "tagging" in fields:
            s3._object_tags[bucket, key, record.get("version_id")] = tags_of(fields["tagging"])
        if s3.S3_PERSIST:
            s3._persist_object(bucket, key, record)
    return answer


def tags_of(document: str) -> dict[str, str]:
    """The tags of a form's XML document."""
    found = ElementTree.fromstring(document).iter("Tag")
    return {tag.findtext("Key", ""): tag.findtext("Value", "") for tag in found}
