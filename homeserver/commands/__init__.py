"""Commands: what stands around the running server."""
