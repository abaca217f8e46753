"""moto as the peer of the transport: each request goes to moto's own layer of answers instead of a connection."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.botocore_stubber import BotocoreStubber

from switchyard.aws.transport import client
from switchyard.aws.transport.answers import Answer
from switchyard.aws.transport.connections import Pool


class MotoPool:
    """Stands in for a pool of connections to one host of AWS."""

    def __init__(self, host: str) -> None:
        self.url = f"https://{host}/"

    def exchange(self, request: bytes, until: float) -> Answer:
        """Answer as moto does."""
        head, _, body = request.partition(b"\r\n\r\n")
        headers = HTTPHeaders()
        for line in head.decode("latin-1").split("\r\n")[1:]:
            name, _, value = line.partition(": ")
            headers[name] = value
        prepared = AWSPreparedRequest("POST", self.url, headers, body, stream_output=False)
        status, given, said = BotocoreStubber().process_request(prepared)
        return Answer(status, {str(name).lower(): str(value) for name, value in given.items()}, said.encode())


@contextmanager
def moto() -> Iterator[None]:
    """Have moto answer the calls of AWS's own hosts that are made inside, the transport's as well as botocore's."""
    usual = client.pool_of

    def pool_of(host: str, port: int, is_tls: bool) -> Pool | MotoPool:
        return MotoPool(host) if host.endswith(".amazonaws.com") else usual(host, port, is_tls)

    with mock_aws(), mock.patch.object(client, "pool_of", pool_of):
        yield
