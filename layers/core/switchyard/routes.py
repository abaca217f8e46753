"""The routes of the API, made from the operations: its body in template.yaml, and the table that $default reads.

The body is OpenAPI 3.0, which API Gateway imports. Path parameters are declared, each with a schema: without one the
document is not valid, which is a warning of the import, and FailOnWarnings makes it an error.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

import json
import re
from collections.abc import Iterable
from http import HTTPStatus

from switchyard.http.operation import Operation, function_of

BEGIN = "        # routes: begin. Made by `make openapi` from the endpoints; edits here are overwritten.\n"
END = "        # routes: end\n"
#: The function that takes what no route matches.
UNMATCHED = "ServiceAnswerUnmatched"

_URI = "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${NAME.Arn}/invocations"
_RESPONSES = "responses: {default: {description: See docs/openapi.json}}"
_CALL = 'type: aws_proxy, httpMethod: POST, payloadFormatVersion: "2.0", credentials: !GetAtt ApiCalls.Arn'


class MarkersMissing(ValueError):
    """The template does not say, once each and in this order, where the routes begin and end."""


def body(operations: Iterable[Operation]) -> str:
    """Return the `paths` of the API's definition as YAML, in the order of the paths, $default last."""
    paths: dict[str, list[str]] = {}
    for operation in sorted(operations, key=lambda each: each.method):
        for path in operation.paths:
            paths.setdefault(path, []).extend(_route(operation.method.lower(), path, function_of(operation.name)))
    # Its name in documents that API Gateway exports, with the mark that it knows it by:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-any-method.html
    default = _route("x-amazon-apigateway-any-method", "/$default", UNMATCHED)
    default.append("    isDefaultRoute: true")
    ordered = [*sorted(paths.items()), ("/$default", default)]
    lines = ["paths:"] + [line for path, found in ordered for line in (f"  {path}:", *(f"  {each}" for each in found))]
    return "".join(f"        {line}\n" for line in lines)


def _route(method: str, path: str, function: str) -> list[str]:
    named = [f"{{name: {name}, in: path, required: true, schema: {{type: string}}}}" for name in _parameters(path)]
    return [
        f"  {method}:",
        *([f"    parameters: [{', '.join(named)}]"] if named else []),
        f"    {_RESPONSES}",
        f'    x-amazon-apigateway-integration: {{{_CALL}, uri: !Sub "{_URI.replace("NAME", function)}"}}',
    ]


def _parameters(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)


def placed(template: str, made: str) -> str:
    """Return the template with this body between its markers, all else untouched; raises MarkersMissing."""
    if template.count(BEGIN) != 1 or template.count(END) != 1 or template.index(BEGIN) > template.index(END):
        raise MarkersMissing(f"template.yaml needs these two lines, once each and in this order:\n{BEGIN}{END}")
    before, _, rest = template.partition(BEGIN)
    return before + BEGIN + made + END + rest.partition(END)[2]


def table(operations: Iterable[Operation]) -> str:
    """Return surface -> route key -> function as JSON. A method that is only there to be refused is left out."""
    found: dict[str, dict[str, str]] = {}
    for operation in operations:
        if operation.status != HTTPStatus.METHOD_NOT_ALLOWED:
            keys = found.setdefault(operation.surface.name, {})
            keys |= {f"{operation.method} {path}": function_of(operation.name) for path in operation.paths}
    return json.dumps(found, indent=1, sort_keys=True) + "\n"
