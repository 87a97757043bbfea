"""The service describes itself: completely for programs, and as a page that loads nothing from elsewhere."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from nosology.serve.http.keys import KeyFile
from nosology.serve.openapi import kind
from service_world import client_of, open_service, write_served_run

METHODS = {"get", "post", "delete", "put"}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    folder = tmp_path_factory.mktemp("openapi")
    with client_of(open_service(write_served_run(folder), folder / "state")[0]) as client:
        yield client


@pytest.fixture(scope="module")
def page(client: Any) -> Any:
    answer = client.get("/openapi.json")
    assert answer.status_code == 200, "warnings are errors: two routes of one name, for one"
    return answer.json()


@pytest.fixture(scope="module")
def operations(page: Any) -> list[tuple[str, Any]]:
    found = [(f"{method} {path}", item) for path, methods in page["paths"].items() for method, item in methods.items()]
    assert len(found) > 15
    return found


def test_operations_have_short_names_tags_and_summaries(operations: list[tuple[str, Any]], page: Any) -> None:
    names = [operation["operationId"] for _, operation in operations]
    assert len(set(names)) == len(names)
    assert {"classify", "suggest", "upload_table", "decide", "describe_run"} <= set(names)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", name) for name in names)
    told = {tag["name"] for tag in page["tags"] if tag["description"]}
    for where, operation in operations:
        assert set(operation["tags"]) <= told, where
        assert operation["summary"].endswith("."), where


def test_every_field_and_parameter_is_described(operations: list[tuple[str, Any]], page: Any) -> None:
    silent = [
        f"{name}.{field}"
        for name, schema in page["components"]["schemas"].items()
        for field, described in schema.get("properties", {}).items()
        if not described.get("description")
    ]
    silent += [
        f"{where} {parameter['name']}"
        for where, operation in operations
        for parameter in operation.get("parameters", ())
        if not parameter.get("description")
    ]
    silent += [name for name, schema in page["components"]["schemas"].items() if not schema.get("description")]
    assert not silent


def test_every_answer_says_what_it_means(operations: list[tuple[str, Any]]) -> None:
    for where, operation in operations:
        for status, answer in operation["responses"].items():
            assert answer["description"] not in ("", "Successful Response"), (where, status)


def examples_of(schema: Any, schemas: Any) -> bool:
    """Return whether a schema, or each field that a value of it must have, has an example."""
    if "$ref" in schema:
        return examples_of(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    if "example" in schema or "examples" in schema or "default" in schema or {"enum", "const"} & set(schema):
        return True
    if schema.get("type") == "array":
        return examples_of(schema["items"], schemas)
    if "properties" in schema:
        return all(examples_of(schema["properties"][name], schemas) for name in schema.get("required", ()))
    return False


def test_every_body_that_is_taken_has_an_example(operations: list[tuple[str, Any]], page: Any) -> None:
    schemas = page["components"]["schemas"]
    for where, operation in operations:
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            is_binary = content["schema"].get("format") == "binary"
            assert is_binary or "example" in content or examples_of(content["schema"], schemas), (where, media_type)


def test_examples_fit_their_schemas(page: Any) -> None:
    schemas = page["components"]["schemas"]
    whole = {name: schema["example"] for name, schema in schemas.items() if "example" in schema}
    assert {"ClassifyIn", "ClassifyOut", "SuggestOut"} <= set(whole)
    for name, example in whole.items():
        jsonschema.validate(example, {"$ref": f"#/components/schemas/{name}", "components": page["components"]})
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            for example in field.get("examples", ()):
                jsonschema.validate(example, field | {"components": page["components"]})


def test_a_service_without_keys_names_the_schemes_and_asks_for_none(page: Any) -> None:
    assert set(page["components"]["securitySchemes"]) == {"key", "cookie"}
    assert "security" not in page


def test_a_service_with_keys_asks_for_one_wherever_it_does(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys.json")
    key = keys.create("ward-3")
    service, _ = open_service(write_served_run(tmp_path), tmp_path / "state")
    with client_of(service, keys=keys) as client:
        assert client.get("/docs").status_code == 401
        headers = {"Authorization": f"Bearer {key}"}
        page = client.get("/openapi.json", headers=headers).json()
        assert page["security"] == [{"key": []}, {"cookie": []}]
        assert page["paths"]["/livez"]["get"]["security"] == []
        assert "security" not in page["paths"]["/v1/classify"]["post"]
        assert "Authorization: Bearer KEY" in client.get("/docs", headers=headers).text


def test_the_page_for_people_shows_every_operation_and_value_and_loads_nothing_from_elsewhere(
    client: Any, operations: list[tuple[str, Any]], page: Any
) -> None:
    answer = client.get("/docs")
    assert answer.status_code == 200
    assert "script" not in answer.text
    for _, operation in operations:
        assert f'id="{operation["operationId"]}"' in answer.text
    for name in page["components"]["schemas"]:
        assert f'<details id="{name}">' in answer.text
    loaded = re.findall(r'<(?:link|img)[^>]*(?:href|src)="([^"]*)"', answer.text)
    assert loaded == ["/page/docs.css", "/page/icon.svg"]
    assert all(client.get(path).status_code == 200 for path in loaded)
    assert "url(" not in client.get("/page/docs.css").text


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"$ref": "#/components/schemas/NoteIn"}, "NoteIn"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "whole number or null"),
        ({"enum": [9, 10]}, "9 or 10"),
        ({"const": "about"}, "about"),
        ({"type": "boolean"}, "true or false"),
        ({}, "any"),
    ],
)
def test_a_value_is_told_in_words(schema: dict[str, Any], words: str) -> None:
    assert kind(schema) == words
