"""Answers that hold a whole room, read as they come.

https://spec.matrix.org/v1.19/server-server-api/#put_matrixfederationv2send_joinroomideventid
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from homeserver.federation.calls import Call, Calls, error_object
from homeserver.federation.errors import BadAnswer, HttpAnswer, Unreachable
from homeserver.http.egress_errors import BodyTooLarge, EgressError
from homeserver.protocol.json_stream import JsonLists

Element = tuple[str, str]
"""(name of the list, text of the element)."""


class Sink(Protocol):
    """Takes what comes."""

    async def take(self, elements: Sequence[Element], /) -> None:
        """Elements of the lists, in the order in which they came."""


async def stream_lists(calls: Calls, destination: str, call: Call, names: frozenset[str], sink: Sink) -> dict[str, Any]:
    """Hand the elements of an answer's lists to a sink; the other members of the answer. Raises `FederationError`."""
    stream = await calls.stream(destination, call)
    try:
        if not 200 <= stream.status < 300:
            raise HttpAnswer(destination, stream.status, error_object(await stream.read()))
        lists = JsonLists(names)
        async for chunk in stream:
            await sink.take(lists.feed(chunk))
        lists.close()
    except BodyTooLarge as error:
        raise BadAnswer(destination, str(error)) from None
    except EgressError as error:
        raise Unreachable(destination, str(error)) from None
    except ValueError as error:
        raise BadAnswer(destination, f"its answer is wrong: {error}") from None
    finally:
        stream.abort()
    return lists.rest
