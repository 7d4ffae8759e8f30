"""Credentials of a TURN server, for calls between clients."""
