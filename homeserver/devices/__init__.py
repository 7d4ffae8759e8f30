"""Devices of local users: names, when they were last seen, and their removal."""
