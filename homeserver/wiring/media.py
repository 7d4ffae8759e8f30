"""Files: where they are kept, who makes thumbnails, and the way to those of other servers."""

from __future__ import annotations

from dataclasses import dataclass

from homeserver.federation.client_media import MediaClient
from homeserver.slices.media.downloads import Downloads
from homeserver.slices.media.endpoints import DownloadEndpoints, UploadEndpoints
from homeserver.slices.media.endpoints_federation import MediaFederationEndpoints
from homeserver.slices.media.folder import FolderContents
from homeserver.slices.media.records import ThumbnailSize
from homeserver.slices.media.service import MediaFiles
from homeserver.slices.media.thumbnailing import Thumbnailing, Workers
from homeserver.wiring.federation import Federation
from homeserver.wiring.ground import Ground


@dataclass(frozen=True, slots=True)
class MediaParts:
    """What is stopped and reaped, and the endpoints."""

    files: MediaFiles
    workers: Workers
    endpoints: list[object]


def wire_media(ground: Ground, federation: Federation) -> MediaParts:
    """Make it all."""
    config = ground.config.media
    contents = FolderContents(config.path, ground.offload)
    remote = MediaClient(federation.client.calls, federation.egress, config.max_upload_bytes)
    files = MediaFiles(ground.database, contents, remote, config, ground.server_name, ground.reactor)
    workers = Workers(ground.reactor)
    sizes = [ThumbnailSize(one.width, one.height, one.method) for one in config.thumbnail_sizes]
    kept = () if config.dynamic_thumbnails else sizes
    thumbnailing = Thumbnailing(ground.database, contents, workers, kept, config.max_image_pixels)
    downloads = Downloads(files, thumbnailing, contents, requires_account=config.requires_authentication)
    return MediaParts(
        files,
        workers,
        [
            UploadEndpoints(files),
            DownloadEndpoints(downloads),
            MediaFederationEndpoints(downloads, ground.server_name),
        ],
    )
