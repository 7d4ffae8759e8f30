"""Files as administrators see them. The paths and bodies are those that existing tools for administrators use.

https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from homeserver.http.query import QueryArguments
from homeserver.http.request import Request
from homeserver.http.response import Json
from homeserver.http.routing import route
from homeserver.protocol.errors import invalid_param, missing_param, not_found
from homeserver.protocol.requester import Requester
from homeserver.slices.media.moderation import MediaModeration
from homeserver.slices.media.queries_moderation import ORDERS, STATISTICS_ORDERS, Page
from homeserver.slices.media.records import Media
from homeserver.slices.media.retention import Retention

_ADMIN = "/_synapse/admin/v1"
_MOST_A_PAGE = 1_000
#: Who gives seconds in place of milliseconds would delete nothing, or everything.
_SECONDS_BELOW = 30_000_000_000
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class ModerationVerbs:
    """Of other parts. `check_admin` raises 403 `M_FORBIDDEN`; `media_in_room` 404; `pictures`: URIs of what stands for
    users and rooms; `displayname` of a user id, None where there is none."""

    check_admin: Callable[[Requester], None]
    user_exists: Callable[[str], Awaitable[bool]]
    displayname: Callable[[str], Awaitable[str | None]]
    media_in_room: Callable[[str], Awaitable[list[str]]]
    pictures: Callable[[], Awaitable[set[str]]]


class QuarantineEndpoints:
    """Putting into quarantine, and taking out."""

    def __init__(self, moderation: MediaModeration, verbs: ModerationVerbs) -> None:
        self._moderation = moderation
        self._verbs = verbs

    @route("POST", f"{_ADMIN}/media/quarantine/{{serverName}}/{{mediaId}}")
    async def quarantine(self, request: Request, requester: Requester) -> Json:
        """One file, and all that have its content."""
        self._verbs.check_admin(requester)
        path = request.parameters
        await self._moderation.quarantine([f"mxc://{path['serverName']}/{path['mediaId']}"], requester.user_id)
        return {}

    @route("POST", f"{_ADMIN}/media/unquarantine/{{serverName}}/{{mediaId}}")
    async def release(self, request: Request, requester: Requester) -> Json:
        """One file, and all that have its content."""
        self._verbs.check_admin(requester)
        path = request.parameters
        await self._moderation.release(await self._moderation.get(path["serverName"], path["mediaId"]))
        return {}

    @route("POST", (f"{_ADMIN}/room/{{roomId}}/media/quarantine", f"{_ADMIN}/quarantine_media/{{roomId}}"))
    async def quarantine_room(self, request: Request, requester: Requester) -> Json:
        """What the events of a room show."""
        self._verbs.check_admin(requester)
        uris = await self._verbs.media_in_room(request.parameters["roomId"])
        return {"num_quarantined": await self._moderation.quarantine(uris, requester.user_id)}

    @route("POST", f"{_ADMIN}/user/{{userId}}/media/quarantine")
    async def quarantine_user(self, request: Request, requester: Requester) -> Json:
        """What a local user has uploaded."""
        self._verbs.check_admin(requester)
        user_id = request.parameters["userId"]
        return {"num_quarantined": await self._moderation.quarantine_user(user_id, requester.user_id)}

    @route("POST", f"{_ADMIN}/media/quarantine_by_hash/{{sha256}}")
    async def quarantine_content(self, request: Request, requester: Requester) -> Json:
        """A content by its SHA-256 in hex, whether it is here or not (Hearth's own)."""
        self._verbs.check_admin(requester)
        return {"num_quarantined": await self._moderation.quarantine_content(_sha256(request), requester.user_id)}

    @route("POST", f"{_ADMIN}/media/unquarantine_by_hash/{{sha256}}")
    async def release_content(self, request: Request, requester: Requester) -> Json:
        """A content that is refused no more (Hearth's own)."""
        self._verbs.check_admin(requester)
        return {"num_unquarantined": await self._moderation.release_content(_sha256(request))}

    @route("POST", f"{_ADMIN}/media/protect/{{mediaId}}")
    async def protect(self, request: Request, requester: Requester) -> Json:
        """A file of this server stays where others are put into quarantine."""
        return await self._protect(request, requester, is_protected=True)

    @route("POST", f"{_ADMIN}/media/unprotect/{{mediaId}}")
    async def unprotect(self, request: Request, requester: Requester) -> Json:
        """It stays no more."""
        return await self._protect(request, requester, is_protected=False)

    async def _protect(self, request: Request, requester: Requester, *, is_protected: bool) -> Json:
        self._verbs.check_admin(requester)
        media = await self._moderation.get(self._moderation.server_name, request.parameters["mediaId"])
        await self._moderation.protect(media, is_protected=is_protected)
        return {}


class MediaAdminEndpoints:
    """Looking files up, and deleting them."""

    def __init__(self, moderation: MediaModeration, retention: Retention, verbs: ModerationVerbs) -> None:
        self._moderation = moderation
        self._retention = retention
        self._verbs = verbs

    @route("GET", f"{_ADMIN}/room/{{roomId}}/media")
    async def of_room(self, request: Request, requester: Requester) -> Json:
        """The URIs that a room's events show."""
        self._verbs.check_admin(requester)
        uris = await self._verbs.media_in_room(request.parameters["roomId"])
        own = f"mxc://{self._moderation.server_name}/"
        return {
            "local": [one for one in uris if one.startswith(own)],
            "remote": [one for one in uris if not one.startswith(own)],
        }

    @route("GET", f"{_ADMIN}/users/{{userId}}/media")
    async def of_user(self, request: Request, requester: Requester) -> Json:
        """What a local user has uploaded, newest first unless an order is given."""
        user_id = await self._local_user(request, requester)
        files, total = await self._moderation.page_of_user(user_id, _page_of_files(request.query))
        offset = request.query.integer("from", 0, 0)
        answer: dict[str, Any] = {"media": [_listed(one) for one in files], "total": total}
        if offset + len(files) < total:
            answer["next_token"] = offset + len(files)
        return answer

    @route("DELETE", f"{_ADMIN}/users/{{userId}}/media")
    async def delete_of_user(self, request: Request, requester: Requester) -> Json:
        """A page, as it is listed."""
        user_id = await self._local_user(request, requester)
        files, _ = await self._moderation.page_of_user(user_id, _page_of_files(request.query))
        return _deleted(await self._moderation.delete(files))

    @route("GET", f"{_ADMIN}/media/{{serverName}}/{{mediaId}}")
    async def file(self, request: Request, requester: Requester) -> Json:
        """What is known of a file."""
        self._verbs.check_admin(requester)
        media = await self._moderation.get(request.parameters["serverName"], request.parameters["mediaId"])
        return {
            "media_info": {
                **_listed(media),
                "media_origin": media.origin,
                "user_id": media.uploader,
                "authenticated": media.needs_account,
                "sha256": media.sha256,
            }
        }

    @route("DELETE", f"{_ADMIN}/media/{{serverName}}/{{mediaId}}")
    async def delete(self, request: Request, requester: Requester) -> Json:
        """One file, of this server or fetched from another."""
        self._verbs.check_admin(requester)
        media = await self._moderation.get(request.parameters["serverName"], request.parameters["mediaId"])
        return _deleted(await self._moderation.delete([media]))

    @route("POST", (f"{_ADMIN}/media/delete", f"{_ADMIN}/media/{{serverName}}/delete"))
    async def delete_unused(self, request: Request, requester: Requester) -> Json:
        """This server's files that nobody has asked for since a moment."""
        self._verbs.check_admin(requester)
        if request.parameters.get("serverName", self._moderation.server_name) != self._moderation.server_name:
            raise invalid_param("serverName: must be this server's.")
        before_ms = _moment(request.query)
        larger_than = request.query.integer("size_gt", 0, 0)
        keeps_pictures = request.query.boolean("keep_profiles", True)
        kept = frozenset(await self._verbs.pictures()) if keeps_pictures else frozenset[str]()
        return _deleted(await self._moderation.delete_unused(before_ms, larger_than, kept))

    @route("POST", f"{_ADMIN}/purge_media_cache")
    async def purge(self, request: Request, requester: Requester) -> Json:
        """Other servers' files that nobody has asked for since a moment; they are fetched again when asked for."""
        self._verbs.check_admin(requester)
        return {"deleted": await self._retention.forget_unused(_moment(request.query), is_local=False)}

    @route("GET", f"{_ADMIN}/statistics/users/media")
    async def statistics(self, request: Request, requester: Requester) -> Json:
        """How many files, and bytes, each user has uploaded."""
        self._verbs.check_admin(requester)
        query = request.query
        since_ms, until_ms = query.integer("from_ts", 0, 0), query.find_integer("until_ts", 0)
        if until_ms is not None and until_ms < since_ms:
            raise invalid_param("until_ts: must not be before from_ts.")
        page = _page(query, STATISTICS_ORDERS, "user_id", is_descending=False)
        rows, total = await self._moderation.statistics(page, since_ms, until_ms, query.first("search_term"))
        users = [
            {
                "user_id": user_id,
                "displayname": await self._verbs.displayname(user_id),
                "media_count": count,
                "media_length": size_bytes,
            }
            for user_id, count, size_bytes in rows
        ]
        answer: dict[str, Any] = {"users": users, "total": total}
        if page.offset + len(users) < total:
            answer["next_token"] = page.offset + len(users)
        return answer

    async def _local_user(self, request: Request, requester: Requester) -> str:
        self._verbs.check_admin(requester)
        user_id = request.parameters["userId"]
        if not user_id.endswith(f":{self._moderation.server_name}"):
            raise invalid_param("userId: must be a user of this server.")
        if not await self._verbs.user_exists(user_id):
            raise not_found("There is no such user.")
        return user_id


def _page_of_files(query: QueryArguments) -> Page:
    is_newest_first = "order_by" not in query and "dir" not in query
    return _page(query, ORDERS, "created_ts", is_descending=is_newest_first)


def _page(query: QueryArguments, orders: dict[str, str], order: str, *, is_descending: bool) -> Page:
    return Page(
        query.integer("from", 0, 0),
        query.integer("limit", 100, 0, _MOST_A_PAGE),
        query.choice("order_by", tuple(orders), order),
        query.choice("dir", ("f", "b"), "b" if is_descending else "f") == "b",
    )


def _moment(query: QueryArguments) -> int:
    before_ms = query.find_integer("before_ts", 0)
    if before_ms is None:
        raise missing_param("before_ts: is missing.")
    if before_ms < _SECONDS_BELOW:
        raise invalid_param("before_ts: must be a time in milliseconds since 1970; this one looks like seconds.")
    return before_ms


def _sha256(request: Request) -> str:
    text = request.parameters["sha256"].lower()
    if _SHA256.match(text) is None:
        raise invalid_param("sha256: must be 64 hexadecimal digits.")
    return text


def _deleted(media_ids: list[str]) -> Json:
    return {"deleted_media": media_ids, "total": len(media_ids)}


def _listed(media: Media) -> dict[str, Any]:
    return {
        "media_id": media.media_id,
        "media_type": media.content_type,
        "media_length": media.size_bytes,
        "upload_name": media.file_name,
        "created_ts": media.created_ts,
        "last_access_ts": media.used_ts,
        "quarantined_by": media.quarantined_by,
        "safe_from_quarantine": media.is_protected,
    }
