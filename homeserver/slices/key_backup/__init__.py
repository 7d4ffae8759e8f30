"""Backups of the keys of encrypted rooms, which only their owners can read."""
