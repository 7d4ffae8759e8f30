"""`/sync` and sliding sync: composed from what rooms and slices say has changed since a token."""
