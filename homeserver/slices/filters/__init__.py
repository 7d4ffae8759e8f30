"""Filters that clients keep on the server and name in `/sync`."""
