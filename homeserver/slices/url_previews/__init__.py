"""Previews of web pages: a title, a few words and an image for a URL in a message."""
