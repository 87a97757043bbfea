"""The service's description of itself: what the routes cannot say, and the same as a page for people.

The page is made on the server from ``/openapi.json``. It runs no script and loads one style sheet of the service's own:
the usual viewers fetch themselves from other sites.
"""

import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, StrictUndefined

from nosology.serve.http.guards import OPEN_PATHS
from nosology.serve.http.sessions import COOKIE
from nosology.serve.schemas import Problem

TAGS = [
    {"name": "reading", "description": "Notes in, categories and diagnoses to consider out."},
    {"name": "feedback", "description": "What people decided on predictions."},
    {"name": "batch", "description": "A table in, progress, the table with predictions out."},
    {"name": "CDS Hooks", "description": "Cards for a hospital's own system, as CDS Hooks 2.0 has them."},
    {"name": "service", "description": "The run, whether the service is well, who is asking."},
]
_KEYS = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API key, as `nosology keys create` printed it.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "What POST /v1/session gives for a key; the service's own page uses it.",
    },
}
_DONE = {
    "200": "As asked for.",
    "201": "Stored.",
    "202": "Taken; it is read in the background.",
    "204": "Done; nothing more to say.",
}
_REF = "#/components/schemas/"


def operation_id(route: APIRoute) -> str:
    """Return what clients call a route: the name of its function, such as ``classify``."""
    return route.name


def describe(app: FastAPI, *, needs_key: bool) -> None:
    """Put into the description what the routes cannot say: the error answer, and how to present a key.

    Args:
        app: With all its routes.
        needs_key: Whether this service asks for keys.
    """
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            page = original()
            page["tags"] = TAGS
            components = page.setdefault("components", {})
            components["securitySchemes"] = _KEYS
            _add_problem(components.setdefault("schemas", {}))
            if needs_key:
                page["security"] = [{name: []} for name in _KEYS]
            for path, operation in _operations(page):
                if path in OPEN_PATHS:
                    operation["security"] = []
                for status, answer in operation["responses"].items():
                    if status in _DONE:
                        answer["description"] = _DONE[status]
        return app.openapi_schema or {}

    app.openapi = openapi  # type: ignore[method-assign]


def _add_problem(schemas: dict[str, Any]) -> None:
    """Put the one error answer in the place of FastAPI's own."""
    described = Problem.model_json_schema(ref_template=_REF + "{model}")
    schemas |= described.pop("$defs", {})
    schemas["Problem"] = described
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)


def _operations(page: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in page["paths"].items():
        for operation in methods.values():
            yield path, operation


def page_route(app: FastAPI) -> APIRouter:
    """Return the route of the page for people, at ``/docs``."""
    router = APIRouter(include_in_schema=False)

    @router.get("/docs")
    async def docs() -> HTMLResponse:
        return HTMLResponse(_rendered(json.dumps(app.openapi(), sort_keys=False)))

    return router


@cache
def _rendered(description: str) -> str:
    """Return a description as HTML."""
    page = json.loads(description)
    groups = [
        {
            **tag,
            "operations": [
                {"path": path, "method": method.upper(), **operation}
                for path, methods in page["paths"].items()
                for method, operation in methods.items()
                if tag["name"] in operation.get("tags", ())
            ],
        }
        for tag in page["tags"]
    ]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"kind": kind, "as_json": lambda value: json.dumps(value, indent=2, ensure_ascii=False)}
    template = resources.files("nosology.serve").joinpath("templates", "docs.html.jinja").read_text(encoding="utf-8")
    schemas = page["components"]["schemas"]
    return environment.from_string(template).render(page=page, groups=groups, schemas=schemas)


def kind(schema: dict[str, Any]) -> str:
    """Return what a value is, in words: ``list of PredictionOut``, ``text or null``."""
    if "$ref" in schema:
        return str(schema["$ref"]).removeprefix(_REF)
    if "anyOf" in schema:
        return " or ".join(kind(item) for item in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(str(value) for value in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    words = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "object", None: "any"}
    return words.get(schema.get("type"), str(schema.get("type")))
