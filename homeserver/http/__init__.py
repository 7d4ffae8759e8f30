"""The HTTP/1.1 server: connections, routing, access, limits, JSON in and out."""
