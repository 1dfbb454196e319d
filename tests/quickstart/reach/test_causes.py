"""An HTTP client's exceptions as stable words. What each is like for real is shown by the fault table's tests."""

from __future__ import annotations

import errno
import ssl

import httpx
import pytest

from quickstart.reach.causes import cause, causes


def caused(error: Exception, inner: Exception) -> Exception:
    error.__cause__ = inner
    return error


def certificate(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("x")
    error.verify_code = code
    return error


@pytest.mark.parametrize(
    ("error", "proxied", "word"),
    [
        (httpx.ProxyError("407 Proxy Authentication Required"), True, "proxy_auth"),
        (httpx.ProxyError("403 Forbidden"), True, "proxy_denied"),
        (httpx.ProxyError("502 Bad Gateway"), True, "proxy_broken"),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError(errno.ECONNREFUSED, "x")), True, "proxy_refused"),
        (caused(httpx.ConnectError("x"), ConnectionRefusedError(errno.ECONNREFUSED, "x")), False, "refused"),
        (caused(httpx.ConnectError("x"), OSError(errno.ENETUNREACH, "x")), False, "offline"),
        (httpx.ConnectTimeout("x"), True, "proxy_silent"),
        (httpx.ConnectTimeout("x"), False, "timeout"),
        (httpx.ReadTimeout("x"), True, "timeout"),
        (caused(httpx.ConnectError("x"), certificate(10)), False, "tls_expired"),
        (caused(httpx.ConnectError("x"), certificate(9)), False, "tls_early"),
        (caused(httpx.ConnectError("x"), certificate(62)), False, "tls_name"),
        (caused(httpx.ConnectError("x"), certificate(20)), True, "tls_untrusted"),
        (caused(httpx.ConnectError("x"), ssl.SSLError(1, "wrong version number")), False, "tls_broken"),
        (httpx.RemoteProtocolError("x"), False, "closed"),
        (httpx.ConnectError("x"), True, "proxy_broken"),
        (ValueError("x"), False, "network"),
    ],
)
def test_causes_are_told_apart(error: Exception, proxied: bool, word: str) -> None:
    assert cause(error, proxied) == word


def test_a_circle_of_causes_ends() -> None:
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert list(causes(first)) == [first, second]
