"""The API with whatever its OpenAPI document allows, and whatever it does not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.python import asgi
from schemathesis.schemas import APIOperation

from archive.api.endpoints import ENDPOINTS
from archive.browse.plugin import open_site

EXAMPLES = 15


@pytest.fixture(scope="module")
def client(news: Path) -> Iterator[asgi.ASGIClient]:
    site = open_site(news, api_rate=0)
    with asgi.get_client(site.app()) as client:
        yield client
    site.close()


@pytest.fixture(scope="module")
def operations(client: asgi.ASGIClient) -> dict[str, APIOperation]:
    document = client.get("/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(document)
    return {
        each.ok().definition.raw["operationId"]: each.ok() for each in schema.get_all_operations()
    }


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("name", [endpoint.name for endpoint in ENDPOINTS])
def test_every_answer_is_one_of_the_documented(
    client: asgi.ASGIClient, operations: dict[str, APIOperation], name: str, mode: GenerationMode
) -> None:
    operation = operations[name]

    @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def fuzz(data: st.DataObject) -> None:
        case = data.draw(operation.as_strategy(generation_mode=mode))
        if mode is GenerationMode.POSITIVE and "as_of" in case.query:
            # No schema can state that the future is refused. A leap year has every day.
            case.query["as_of"] = f"2024{case.query['as_of'][4:]}"
        case.call_and_validate(session=client, base_url="http://localhost")

    fuzz()
