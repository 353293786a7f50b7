"""Secrets that could be keys and look like something else: what copying, shells and files of variables do to them.

Only tells: such a secret is used as it is, since a sender might have made it so. Nothing here shows any of it.
"""

import re

from bridge.providers.recipe import Recipe
from bridge.secret import Secret

_HEX = re.compile(r"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\}|\([^()]*\))")
_QUOTES = ("'", '"', "`")


def looks_like(recipe: Recipe, secret: Secret) -> str:
    """What a secret seems to be instead of one, with what to do; "" where it may be one."""
    text = secret.reveal().strip()
    bare = text.removeprefix(recipe.key_prefix)
    if recipe.key == "utf8" and text[1:] and text[0] == text[-1] in _QUOTES:
        return "is in quotation marks, which count as part of it: remove them"
    if _VARIABLE.fullmatch(text):
        return "is the name of a variable instead of its value: set the value"
    if recipe.by_public_key or recipe.scheme == "basic":
        return ""
    if recipe.key == "base64" and _HEX.fullmatch(bare):
        return "looks like hex, but is read as base64: write it in base64, or `key: hex` in verify"
    if text.startswith("-----BEGIN "):
        return "is a key or certificate in PEM, which this scheme does not use: give the shared secret"
    if text.startswith("{") and '"kty"' in text:
        return "is a JSON Web Key, which this scheme does not use: give the key that it holds"
    return ""
