"""What a URL and a token must be before anything is sent."""


def wrong_url(text: str) -> str | None:
    """Return what is wrong with a service's URL; None when it can be called."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        right = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        right = False
    if right and text.isprintable() and " " not in text:
        return None
    return f"{text!r} is not a URL: give http://HOST or https://HOST, and a path if any"


def wrong_token(token: str) -> str | None:
    """Return what is wrong with a token, to be said after what it is called; None when it can be sent."""
    if token.isascii() and token.isprintable() and " " not in token:
        return None
    return "has a space, a line break or another character that no token has"
