"""Generate the OpenAPI document of the API from the models of its parameters and answers."""

from functools import cache
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from archive.api.endpoints import ENDPOINTS, Endpoint
from archive.api.problems import PROBLEM_TYPE, ProblemDetails

#: Path below which the API is served.
BASE = "/api/v1"

_SCHEMAS = "#/components/schemas/{model}"
_JSON = "application/json"
_PROBLEMS = {
    "400": "A parameter is wrong.",
    "404": "The archive does not have it, or did not have it at the time `as_of`.",
    "429": "Too many requests; the header Retry-After has the seconds to wait.",
    "503": "The archive cannot be read now, or the question takes too long.",
}


@cache
def openapi(version: str) -> dict[str, Any]:
    """Return the document, OpenAPI 3.1.

    :param version: of finews.
    """
    models = [(endpoint.answer, "serialization") for endpoint in ENDPOINTS]
    _, schemas = models_json_schema(
        [*models, (ProblemDetails, "serialization")],  # type: ignore[list-item]
        ref_template=_SCHEMAS,
    )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "finews",
            "version": version,
            "description": "Search and read an archive of Chinese financial news.",
        },
        "paths": {
            f"{BASE}{endpoint.path}": {"get": _operation(endpoint)} for endpoint in ENDPOINTS
        },
        "components": {"schemas": schemas["$defs"]},
    }


def _operation(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": list(parameters_of(endpoint)),
        "responses": {
            "200": {
                "description": "The answer.",
                "headers": {"ETag": {"schema": {"type": "string"}}},
                "content": _content(_JSON, endpoint.answer),
            },
            "304": {"description": "The answer is the one with the ETag in If-None-Match."},
            **{
                status: {"description": text, "content": _content(PROBLEM_TYPE, ProblemDetails)}
                for status, text in _PROBLEMS.items()
            },
        },
    }


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _SCHEMAS.format(model=model.__name__)}}}


def parameters_of(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the parameters of an endpoint as OpenAPI has them."""
    schema = endpoint.parameters.model_json_schema(ref_template=_SCHEMAS)
    required = schema.get("required", ())
    return [
        {
            "name": name,
            "in": "path" if f"{{{name}}}" in endpoint.path else "query",
            "required": name in required,
            "description": field.get("description", ""),
            "schema": _schema(field),
        }
        for name, field in schema["properties"].items()
    ]


def _schema(field: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a parameter; one that may be null is left out of an address instead."""
    alternatives = field.get("anyOf", [field])
    (schema,) = (each for each in alternatives if each.get("type") != "null")
    return {key: schema[key] for key in schema if key not in ("description", "title")}
