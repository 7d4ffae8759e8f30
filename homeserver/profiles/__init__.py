"""Profiles of local users: display name, avatar and further fields; those of others by asking their servers."""
