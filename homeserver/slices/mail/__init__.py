"""Mail that this server sends."""
