"""Control characters in what others have written: a reader sees them, no terminal obeys them."""

from __future__ import annotations


def spelled_out(text: str, keep: str = "") -> str:
    """Return *text* with every character that is none to look at spelled out, but those of *keep*.

    Among them are those that change the direction of writing.
    """
    if text.isprintable():
        return text
    return "".join(
        letter
        if letter.isprintable() or letter in keep
        else letter.encode("unicode_escape").decode()
        for letter in text
    )


def in_json(text: str) -> str:
    """Return the JSON *text*, which means the same, with those escaped that JSON may leave bare."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "".join(
        letter if letter.isprintable() or letter == "\n" else _escaped(letter) for letter in text
    )


def _escaped(letter: str) -> str:
    import json

    return json.dumps(letter)[1:-1] if letter != "\x7f" else "\\u007f"
