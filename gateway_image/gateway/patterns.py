r"""Regular expressions of the configuration, on a linear-time engine. Not for: deciding what they are matched against.

Kong runs them on Rust's regex engine; here it is RE2, which has the same limits (no look-around, no back-references)
and differs in a few spellings. `translate` bridges them: repeated repetition (`a++` is `(?:a+)+`), and `\d`, `\w`, `\s`
are Unicode classes. Known rest: `\b` is ASCII only, `\W` and `\S` inside a bracket are ASCII, `(?x)` and set operations
inside brackets are refused or literal, a repetition count is at most 1000.
"""

from __future__ import annotations

from typing import Any

_UNICODE = {"d": r"\p{Nd}", "w": r"\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}", "s": r"\t-\r \x{85}\p{Z}"}
_REPETITION = "*+?{"
_SPECIAL = frozenset(".^$*+?()[]{}|\\")


class PatternError(ValueError):
    """A regular expression that cannot be used. The text says why and names the expression."""


def compile_pattern(pattern: str, ignore_case: bool = False) -> Any:
    """A compiled expression with `match` and `search` over bytes (UTF-8). Raises PatternError."""
    import re2  # late: most configurations have none that needs it, and it takes 3 MB of every worker

    options = re2.Options()
    options.log_errors = False  # otherwise RE2 itself writes to stderr
    options.case_sensitive = not ignore_case
    try:
        return re2.compile(translate(pattern).encode(), options=options)
    except (re2.error, UnicodeEncodeError) as problem:
        reason = problem.args[0] if problem.args else problem
        text = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
        if "(?" in text and any(look in pattern for look in ("(?=", "(?!", "(?<=", "(?<!")):
            text = "look-around, including look-ahead and look-behind, is not supported"
        raise PatternError(f"invalid regex: '{pattern}' ({text})") from None


def literal(pattern: str) -> bytes | None:
    """The text that a search for the expression comes down to; None where it needs the engine."""
    text = pattern
    while text.startswith(".*"):
        text = text[2:]
    while text.endswith(".*") and not text.endswith("\\.*"):
        text = text[:-2]
    return None if not text or _SPECIAL.intersection(text) else text.encode()


def translate(pattern: str) -> str:
    """The same expression in RE2's spelling."""
    out: list[str] = []
    atom = 0  # where in `out` the last complete atom starts
    repeated = False  # whether that atom already carries a repetition
    opened: list[int] = []
    position, length = 0, len(pattern)
    while position < length:
        character = pattern[position]
        if character in _REPETITION and (character != "{" or _counted(pattern, position)):
            end = _counted(pattern, position) if character == "{" else position + 1
            if end < length and pattern[end] == "?":
                end += 1  # lazy
            if repeated:
                out[atom:] = ["(?:", *out[atom:], ")"]
            out.append(pattern[position:end])
            repeated, position = True, end
            continue
        repeated = False
        if character == "(":
            opened.append(len(out))
            out.append("(")
            position += 1
            if pattern.startswith("?", position):  # flags, a name: these are no repetition
                out.append("?")
                position += 1
            continue
        if character == ")":
            atom = opened.pop() if opened else len(out)
            out.append(")")
            position += 1
            continue
        atom = len(out)
        if character == "[":
            end = _bracket_end(pattern, position)
            out.append(_unicode_bracket(pattern[position:end]))
        elif character == "\\":
            end = min(length, position + 2)
            out.append(_unicode_escape(pattern[position:end]))
        else:
            end = position + 1
            out.append(character)
        position = end
    return "".join(out)


def _counted(pattern: str, position: int) -> int:
    """The end of `{2}`, `{2,}` or `{2,3}` at `position`, 0 when there is none."""
    end = pattern.find("}", position)
    digits = pattern[position + 1 : end] if end > 0 else ""
    low, _, high = digits.partition(",")
    return end + 1 if low.isdigit() and (not high or high.isdigit()) else 0


def _bracket_end(pattern: str, position: int) -> int:
    """Where the bracket expression that opens at `position` is over; the end of the text when it never closes."""
    here = position + 1
    here += pattern.startswith("^", here)
    here += pattern.startswith("]", here)  # a bracket that comes first is itself
    while here < len(pattern) and pattern[here] != "]":
        if pattern.startswith("[:", here) and ":]" in pattern[here:]:
            here = pattern.index(":]", here) + 2
        else:
            here += 2 if pattern[here] == "\\" else 1
    return min(here + 1, len(pattern))


def _unicode_escape(escaped: str) -> str:
    kind = escaped[1:]
    if kind in _UNICODE:
        return f"[{_UNICODE[kind]}]"
    return f"[^{_UNICODE[kind.lower()]}]" if kind and kind in "DWS" else escaped


def _unicode_bracket(bracket: str) -> str:
    out, position = [], 0
    while position < len(bracket):
        if bracket[position] == "\\":
            escaped = bracket[position : position + 2]
            out.append(r"\P{Nd}" if escaped == r"\D" else _UNICODE.get(escaped[1:], escaped))
            position += 2
        else:
            out.append(bracket[position])
            position += 1
    return "".join(out)


def literal_start(pattern: str) -> tuple[str, bool, bool]:
    """What every match of the anchored expression starts with: (text, exact, whole).

    `exact`: the expression is this text and `$`. `whole`: it is this text and nothing else. These need no engine.
    """
    text: list[str] = []
    position, length = 0, len(pattern)
    while position < length:
        character = pattern[position]
        if character == "\\" and position + 1 < length and pattern[position + 1] in "./-_~@:;,+*?()[]{}|^$":
            character, end = pattern[position + 1], position + 2
        elif character in ".^$*+?()[]{}|\\":
            break
        else:
            end = position + 1
        if end < length and pattern[end] in "*?{":
            break  # this character is optional, or counted
        text.append(character)
        position = end
    rest = pattern[position:]
    if "|" in rest and _alternates(rest):
        return "", False, False
    return "".join(text), rest == "$", not rest


def _alternates(rest: str) -> bool:
    """Whether a `|` stands outside every group, so that another alternative may start differently."""
    depth = position = 0
    while position < len(rest):
        character = rest[position]
        if character == "[":
            position = _bracket_end(rest, position)
            continue
        if character == "|" and depth <= 0:
            return True
        depth += (character == "(") - (character == ")")
        position += 2 if character == "\\" else 1
    return False
