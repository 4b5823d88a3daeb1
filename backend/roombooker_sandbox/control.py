"""`/control`: turns the switches, breaks things on purpose, moves the clock, and shows what was called."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from flask import Blueprint, Response, jsonify, request
from marshmallow import Schema, ValidationError
from werkzeug.exceptions import BadRequest

from roombooker_sandbox.control_schemas import ClockSchema, ExpireSchema, FaultSchema, ResetSchema, RightsSchema, SwitchesSchema
from roombooker_sandbox.rights import remove_rights, restore_rights, unknown_rights, usual_rights
from roombooker_sandbox.seed import seed_again
from roombooker_sandbox.switches import Fault, Switches
from roombooker_sandbox.world import World


def blueprint(world: World) -> Blueprint:
    part = Blueprint("control", __name__)

    @part.errorhandler(ValidationError)
    def refuse(error: ValidationError) -> tuple[Response, int]:
        wrong: dict[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
        return jsonify({"code": "invalid_input", "message": f"Not accepted: {', '.join(_names(wrong))}.", "errors": wrong}), 400

    @part.get("")
    def show() -> Response:
        return jsonify(_state(world))

    @part.patch("")
    def turn() -> Response:
        _turn(world.switches, _body(SwitchesSchema()))
        return jsonify(_state(world))

    @part.post("/fail")
    def fail() -> Response:
        with world.lock:
            world.faults.append(Fault(**_body(FaultSchema())))
        return jsonify(_state(world))

    @part.delete("/fail")
    def fail_no_more() -> Response:
        with world.lock:
            world.faults.clear()
        return jsonify(_state(world))

    @part.post("/expire")
    def expire() -> Response:
        what = _body(ExpireSchema())["what"]
        if what == "password":
            world.password_expired = True
        world.fire(f"expire {what}")
        return jsonify({"expired": what})

    @part.post("/rights")
    def rights() -> Response:
        asked = _body(RightsSchema())
        if unknown := unknown_rights(world, asked["remove"] + asked["restore"]):
            raise ValidationError({name: ["Unknown right."] for name in unknown})
        remove_rights(world, asked["remove"])
        restore_rights(world, asked["restore"])
        world.fire("rights")
        return jsonify({"removed": sorted(world.removed_rights)})

    @part.post("/clock")
    def clock() -> Response:
        world.clock.advance(timedelta(seconds=_body(ClockSchema())["advance_s"]))
        world.fire("clock")
        return jsonify(_clock(world))

    @part.get("/idle")
    def idle() -> Response:
        return jsonify({"pending": world.scheduler.pending})

    @part.post("/reset")
    def reset() -> Response:
        asked = _body(ResetSchema())
        _turn(world.switches, Switches().as_json())
        with world.lock:
            world.faults.clear()
            world.counters.clear()
            world.peaks.clear()
        usual_rights(world)
        world.password_expired = False
        world.clock.reset()
        world.fire("reset")
        if asked["data"]:
            seed_again(world)
        return jsonify(_state(world))

    return part


def _body(schema: Schema) -> dict[str, Any]:
    """The request's JSON object, checked; an empty body is an empty object. Raises ValidationError."""
    try:
        body = request.get_json(force=True) if request.get_data() else {}
    except BadRequest as error:
        raise ValidationError({"body": ["Not JSON."]}) from error
    loaded: dict[str, Any] = schema.load(body)
    return loaded


def _names(wrong: dict[str, Any]) -> list[str]:
    """ "notices.drop" for what is wrong inside."""
    return [
        f"{name}.{inner}" if inner else str(name) for name, text in wrong.items() for inner in (text if isinstance(text, dict) else [""])
    ]


def _turn(switches: Switches, asked: dict[str, Any]) -> None:
    for name, value in asked.items():
        if name == "notices":
            for inner, share in value.items():
                setattr(switches.notices, inner, share)
        else:
            setattr(switches, name, value)


def _clock(world: World) -> dict[str, Any]:
    return {
        "now": world.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "advanced_s": world.clock.offset.total_seconds(),
    }


def _state(world: World) -> dict[str, Any]:
    with world.lock:
        faults, counters = [asdict(fault) for fault in world.faults], dict(sorted(world.counters.items()))
        peaks = dict(sorted(world.peaks.items()))
    return world.switches.as_json() | {
        "password_expired": world.password_expired, "removed_rights": sorted(world.removed_rights), "clock": _clock(world),
        "faults": faults, "counters": counters, "peaks": peaks, "pending": world.scheduler.pending,
    }  # fmt: skip
