"""The routes of the API as a function can ask for them: which methods a path has, and whose words it is answered in."""

import json
from collections.abc import Mapping
from pathlib import Path

from switchyard.domain.structs import Struct

#: Whose words a path is answered in that belongs to no surface.
SERVICE = "service"


class Route(Struct):
    """One route: its key, the logical id of the function behind it, and its path cut at the slashes."""

    key: str
    function: str
    surface: str
    method: str
    segments: tuple[str, ...]

    @classmethod
    def of(cls, key: str, function: str, surface: str) -> "Route":
        method, _, path = key.partition(" ")
        return cls(key, function, surface, method, tuple(path.split("/")))

    def matches(self, segments: list[str]) -> bool:
        """Return whether the route takes a path; a parameter takes one segment that is not empty."""
        return len(segments) == len(self.segments) and self.shared(segments) == len(segments)

    def shared(self, segments: list[str]) -> int:
        """Return how many segments at the head of a path are the route's own."""
        count = 0
        for own, given in zip(self.segments, segments, strict=False):
            if own != given and not (own.startswith("{") and given):
                break
            count += 1
        return count

    def parameters(self, segments: list[str]) -> dict[str, str]:
        """Return the path parameters, as API Gateway passes them on: it has decoded the path already."""
        return {own[1:-1]: given for own, given in zip(self.segments, segments, strict=True) if own.startswith("{")}


class RouteTable:
    """All routes of the API but its $default."""

    def __init__(self, routes: list[Route]) -> None:
        self.routes = routes

    @classmethod
    def read(cls, path: Path) -> "RouteTable":
        """Read the file that `make openapi` writes: surface -> route key -> logical id of the function."""
        surfaces: Mapping[str, Mapping[str, str]] = json.loads(path.read_text(encoding="utf-8"))
        return cls([Route.of(key, function, name) for name, keys in surfaces.items() for key, function in keys.items()])

    def matching(self, path: str) -> dict[str, Route]:
        """Return the route of a path for each of its methods. Literal segments win over parameters, from the left.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
        """
        segments = path.split("/")
        found = [route for route in self.routes if route.matches(segments)]
        found.sort(key=lambda route: [own.startswith("{") for own in route.segments], reverse=True)
        return {route.method: route for route in found}

    def surface_of(self, path: str) -> str:
        """Return the surface that a path belongs to: the one that shares most of its head, when it is one alone."""
        segments = path.split("/")
        depths: dict[str, int] = {}
        for route in self.routes:
            depths[route.surface] = max(depths.get(route.surface, 0), route.shared(segments))
        deepest = max(depths.values(), default=0)
        nearest = [name for name, depth in depths.items() if depth == deepest]
        return nearest[0] if len(nearest) == 1 else SERVICE
