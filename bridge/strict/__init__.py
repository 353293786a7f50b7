"""The strict readers that every room shares: JSON with exact numbers, paths into it, YAML with places, HTTP.

They take text or bytes and give values. They never guess, never coerce, never touch a file or a socket.
"""
