"""XML as plain values, and everything in it that is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import Malformed
from bridge.strict import xml


@pytest.mark.parametrize(
    "text, value",
    [
        ("<a>x</a>", "x"),
        ("<a/>", ""),
        ("<a><b-c>1</b-c></a>", {"b_c": "1"}),
        ("<a><b>1</b><b>2</b></a>", {"b": ["1", "2"]}),
        ('<a><b type="array"/></a>', {"b": []}),
        ('<a><b type="array"><c>1</c></b></a>', {"b": ["1"]}),
        ('<a><b type="integer">-12</b></a>', {"b": -12}),
        ('<a><b type="integer">1.5</b></a>', {"b": "1.5"}),
        ('<a><b type="integer">٣</b></a>', {"b": "٣"}),
        (
            '<a><b type="boolean">true</b><c type="boolean">no</c></a>',
            {"b": True, "c": "no"},
        ),
        ('<a><b nil="true"/></a>', {"b": None}),
        ("<a>&lt;&#228;<![CDATA[<]]></a>", "<ä<"),
        ("<!-- x --><a>x<!-- y -->z</a>", "xz"),
    ],
)
def test_values(text, value):
    """Objects by name, lists, text; numbers and truth only where the sender says so."""
    found = xml.loads(text.encode())
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<a>",
        "<a></b>",
        "<a/><a/>",
        "<!DOCTYPE a><a/>",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
        '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        "<a>&b;</a>",
        "<?go x?><a/>",
        "<a>" * 65 + "</a>" * 65,
        f'<a type="integer">{"1" * 1_001}</a>',
        '<a b="1" b="2"/>',
    ],
)
def test_what_is_refused(text):
    """No document type, no entity of its own, no instruction, nothing too deep or broken."""
    with pytest.raises(Malformed):
        xml.loads(text.encode())


TEXT = '<?xml version="1.0" encoding="{}"?><a>Peña – 5 €</a>'


@pytest.mark.parametrize(
    ("declared", "codec", "charset"),
    [
        ("UTF-8", "utf-8", ""),
        ("UTF-8", "utf-8-sig", ""),
        ("ISO-8859-1", "cp1252", ""),
        ("windows-1252", "cp1252", ""),
        ("UTF-8", "cp1252", "iso-8859-1"),
        ("ISO-8859-1", "utf-8", "utf-8"),
        ("ISO-8859-1", "utf-8-sig", "iso-8859-1"),
        ("UTF-16", "utf-16", ""),
        ("UTF-16", "utf-16-le", "utf-16"),
        ("UTF-16", "utf-16-be", "utf-16be"),
        ("utf-16", "utf-8", ""),
    ],
)
def test_encodings(declared, codec, charset):
    """A mark counts most, then the charset, then what the document declares; UTF-16 is seen, whatever is said."""
    assert xml.loads(TEXT.format(declared).encode(codec), charset) == "Peña – 5 €"


def test_the_euro_of_latin_9():
    """ISO-8859-15 has it where ISO-8859-1 has none."""
    raw = "<?xml version='1.0' encoding='iso-8859-15' ?><a>5 €</a>".encode("iso8859-15")
    assert xml.loads(raw) == "5 €"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        ('<?xml version="1.0" encoding="Shift_JIS"?><a/>'.encode(), "SHIFT_JIS"),
        ("<a>ñ</a>".encode("latin-1"), "UTF-8"),
        (
            '<?xml version="1.0" encoding="cp1252"?><a>\x81</a>'.encode("latin-1"),
            "CP1252",
        ),
        ("<a>\ud800</a>".encode("utf-16-le", "surrogatepass"), "UTF-16-LE"),
        (b"\xff\xfe<", "UTF-16-LE"),
    ],
)
def test_an_encoding_that_does_not_fit_is_told_by_its_name(raw, said):
    """Nothing is guessed, and nothing put in the place of what cannot be read."""
    with pytest.raises(Malformed, match=f"the XML is (not )?in {said}"):
        xml.loads(raw)


def test_sixty_four_levels_are_read():
    """The limit itself is no fault."""
    value = xml.loads(("<a>" * 64 + "</a>" * 64).encode())
    for _ in range(63):
        value = value["a"]
    assert value == ""


@given(
    st.binary(max_size=60)
    | st.text("<a/>&;!DOCTYPE? \"='", max_size=60).map(str.encode)
)
def test_any_bytes_give_a_value_or_malformed(raw):
    """Nothing else is ever raised."""
    for charset in ("", "utf-8", "iso-8859-1", "utf-16"):
        try:
            xml.loads(raw, charset)
        except Malformed as error:
            assert error.reason == "xml"
