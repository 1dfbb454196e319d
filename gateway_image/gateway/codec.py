"""JSON and compressed bodies, in and out of bytes. Not for: what the JSON means.

`splice` exists because a request is decoded once anyway but encoding it again costs more than everything else that is
done to it: where nothing but a few members is added, the client's own bytes are kept.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

Json = Any
_WHITESPACE = b" \t\r\n"
_GZIP = 16 + zlib.MAX_WBITS
_RAW = -zlib.MAX_WBITS
_LARGE = 8192


class CodecError(ValueError):
    """Bytes that are not what they were said to be. `str()` says what is wrong and where, without quoting them."""


_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()
_members = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def decode(data: bytes) -> Json:
    """JSON text in UTF-8 as Python values. Integers keep every digit. Raises CodecError."""
    try:
        return _decoder.decode(data)
    except UnicodeDecodeError as error:
        raise CodecError(f"not JSON: not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise CodecError("not JSON that can be read: nested too deeply") from None
    except msgspec.DecodeError as error:
        raise CodecError(f"not JSON: {error}") from None


def members(data: bytes) -> dict[str, msgspec.Raw]:
    """The members of a JSON object, their values as they are written; encode() puts them together again. Texts in them
    are not looked at. Raises CodecError."""
    try:
        return _members(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CodecError(f"no JSON object: {type(error).__name__}") from None


def encode(value: Json) -> bytes:
    """Python values as compact JSON in UTF-8. Raises CodecError for what JSON cannot say."""
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise CodecError(f"cannot be written as JSON: {type(error).__name__}") from None


def splice(data: bytes, decoded: Json, additions: Mapping[str, Json]) -> bytes | None:
    """`data` with `additions` put in front of its members, without encoding `data` again.

    `decoded` is what `decode(data)` gave: it tells what the bytes alone do not tell cheaply (names written with
    escapes, names given twice). None where splicing is not safe and the caller must encode: no object, an empty object,
    or one of the names is there already, be it null.
    """
    if type(decoded) is not dict or not decoded:
        return None
    for name in additions:
        if name in decoded:
            return None
    if not additions:
        return data
    start = 0
    if data[:1] != b"{":
        start = len(data) - len(data.lstrip(_WHITESPACE))
        if data[start : start + 1] != b"{":
            return None
    return encode(additions)[:-1] + b"," + data[start + 1 :]


def expand(data: bytes, encoding: str, limit: int) -> bytes:
    """A body without its Content-Encoding (gzip, x-gzip, deflate, identity or none).

    `limit` is the most bytes that may come out; a bomb is noticed as it passes the limit, not after. Raises CodecError.
    """
    coding = encoding.strip().lower()
    if coding in ("", "identity"):
        return data
    if coding in ("gzip", "x-gzip"):
        return _inflate(data, _GZIP, limit)
    if coding == "deflate":  # by the standard with a zlib wrapper, by some servers' habit without
        wrapped = len(data) >= 2 and data[0] & 0x0F == 8 and int.from_bytes(data[:2], "big") % 31 == 0
        return _inflate(data, zlib.MAX_WBITS if wrapped else _RAW, limit)
    raise CodecError("content encoding is not supported: use gzip, deflate or identity")


def opened(prefix: bytes, data: bytes) -> bytes:
    """`data` with `prefix` in place of its first byte. A large one is copied once, where adding slices copies twice."""
    return b"".join((prefix, memoryview(data)[1:])) if len(data) > _LARGE else prefix + data[1:]


def pack(data: bytes) -> bytes:
    """`data` with gzip, as fast as it goes."""
    packer = zlib.compressobj(1, wbits=_GZIP)
    return packer.compress(data) + packer.flush()


def _inflate(data: bytes, window: int, limit: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    while True:
        inflater = zlib.decompressobj(window)
        try:
            part = inflater.decompress(data, limit - size + 1)
        except zlib.error:
            raise CodecError("compressed body is damaged") from None
        size += len(part)
        if size > limit:
            raise CodecError(f"compressed body expands to more than {limit} bytes")
        if not inflater.eof:
            raise CodecError("compressed body is cut off")
        parts.append(part)
        data = inflater.unused_data
        if not data or window != _GZIP:  # gzip files may be several members in a row
            return b"".join(parts)
