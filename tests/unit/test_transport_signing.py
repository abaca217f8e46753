"""Signatures, held against botocore's own signer."""

from datetime import UTC, datetime
from unittest import mock

from botocore import auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as Keys
from hypothesis import given, settings
from hypothesis import strategies as st

from switchyard.aws.transport.endpoints import SERVICES, find
from switchyard.aws.transport.signing import Credentials, Signer

VISIBLE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
MOMENTS = st.integers(946_684_800, 4_102_444_799).map(lambda each: datetime.fromtimestamp(each, UTC))
REGIONS = st.sampled_from(["us-east-1", "eu-central-1", "us-gov-west-1", "ap-southeast-4"])
URLS = st.sampled_from(
    ["", "http://127.0.0.1:4566", "https://Gateway.Example", "http://localhost:80/", "https://a.b:443"]
)


def headers_of(lines: str) -> dict[str, str]:
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines.splitlines())}


@settings(max_examples=150, deadline=None)
@given(
    service=st.sampled_from(sorted(SERVICES)),
    region=REGIONS,
    url=URLS,
    keys=st.builds(Credentials, VISIBLE, VISIBLE, st.none() | VISIBLE),
    operation=st.text("abcXYZ", min_size=1),
    body=st.binary(min_size=1, max_size=200),
    now=MOMENTS,
)
def test_every_header_is_the_one_that_botocore_signs(
    service: str, region: str, url: str, keys: Credentials, operation: str, body: bytes, now: datetime
) -> None:
    spoken = SERVICES[service]
    endpoint = find(spoken, region, {"AWS_ENDPOINT_URL": url})
    assert endpoint
    signer = Signer(spoken.name, region, endpoint.authority, spoken.content_type)
    target = f"{spoken.target}.{operation}"
    ours = headers_of(signer.headers(keys, target, body, now.timestamp()))

    request = AWSRequest(
        "POST",
        url or f"https://{spoken.name}.{region}.amazonaws.com/",
        headers={"X-Amz-Target": target, "Content-Type": spoken.content_type, "User-Agent": "not signed"},
        data=body,
    )
    with mock.patch.object(auth, "get_current_datetime", return_value=now):
        auth.SigV4Auth(Keys(*keys), spoken.name, region).add_auth(request)
    theirs = {name.lower(): value for name, value in request.headers.items() if name != "User-Agent"}
    assert ours == theirs | {"host": endpoint.authority}


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["one", "two"]), MOMENTS), min_size=2, max_size=6))
def test_a_signer_that_has_signed_signs_as_a_new_one(uses: list[tuple[str, datetime]]) -> None:
    def signer() -> Signer:
        return Signer("dynamodb", "eu-central-1", "host", "type")

    used = signer()
    for secret, now in uses:
        call = (Credentials("key", secret), "target", b"{}", now.timestamp())
        assert used.headers(*call) == signer().headers(*call)
