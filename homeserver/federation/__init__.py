"""Talking to other homeservers: finding them, signing and checking requests, their keys, and the calls themselves."""
