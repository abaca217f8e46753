"""The API as a WSGI application in this process: each request becomes the event that API Gateway makes of it."""

from collections.abc import Callable, Iterable
from typing import Any

from tests.support.http import Api


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer one request as the deployed API does; the token is the request's own."""
    headers = {name[5:].replace("_", "-").lower(): value for name, value in environ.items() if name[:5] == "HTTP_"}
    if environ.get("CONTENT_TYPE"):
        headers["content-type"] = environ["CONTENT_TYPE"]
    body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    url = f"{environ['REQUEST_URI']}?{environ['QUERY_STRING']}".removesuffix("?")
    answer = Api(None).answer(environ["REQUEST_METHOD"], url, headers, body or None)
    start_response(f"{answer.status} -", [(name, str(value)) for name, value in answer.headers.items()])
    return [answer.content]
