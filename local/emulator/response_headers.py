"""The headers of a function's answer that API Gateway does not hand on under their own name.

AWS names them for REST APIs alone and says nothing of HTTP APIs:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
So the service sends what matters under both names, and here the stricter case holds.
"""

from collections.abc import Awaitable, Callable

REMAPPED = {b"connection", b"date", b"server", b"www-authenticate"}
PREFIX = b"x-amzn-remapped-"

Send = Callable[[dict], Awaitable[None]]


def remapped(send: Send) -> Send:
    """Send an answer as API Gateway would."""

    async def send_remapped(message: dict) -> None:
        if message["type"] == "http.response.start":
            sent = {name.lower() for name, _ in message["headers"]}
            headers = [
                (PREFIX + name if name.lower() in REMAPPED else name, value)
                for name, value in message["headers"]
                if name.lower() not in REMAPPED or PREFIX + name.lower() not in sent
            ]
            message = message | {"headers": headers}
        await send(message)

    return send_remapped
