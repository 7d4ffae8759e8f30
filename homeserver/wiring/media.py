"""Files: where they are kept, who makes thumbnails, and the way to those of other servers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from homeserver.accounts.kernel import AccountParts
from homeserver.federation.client_media import MediaClient
from homeserver.processes import WorkerProcesses
from homeserver.rooms.mentioned_media import MentionedMedia
from homeserver.slices.media.bucket import BucketContents
from homeserver.slices.media.contents import Contents
from homeserver.slices.media.downloads import Downloads
from homeserver.slices.media.endpoints import DownloadEndpoints, UploadEndpoints
from homeserver.slices.media.endpoints_federation import MediaFederationEndpoints
from homeserver.slices.media.endpoints_moderation import MediaAdminEndpoints, ModerationVerbs, QuarantineEndpoints
from homeserver.slices.media.folder import FolderContents
from homeserver.slices.media.keeping import Keeping
from homeserver.slices.media.moderation import MediaModeration
from homeserver.slices.media.preview_images import PreviewImages
from homeserver.slices.media.quotas import UploadQuota
from homeserver.slices.media.retention import Retention
from homeserver.slices.media.service import MediaFiles, MediaSettings
from homeserver.slices.media.staging import StagingFolder
from homeserver.slices.media.thumbnailing import Thumbnailing
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground
from homeserver.wiring.url_previews import PreviewParts, wire_url_previews

FindProfile = Callable[[str], Awaitable[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class MediaParts:
    """What is begun, stopped and reaped, and the endpoints."""

    keeping: Keeping
    retention: Retention
    processes: WorkerProcesses
    previews: PreviewParts | None
    contents: Contents
    endpoints: list[object]


def wire_media(ground: Ground, federation: Federation, accounts: AccountParts, find_profile: FindProfile) -> MediaParts:
    """Make it all."""
    config, database = ground.config.media, ground.database
    contents = _contents(ground)
    keeping = Keeping(database, contents, ground.reactor)
    remote = MediaClient(federation.client.calls, federation.egress, config.max_upload_bytes)
    quota = UploadQuota(database, config.quota, ground.config.server.public_baseurl)
    files = MediaFiles(database, keeping, remote, quota, MediaSettings(config, ground.server_name), ground.reactor)
    processes = WorkerProcesses(ground.reactor)
    thumbnailing = Thumbnailing(database, contents, keeping, processes, config)
    if config.thumbnails_in_advance:
        files.on_uploaded.append(lambda media: ground.background.spawn(thumbnailing.make_all(media)))
    downloads = Downloads(files, thumbnailing, contents)
    retention = Retention(database, keeping, config, ground.server_name)
    previews = wire_url_previews(ground, PreviewImages(files, keeping, thumbnailing).keep, processes)
    return MediaParts(
        keeping,
        retention,
        processes,
        previews,
        contents,
        [
            *(previews.endpoints if previews is not None else ()),
            UploadEndpoints(files),
            DownloadEndpoints(downloads),
            MediaFederationEndpoints(downloads, ground.server_name),
            *_moderation(ground, _verbs(ground, accounts, find_profile), keeping, retention),
        ],
    )


def _moderation(ground: Ground, verbs: ModerationVerbs, keeping: Keeping, retention: Retention) -> list[object]:
    moderation = MediaModeration(ground.database, keeping, ground.server_name)
    return [QuarantineEndpoints(moderation, verbs), MediaAdminEndpoints(moderation, retention, verbs)]


def _verbs(ground: Ground, accounts: AccountParts, find_profile: FindProfile) -> ModerationVerbs:
    mentioned = MentionedMedia(ground.database, ground.rooms, ground.parts.loader)

    async def displayname(user_id: str) -> str | None:
        return (await find_profile(user_id)).get("displayname")

    return ModerationVerbs(
        accounts.accounts.check_admin,
        accounts.accounts.user_exists,
        displayname,
        mentioned.in_room,
        mentioned.of_profiles_and_rooms,
    )


def _contents(ground: Ground) -> Contents:
    config = ground.config.media
    if config.object_storage is None:
        return FolderContents(config.path, ground.offload)
    staging = StagingFolder(config.path / "tmp", ground.offload)
    return BucketContents(config.object_storage, staging, ground.reactor)
