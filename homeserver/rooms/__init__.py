"""Rooms: their events, state and members. The one way in for every event, from whichever side it comes."""
