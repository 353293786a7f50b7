"""Payloads that make helpers slow: long texts, lists and numbers, and what a search makes of the worst of them."""

from decimal import Decimal

MIB = 1 << 20
PRIME = 2**61 - 1  # every multiple has the hash 0: numbers are not salted
MOTIFS = """a é 😀 ß Σ A' İ ﬃ ǅ ' " \\ < <a> <!-- <a & &a &amp; &#9; &#x9; &#1114112; &notit 1 1a 9a- , a,
[ [], 1, 1.5, {} "a", {"a":1}, [[[ - ( +56 a@a. a- -a 2026-01-01T00:00:00Z %Y ab aab""".split()
MOTIFS += [" ", "\u3000", "\0", "\n", "\t ", "\ud800", "e\u0301", "\u0315\u0300"]
MOTIFS += [
    "<b>",
    "<b></i>",
    "<script>",
    "</p><p>",
    "<a href=http://a>",
    "<a href='",
    "<a ",
]
MOTIFS += ["🇨🇱", "👩\u200d👩\u200d👧", "क्ष", "각"]
MOTIFS += ["&" + "a" * 32, "a" * 62 + "."]
SHORT = [
    "+56 9 6123 4567",
    "+56" + "9" * 240,
    "+1 (800) 555-" * 15,
    "a@" + "a." * 100 + "!",
    "a" * 64 + "@" + "-a" * 90,
    "2026-01-01T00:00:00.123456+05:30",
    "03/05/2024 10:00",
    "usd",
    "1.234,56",
    "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
]


def texts(size, motifs=MOTIFS):
    """Each motif over and over."""
    return [(motif * (size // len(motif) + 1))[:size] for motif in motifs]


def documents(size):
    """JSON that takes long to read for its length."""
    return [
        f"[{','.join([part] * (size // (len(part) + 1) - 2))}]"
        for part in (
            "[]",
            "[1.5]",
            "1",
            "1.5",
            "{}",
            '{"a":1}',
            '"a"',
            '"\\u0041"',
            "9" * 900,
        )
    ]


def lists(size):
    """Items whose hashes, orders, lengths and depths are as bad as they can be."""
    many, few = min(10_000, size // 20), size // 1_000
    deep = {"x": 1}
    for _ in range(19):
        deep = {"x": deep}
    return [
        [n * PRIME for n in range(1, many)],
        [Decimal(n * PRIME) for n in range(1, many)],
        [Decimal(n * PRIME) if n % 2 else n * PRIME for n in range(1, many)],
        [Decimal(n) if n % 2 else n for n in range(many)],
        [*range(many, 0, -1)],
        [10**999 + n for n in range(few)],
        [Decimal("1." + "1" * 997 + str(n % 10)) for n in range(few)],
        [Decimal("1" * 998 + str(n % 10)) if n % 2 else 10**998 for n in range(few)],
        [Decimal("1." + "1" * 98)] * many,
        [Decimal("1." + "1" * 98) if n % 2 else 10**98 for n in range(many)],
        ["a" * (size // many - 5) + str(n * 7919 % many) for n in range(many)],
        ["a" * (size // 100 - 5) + str(n * 7 % 100) for n in range(100)],
        ["a" * (size // 300 - 5) + "éĀ"[n % 2] + str(n) for n in range(300)],
        *([one] * many for one in ("", [], None, True, deep, ["a"] * 10, {"x": 0.5})),
        [{"x": n} for n in range(many)],
        [{"x": Decimal(n * PRIME)} for n in range(1, many)],
    ]


def mappings(size):
    """Wide, deep and long ones."""
    many = min(10_000, size // 20)
    return [
        {f"k{n}": n for n in range(many)},
        {f"k{n}": Decimal(n) for n in range(many)},
        {"a": {f"k{n}": [n] for n in range(many // 2)}},
        {f"k{n}": "\0" * (size // many) for n in range(many)},
    ]


def numbers():
    """As long as they can be, or far from one."""
    long = [10**99, 10**999, Decimal("1." + "1" * 98), Decimal("1." + "1" * 998)]
    return [
        1,
        Decimal("1.5"),
        -5,
        1714730400,
        Decimal("1E+99"),
        Decimal("0E-90"),
        *long,
    ]
