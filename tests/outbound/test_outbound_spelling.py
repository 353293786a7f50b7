"""A credential that comes back in another spelling is masked, whatever was laid around it and however often."""

import base64
import gzip
import html
import json
import time
import zlib
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bridge.model import Reply
from bridge.outbound import masking
from bridge.outbound.masking import masked

KEY = "sk/live+AbCdEf/0123456789=="


def shown(body, *secrets):
    reply = Reply(status=422, headers={}, body=body, elapsed=0.1)
    return masked(reply, secrets or [KEY]).body


def each(text, form):
    return "".join(form(char) for char in text)


def php(text):
    return json.dumps(text)[1:-1].replace("/", "\\/")


def wrapped(text):
    return "\r\n".join(text[at : at + 12] for at in range(0, len(text), 12))


# Each takes text and gives text, so that one can be laid upon another.
SPELLINGS = {
    "json": lambda text: json.dumps(text)[1:-1],
    "php": php,
    "unicode escapes": lambda text: each(text, lambda c: f"\\u{ord(c):04x}"),
    "some unicode escapes": lambda text: text.replace("/", "\\u002F").replace("+", "\\u002b"),
    "hex escapes": lambda text: each(text, lambda c: f"\\x{ord(c):02x}"),
    "octal escapes": lambda text: each(text, lambda c: f"\\{ord(c):03o}"),
    "braced escapes": lambda text: each(text, lambda c: f"\\u{{{ord(c):x}}}"),
    "percent": lambda text: quote(text, safe=""),
    "percent in small letters": lambda text: each(text, lambda c: f"%{ord(c):02x}"),
    "percent of all": lambda text: each(text, lambda c: f"%{ord(c):02X}"),
    "percent u": lambda text: each(text, lambda c: f"%u{ord(c):04x}"),
    "html": html.escape,
    "html numbers": lambda text: each(text, lambda c: f"&#{ord(c)};"),
    "html hex numbers": lambda text: each(text, lambda c: f"&#X{ord(c):X};"),
    "html names": lambda text: text.replace("/", "&sol;").replace("+", "&plus;"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for URLs": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 of a pair": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "base64 of JSON": lambda text: base64.b64encode(json.dumps({"token": text}).encode()).decode(),
    "base64 in lines": lambda text: wrapped(base64.b64encode(text.encode()).decode()),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text.encode())).decode(),
    "lines": wrapped,
}  # fmt: skip
PLACES = [
    b"%s",
    b'{"error":"bad key %s, sorry"}',
    b"<p>key=%s</p>",
    b"https://a.test/?token=%s&x=1",
    b"Authorization: Bearer %s\r\nX: y",
]
# A line that is broken inside an escape makes another text of it.
LEVELS = st.lists(st.sampled_from(sorted({*SPELLINGS} - {"lines"})), max_size=3)
KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8, max_size=40)  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("name", SPELLINGS)
def test_every_spelling_is_masked(name, place):
    """In JSON, in HTML, in a URL and in a head; only the credential goes, and what surrounds it stays."""
    body = place % SPELLINGS[name](KEY).encode()
    made = shown(body)
    assert b"<secret>" in made and len(made) < len(place) + 20
    before, _, after = place.partition(b"%s")
    assert made.startswith(before)
    # A letter after a broken line may be the rest of what is in base64, so it goes as well.
    assert made.endswith(after[3:] if "64" in name and b"X:" in after else after)


@pytest.mark.parametrize("name", SPELLINGS)
@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_wide_characters_are_masked(name, encoding):
    """Also where the whole answer is of them."""
    body = f'{{"error":"{SPELLINGS[name](KEY)}"}}'.encode(encoding)
    assert b"<secret>" in shown(body)


@pytest.mark.parametrize(
    "body",
    [
        KEY.upper(),
        KEY.lower(),
        KEY.encode().hex(),
        KEY.encode().hex().upper(),
        KEY.replace("/", "\\u002f").replace("+", "%2B").replace("=", "&#61;"),
        KEY.replace("/", "%25252F"),
        KEY.replace("/", "\\\\\\/"),
        KEY.replace("=", "&amp;#61;"),
    ],
)
def test_capitals_hexadecimal_and_mixtures_are_masked(body):
    """One text may be escaped in several ways at once, and one way several times."""
    assert shown(f"-{body}-".encode()) == b"-<secret>-"


@given(key=KEYS, levels=LEVELS, place=st.sampled_from(PLACES))
@example(key="AB12/cdefgh", levels=["php"], place=b"https://a.test/?token=%s&x=1")
@example(key="pa%41ss\\/word", levels=["json", "percent"], place=b"%s")
@example(key="000000/\\", levels=["html names", "base64"], place=b"%s")
@example(key="000000/%4", levels=["html names"], place=b"x%s1")
@example(key="000000/&#6", levels=["php"], place=b"%s5;")
@example(key="0" * 24, levels=["gzip in base64"], place=b"%s")
@example(key="&amp;&amp;&amp;", levels=["html", "php"], place=b"<p>%s</p>")
@settings(deadline=None, max_examples=300)
def test_no_mixture_of_spellings_gets_through(key, levels, place):
    """Any key, up to three spellings upon each other, anywhere: what was laid upon it is no longer there."""
    written = key
    for name in levels:
        written = SPELLINGS[name](written)
    made = shown(place % written.encode(), key)
    assert b"<secret>" in made


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
@settings(deadline=None)
def test_what_holds_no_secret_is_untouched(body):
    """The very same answer, byte for byte."""
    reply = Reply(status=200, headers={"x": "y"}, body=body, elapsed=0.1)
    assert masked(reply, [KEY, "short"]) is reply


def test_letters_beyond_ascii_have_several_forms():
    """As UTF-8, as Latin-1, and escaped from either."""
    key = "clé-secrète-ñ"
    for body in (
        key.encode(),
        key.encode("latin-1"),
        json.dumps(key).encode(),
        quote(key).encode(),
        quote(key, encoding="latin-1").encode(),
        html.escape(key).encode("ascii", "xmlcharrefreplace"),
    ):
        assert b"<secret>" in shown(body, key), body


def test_headers_are_masked_too():
    """Rules see them, and errors of rules are logged."""
    headers = {"location": f"/login?t={quote(KEY, safe='')}", "x-plain": "kept"}
    reply = Reply(status=302, headers=headers, body=b"", elapsed=0.1)
    assert masked(reply, [KEY]).headers == {
        "location": "/login?t=<secret>",
        "x-plain": "kept",
    }


@pytest.mark.parametrize("at", range(-90, 30, 7))
def test_a_window_has_no_blind_spot(at):
    """A long answer is searched in pieces, and a secret on the edge of one is found like any other."""
    written = SPELLINGS["unicode escapes"](KEY).encode()
    body = b"." * (masking._WINDOW + at) + written + b"." * 9_000
    assert shown(body) == b"." * (masking._WINDOW + at) + b"<secret>" + b"." * 9_000


def test_a_secret_whose_place_cannot_be_told_takes_the_whole_answer(monkeypatch):
    """Better nothing than a secret: here the search points at the wrong place."""
    monkeypatch.setattr(masking, "_traced", lambda read, start, end: (0, 1))
    assert shown(b"-" + php(KEY).encode()) == b"<secret>"


def test_gzip_that_is_longer_than_a_window_is_read_from_its_beginning():
    """A whole log in base64, our key at its end; what surrounds it stays."""
    log = "\n".join(f"{number} {hash((number, 7))}" for number in range(2_000))
    packed = SPELLINGS["gzip in base64"](f"{log} {KEY}")
    assert len(packed) > 2 * masking._WINDOW
    for written in (packed, php(packed)):
        assert shown(f'{{"log":"{written}"}}'.encode()) == b'{"log":"<secret>"}'


M = 1024 * 1024
HEAVY = {
    "backslashes": b"\\" * M,
    "percent of percent": b"%" + b"25" * (M // 2),
    "percent": b"%2F" * (M // 3),
    "entities": b"&amp;" * (M // 5),
    "names that are none": b"&" + b"a" * 29,
    "halves": b"a\0" * (M // 2),
    "lines": b"a\n" * (M // 2),
    "base64": base64.b64encode(b"x" * 3 * M)[:M],
    "base64 of base64": base64.b64encode(base64.b64encode(b"x" * M))[:M],
    "gzip in base64": base64.b64encode(gzip.compress(b"\0" * M)) * 40,
    "the secret": KEY.encode() * (M // len(KEY)),
    "almost the secret": KEY.encode()[:-1] * (M // len(KEY)),
    "base64 of base64 of base64": base64.b64encode(
        base64.b64encode(base64.b64encode(b"x" * M))
    )[:M],
    "beginnings of gzip": b"H4sI" * (M // 4),
    "blanks": b" " * M,
}


@pytest.mark.parametrize("name", HEAVY)
def test_searching_takes_time_in_proportion(name):
    """Twice as much takes about twice as long, in processor time, whatever a vendor makes up."""
    body = (HEAVY[name] * (M // len(HEAVY[name]) + 1))[: M // 4]

    def spent(part):
        started = time.process_time()
        shown(part)
        return time.process_time() - started

    small = min(spent(body[: M // 16]) for _ in range(3))
    assert min(spent(body) for _ in range(2)) < 4 * 4 * (small + 0.01)


def test_an_answer_full_of_secrets_goes_as_a_whole():
    """What nobody could read anyway costs no more than the search."""
    assert shown(b"x" + KEY.encode() * (M // len(KEY))) == b"<secret>"


def test_a_long_answer_lets_others_run(monkeypatch):
    """gevent has one thread: between two pieces of a long answer the loop gets its turn."""
    turns = []
    monkeypatch.setattr(masking.time, "sleep", turns.append)
    shown(b"\\/" * (M // 16))
    assert turns == [0] * (M // 8 // masking._WINDOW - 1)


def test_deflated_text_is_a_binary_like_any_other():
    """Codings are taken off before (coding.py); here nothing breaks on them."""
    assert shown(zlib.compress(KEY.encode())) is not None
