"""How the path of a refused request is written down: short, in ASCII, without what may be a secret in it.

A mistyped URL shall be found, and a token may stand in one. So what is known is kept, and a word in the first place or
in that of a source's name; the rest is left out.
"""

import re
from collections.abc import Container
from urllib.parse import quote

LONGEST = 120  # characters
HIDDEN = "…"

_ADDRESS = re.compile(r"/hooks/([^/]+)(?:/[^/]+)?")
_HOOKS = "hooks"
# A word of a URL, such as `webhooks` or `mercado-pago2`. A token is longer, or has more digits.
_WORD = re.compile(
    r"(?=.{1,24}\Z)(?:[A-Za-z_.~-]|%[0-9A-F]{2})*(?:[0-9]{1,4}[A-Za-z_.~-]*)?"
)


def name_in(path: str) -> str | None:
    """The name in /hooks/<name> or /hooks/<name>/<token>; None for every other path."""
    match = _ADDRESS.fullmatch(path)
    return match[1] if match else None


def shown(path: str, sources: Container[str]) -> str:
    """A path as lists and logs show it: `/hooks/flow/…`. WSGI gives one as the text of its bytes in Latin-1."""
    raw = path.encode("latin-1", "replace")[:1_000]
    before, parts = "", list[str]()
    for place, part in enumerate(quote(raw, safe="/").split("/")[1:]):
        is_word = place == 0 or (place == 1 and before == _HOOKS)
        known = part.lower() in sources or part.lower() == _HOOKS or part in sources
        fits = known or (is_word and _WORD.fullmatch(part)) or not part
        parts.append(part if fits else HIDDEN)
        before = part.lower()
    text = "/" + "/".join(parts)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + HIDDEN
