"""CloudFormation imports the body of an HTTP API, as on AWS: MiniStack leaves the body out, and takes any route.

Refused is what API Gateway refuses. A document that is not valid OpenAPI 3.0 gives warnings there, which fail the
deployment of an API with FailOnWarnings and no other.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

import re
from collections.abc import Iterator

from ministack.core.responses import new_uuid
from ministack.services import apigateway
from ministack.services.cloudformation import provisioners

# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
ROUTES_MAX = 300
TIMEOUT_MAX_MS = 30_000
# The routes of a document by their names there; ANY and $default are extensions of API Gateway's.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-any-method.html
METHODS = {name: name.upper() for name in ("get", "put", "post", "delete", "options", "head", "patch", "trace")}
ANY = "x-amazon-apigateway-any-method"
DEFAULT = "/$default"
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-cors-configuration.html
CORS = "x-amazon-apigateway-cors"
# A part of a route's path is literal or a variable, not both; a greedy variable is the last part.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
PART = re.compile(r"[^{}\s]+|\{[\w.-]+\}")
GREEDY = re.compile(r"\{[\w.-]+\+\}")
FUNCTION_URI = re.compile(
    r"arn:aws[\w-]*:apigateway:[\w-]+:lambda:path/2015-03-31/functions/"
    r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w-]{1,64}(:[\w$-]{1,128})?/invocations"
)
ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")

_original = dict(provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"])
_original_create_route = apigateway._create_route


def install() -> None:
    """Have CloudFormation check and import the bodies of HTTP APIs, and the API's own call check its route."""
    provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"] |= {"create": create, "update": update}
    apigateway._create_route = create_route


def create(logical_id: str, props: dict, stack_name: str) -> tuple:
    """Make an API and its routes; nothing is made when the body is refused."""
    check(props)
    created = _original["create"](logical_id, props, stack_name)
    import_body(created[0], props)
    return created


def update(physical_id: str, old: dict, new: dict, stack_name: str, logical_id: str | None = None) -> tuple:
    """Change an API; a body replaces all routes that there were."""
    check(new)
    updated = _original["update"](physical_id, old, new, stack_name, logical_id)
    import_body(updated[0], new)
    return updated


def create_route(api_id: str, data: dict) -> tuple:
    """CreateRoute, for an HTTP API."""
    key = str(data.get("routeKey"))
    method, _, path = key.partition(" ")
    problem = None if key == "$default" else path_problem(method, path)
    if problem and apigateway._api_protocol(api_id) == "HTTP":
        return apigateway._apigw_error("BadRequestException", problem, 400)
    return _original_create_route(api_id, data)


def check(props: dict) -> None:
    """Raise ValueError for a body that API Gateway does not take; CloudFormation fails with its message."""
    body = props.get("Body")
    if body is None:
        return
    problems = list(refusals(body))
    if props.get("FailOnWarnings") in (True, "true"):
        problems += warnings(body)
    if problems:
        raise ValueError(f"Errors found during import: {'; '.join(problems)} (Service: ApiGatewayV2; Status Code: 400)")


def refusals(body: dict) -> Iterator[str]:
    """Say what no HTTP API takes."""
    if not re.fullmatch(r"3\.0\.\d+", str(body.get("openapi"))):
        yield f"openapi is {body.get('openapi')!r}: an HTTP API imports OpenAPI 3.0"
    shapes: dict[tuple[str, str], str] = {}
    for method, path, operation in operations(body):
        key = route_key(method, path, operation)
        problem = None if key == "$default" else path_problem(method, path)
        if problem:
            yield problem
        # Templated paths that differ in names alone are the same path: OpenAPI 3.0.3, Paths Object.
        shape = (method, re.sub(r"\{[^}]*\}", "{}", path))
        if shape in shapes:
            yield f"Route {key} already exists as {shapes[shape]}"
        shapes[shape] = key
        yield from (f"{key}: {problem}" for problem in integration_problems(operation))
    cors = body.get(CORS) or {}
    lists = ("allowOrigins", "allowMethods", "allowHeaders", "exposeHeaders")
    yield from (f"{CORS}: {name} is not a list" for name in lists if not isinstance(cors.get(name, []), list))
    if len(shapes) > ROUTES_MAX:
        yield f"{len(shapes)} routes: an API has at most {ROUTES_MAX}"


def operations(body: dict) -> Iterator[tuple[str, str, dict]]:
    """Each operation of a document: its method, its path, itself."""
    for path, item in (body.get("paths") or {}).items():
        for method, operation in item.items():
            if method in METHODS or method == ANY:
                yield METHODS.get(method, "ANY"), path, operation


def route_key(method: str, path: str, operation: dict) -> str:
    """The key of an operation's route."""
    return "$default" if path == DEFAULT and operation.get("isDefaultRoute") is True else f"{method} {path}"


def path_problem(method: str, path: str) -> str | None:
    """Say why there can be no such route, if so."""
    # Public reports of deployments say so, among them https://github.com/storacha/w3infra/pull/166
    if path.endswith("/") and path != "/":
        return f"Invalid route name: {method} {path} ends in a slash"
    if not is_path(path):
        return f"{method} {path}: One or more path parts appear to be invalid"
    return None


def is_path(path: str) -> bool:
    """Whether an HTTP API can have a route for the path."""
    first, *parts = path.split("/")
    *inner, last = parts or [""]
    if first or path == "/":
        return path == "/"
    return all(PART.fullmatch(part) for part in inner) and bool(PART.fullmatch(last) or GREEDY.fullmatch(last))


def integration_problems(operation: dict) -> Iterator[str]:
    """Say what is wrong with the integration with a function.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-integration.html
    """
    call = operation.get("x-amazon-apigateway-integration")
    if not isinstance(call, dict):
        yield "has no integration"
        return
    if str(call.get("type")).lower() != "aws_proxy":
        yield f"integrations of type {call.get('type')!r} are not emulated"
    if not FUNCTION_URI.fullmatch(str(call.get("uri"))):
        yield f"Invalid function ARN in integration URI {call.get('uri')!r}"
    if str(call.get("payloadFormatVersion")) not in ("1.0", "2.0"):
        yield "PayloadFormatVersion is a required parameter for integration: 1.0 or 2.0"
    if call.get("httpMethod") != "POST":
        yield "a function is called by POST"
    if "credentials" in call and not ROLE.fullmatch(str(call["credentials"])):
        yield f"Invalid ARN specified in the request: credentials {call['credentials']!r}"
    if not 50 <= int(call.get("timeoutInMillis", TIMEOUT_MAX_MS)) <= TIMEOUT_MAX_MS:
        yield f"Timeout should be between 50 ms and {TIMEOUT_MAX_MS} ms"


def warnings(body: dict) -> list[str]:
    """What makes the body no valid OpenAPI 3.0, undeclared path parameters among it."""
    # It takes 0.7 s to load, at deployments alone.
    from openapi_spec_validator import OpenAPIV30SpecValidator

    found = OpenAPIV30SpecValidator(body).iter_errors()
    return [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:300]}" for error in found]


def import_body(api_id: str, props: dict) -> None:
    """Make the routes, the integrations and the CORS configuration that the body describes, in place of all others."""
    body = props.get("Body")
    if body is None:
        return
    routes, integrations = {}, {}
    for method, path, operation in operations(body):
        call = operation["x-amazon-apigateway-integration"]
        integration, route = new_uuid()[:8], new_uuid()[:8]
        integrations[integration] = {
            "integrationId": integration,
            "integrationType": "AWS_PROXY",
            "integrationMethod": call["httpMethod"],
            "integrationUri": call["uri"],
            "payloadFormatVersion": call["payloadFormatVersion"],
            "timeoutInMillis": int(call.get("timeoutInMillis", TIMEOUT_MAX_MS)),
            "connectionType": "INTERNET",
            "credentialsArn": call.get("credentials", ""),
        }
        routes[route] = {
            "routeId": route,
            "routeKey": route_key(method, path, operation),
            "target": f"integrations/{integration}",
            "authorizationType": "NONE",
            "apiKeyRequired": False,
            "operationName": operation.get("operationId", ""),
        }
    apigateway._integrations[api_id], apigateway._routes[api_id] = integrations, routes
    apigateway._apis[api_id].pop("corsConfiguration", None)
    if body.get(CORS):
        apigateway._apis[api_id]["corsConfiguration"] = body[CORS]
