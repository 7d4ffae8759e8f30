"""How much a user may upload: in all, and in a time."""

from __future__ import annotations

from homeserver.config.media import MediaQuota
from homeserver.database import Database, Transaction
from homeserver.protocol.errors import MatrixError
from homeserver.rooms.service import wall_clock_ms
from homeserver.slices.media import queries


class UploadQuota:
    """Checks the limits of `media_quota` and `media_upload_limits`. `info_uri`: where users read about them."""

    def __init__(self, database: Database, quota: MediaQuota, info_uri: str) -> None:
        self._database = database
        self._info_uri = quota.info_uri or info_uri
        self._limits: list[tuple[int | None, int]] = [(one.period_ms, one.most_bytes) for one in quota.upload_limits]
        if quota.user_bytes is not None:
            self._limits.append((None, quota.user_bytes))

    async def check_ahead(self, uploader: str, size_bytes: int) -> None:
        """Before any of a file is read, by its announced length; see `check`."""
        if self._limits:
            await self._database.glance(self.check, uploader, size_bytes)

    def check(self, tx: Transaction, uploader: str, size_bytes: int) -> None:
        """403 `M_USER_LIMIT_EXCEEDED` where a user may not have so many bytes more.

        https://spec.matrix.org/v1.19/client-server-api/#common-error-codes
        """
        for period_ms, most_bytes in self._limits:
            since_ms = 0 if period_ms is None else wall_clock_ms() - period_ms
            if queries.uploaded_bytes(tx, uploader, since_ms) + size_bytes > most_bytes:
                within = "" if period_ms is None else f" within {period_ms // 1000} seconds"
                message = f"You may upload {most_bytes} bytes{within}; with this file it would be more."
                raise MatrixError(403, "M_USER_LIMIT_EXCEEDED", message, info_uri=self._info_uri)
