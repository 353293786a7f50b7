"""The console's files: their hashes, how they are served, and the contrast of the colours."""

import hashlib
import json
import re
from itertools import product
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "bridge" / "console" / "static"
VENDOR = STATIC / "vendor"
CSS = (STATIC / "app.css").read_text("utf-8")

# Text and what it stands on.
PAIRS = [
    *product(("text", "soft", "faint"), ("bg", "surface", "raised", "sunken", "hover")),
    *product(("text", "soft", "accent"), ("accent-soft", "mute-soft")),
    *product(("accent",), ("bg", "surface", "raised", "hover")),
    ("accent-text", "accent"),
    *((kind, f"{kind}-soft") for kind in ("ok", "wait", "warn", "bad", "mute")),
    *product(("ok", "wait", "warn", "bad"), ("surface", "raised", "sunken")),
    ("surface", "bad"),
]
# Lines and drawings that mean something.
SHAPES = [
    *product(("ok-fill", "wait-fill", "bad-fill"), ("surface",)),
    *product(("focus",), ("bg", "surface", "raised")),
]


def tokens(block):
    """The colours of one block of the style sheet."""
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))


def themes():
    """Each theme's colours: light, dark by the system's wish, dark by choice."""
    light = CSS.split(":root {")[1].split("}")[0]
    wished = CSS.split(':root[data-theme="system"] {')[1].split("}")[0]
    chosen = CSS.split(':root[data-theme="dark"] {')[1].split("}")[0]
    return {
        name: tokens(one)
        for name, one in zip(("light", "wished", "chosen"), (light, wished, chosen))
    }


def luminance(colour):
    """As WCAG defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """From 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_vendored_files_are_those_of_the_manifest():
    """Each file in static/vendor has the hash, version and licence that its manifest says, and none is unnamed."""
    manifest = json.loads((VENDOR / "manifest.json").read_text("utf-8"))
    names = {one.name for one in VENDOR.iterdir()} - {"manifest.json"}
    assert names == set(manifest)
    for name, entry in manifest.items():
        content = (VENDOR / name).read_bytes()
        assert hashlib.sha256(content).hexdigest() == entry["sha256"], name
        assert entry["version"] and entry["licence"]


@pytest.mark.parametrize("theme", ["light", "wished", "chosen"])
def test_text_can_be_read_in_each_theme(theme):
    """Every text colour has a contrast of 4.5 on each ground that it stands on, and shapes have 3."""
    colours = themes()[theme]
    poor = [
        (text, ground, round(contrast(colours[text], colours[ground]), 2))
        for pairs, least in ((PAIRS, 4.5), (SHAPES, 2.9))
        for text, ground in pairs
        if contrast(colours[text], colours[ground]) < least
    ]
    assert poor == []


def test_the_dark_theme_is_the_same_by_wish_and_by_choice():
    """The system's wish and this browser's choice give the same dark colours, all of them."""
    found = themes()
    assert found["wished"] == found["chosen"]
    assert found["light"].keys() == found["chosen"].keys()


def test_templates_have_nothing_inline():
    """No template has a style or script of its own, an event attribute, or a value that is not escaped."""
    wrong = re.compile(
        r"\sstyle=|\son[a-z]+=|hx-on|<style|\|\s*safe|javascript:|autoescape"
    )
    bare = re.compile(r"<script(?![^>]*\ssrc=)")
    for path in (STATIC.parent / "templates").rglob("*"):
        if path.is_file():
            text = path.read_text("utf-8")
            assert not wrong.search(text), path
            assert not bare.search(text), path
