"""Stamped and Command ⇄ one JSON line. The only module of ``wire`` that uses pydantic."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field, TypeAdapter

from fastchat_tui.wire.commands import Command
from fastchat_tui.wire.events import Event, Stamped


@cache
def _stamped() -> TypeAdapter[Stamped]:
    return TypeAdapter(Stamped)


@cache
def _command() -> TypeAdapter[Command]:
    return TypeAdapter(Annotated[Command, Field(discriminator="kind")])


@cache
def _event() -> TypeAdapter[Event]:
    return TypeAdapter(Annotated[Event, Field(discriminator="kind")])


def encode(stamped: Stamped) -> bytes:
    return _stamped().dump_json(stamped)


def decode(line: bytes | str) -> Stamped:
    """Raises pydantic.ValidationError (a ValueError) when the line is no stamped event."""
    return _stamped().validate_json(line)


def encode_event(event: Event) -> bytes:
    return _event().dump_json(event)


def decode_event(line: bytes | str) -> Event:
    return _event().validate_json(line)


def encode_command(command: Command) -> bytes:
    return _command().dump_json(command)


def decode_command(line: bytes | str) -> Command:
    return _command().validate_json(line)
