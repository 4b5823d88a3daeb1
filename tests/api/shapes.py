"""Holds an answer to its schema, strictly: every member is described, and every described rule holds."""

from typing import Any

from marshmallow import Schema, fields


def assert_shape(schema: Schema, body: Any, path: str = "$") -> None:
    """AssertionError where a member is missing, of the wrong kind, or not described at all."""
    assert isinstance(body, dict), f"{path} is not an object"
    stray = set(body) - {f.data_key or name for name, f in schema.fields.items()}
    assert not stray, f"{path} has members that no schema describes: {sorted(stray)}"
    assert not (wrong := schema.validate(body)), f"{path}: {wrong}"
    for name, described in schema.fields.items():
        _inside(described, body.get(described.data_key or name), f"{path}.{name}")


def _inside(described: fields.Field[Any], value: Any, path: str) -> None:
    if value is None:
        return
    if isinstance(described, fields.Nested):
        assert_shape(described.schema, value, path)
    elif isinstance(described, fields.List):
        for number, one in enumerate(value):
            _inside(described.inner, one, f"{path}[{number}]")
