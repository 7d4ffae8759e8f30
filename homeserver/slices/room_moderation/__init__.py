"""What administrators do with rooms: block them, and close them to the users of this server."""
