"""What /control accepts; anything else is refused with its name."""

import re
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates

from roombooker_sandbox.faults import MOUNTS


def _one_of(*choices: str) -> fields.String:
    return fields.String(validate=validate.OneOf(choices))


def _boolean(**more: Any) -> fields.Boolean:
    return fields.Boolean(truthy={True}, falsy={False}, **more)


def _whole(low: int, high: int, **more: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(low, high), **more)


class _Strict(Schema):
    class Meta:
        unknown = RAISE


class NoticesSchema(_Strict):
    drop = fields.Float(validate=validate.Range(0, 1))
    double = fields.Float(validate=validate.Range(0, 1))
    reorder = fields.Float(validate=validate.Range(0, 1))
    delay_ms = _whole(0, 600_000)


class SwitchesSchema(_Strict):
    conflict_mode = _one_of("reject", "flag", "silent")
    date_style = _one_of("Z", ".000Z", ".000+0000")
    nulls = _one_of("omit", "null", "empty")
    blocks_may_overlap = _boolean()
    default_cancel_reason = _boolean()
    persons_versions = _one_of("both", "v1", "v2")
    unauthorized_style = _one_of("html", "json")
    unknown_parameter = _one_of("ignore", "400")
    latency_ms = _whole(0, 600_000)
    maintenance = _boolean()
    remove_canceled_meetings = _boolean()
    room_answer_ms = _whole(0, 600_000)
    notices = fields.Nested(NoticesSchema)


class FaultSchema(_Strict):
    side = fields.String(required=True, validate=validate.OneOf(tuple(MOUNTS)))
    method = fields.String(allow_none=True, validate=validate.OneOf(("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")))
    path = fields.String(allow_none=True)
    nth = _whole(1, 1_000_000)
    when = _one_of("before", "after")
    status = fields.Integer(strict=True)
    times = _whole(1, 1_000_000_000)
    delay_ms = _whole(0, 600_000)
    retry_after_s = _whole(0, 86_400, allow_none=True)

    @validates("path")
    def path_is_an_expression(self, value: str | None, data_key: str) -> None:
        del data_key
        try:
            re.compile(value or "")
        except re.error as error:
            raise ValidationError(f"Not a regular expression: {error}.") from error

    @validates("status")
    def status_is_sendable(self, value: int, data_key: str) -> None:
        del data_key
        if value != 0 and not 400 <= value <= 599:
            raise ValidationError("400 to 599, or 0 for a connection that is closed without an answer.")


class ExpireSchema(_Strict):
    what = fields.String(required=True, validate=validate.OneOf(("delta", "subscriptions", "password", "keys")))


class RightsSchema(_Strict):
    remove = fields.List(fields.String(), load_default=[])
    restore = fields.List(fields.String(), load_default=[])


class ClockSchema(_Strict):
    advance_s = fields.Float(required=True, validate=validate.Range(0, 10 * 366 * 86_400))


class ResetSchema(_Strict):
    data = _boolean(load_default=False)
