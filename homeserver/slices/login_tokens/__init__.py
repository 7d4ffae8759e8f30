"""Tokens with which another client logs in, once."""
