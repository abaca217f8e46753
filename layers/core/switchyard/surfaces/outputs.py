"""Bases of answers, as documented in docs/openapi.json; the tests hold the answers to it."""

from switchyard.http.models import Shown, to_camel


class CamelShown(Shown):
    """Base of answers whose fields are camelCase on the wire."""

    model_config = {"alias_generator": to_camel}
