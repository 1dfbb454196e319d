"""JSON and compressed bodies, in and out of bytes. Not for: what the JSON means.

`splice` exists because a request is decoded once anyway but encoding it again costs more than everything else that is
done to it: where nothing but a few members is added, the client's own bytes are kept.
"""

from __future__ import annotations

from typing import Any

import msgspec

Json = Any


class CodecError(ValueError):
    """Bytes that are not what they were said to be. `str()` says what is wrong and where, without quoting them."""


_decoder = msgspec.json.Decoder()
_encoder = msgspec.json.Encoder()


def decode(data: bytes) -> Json:
    """JSON text in UTF-8 as Python values. Integers keep every digit. Raises CodecError."""
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CodecError(f"not JSON: {error}") from None


def encode(value: Json) -> bytes:
    """Python values as compact JSON in UTF-8. Raises CodecError for what JSON cannot say."""
    try:
        return _encoder.encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise CodecError(f"cannot be written as JSON: {error}") from None
