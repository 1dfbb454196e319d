"""What the upstream of the recorded HTTP edge cases answered, by path; rebuilt from what came out of Kong. Not for:
anything else.
"""

from __future__ import annotations

import asyncio

from support.raw_upstream import Arrived, ok

H = b"HTTP/1.1 "
L2 = b"Content-Length: 2\r\n"
ANSWERS = {
    b"/e/chunked": H + b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
    b"/e/500": H + b"500 Internal Server Error\r\nContent-Length: 4\r\n\r\n",
    b"/e/204": H + b"204 No Content\r\nX-A: 1\r\n\r\n",
    b"/e/204body": H + b"204 No Content\r\nContent-Length: 3\r\n\r\nabc",
    b"/e/304cl": H + b'304 Not Modified\r\nETag: "x"\r\nContent-Length: 50\r\n\r\n',
    b"/e/205": H + b"205 Reset Content\r\nContent-Length: 0\r\n\r\n",
    b"/e/100": H + b"100 Continue\r\n\r\n" + ok(),
    b"/e/102": H + b"102 Processing\r\n\r\n" + ok(),
    b"/e/103": H + b"103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" + ok(),
    b"/e/101": H + b"101 Switching Protocols\r\nConnection: upgrade\r\n\r\nhello",
    b"/e/badchunk": H + b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
    b"/e/http10ka": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nten",
    b"/e/garbage": b"not http at all\r\n\r\n",
    b"/e/oddreason": H + b"200 Very Fine Indeed\r\n" + L2 + b"\r\nok",
    b"/e/599": H + b"599 Odd\r\n" + L2 + b"\r\nok",
    b"/e/99": H + b"99 Odd\r\n" + L2 + b"\r\nok",
    b"/e/twocl": H + b"200 OK\r\n" + L2 + L2 + b"\r\nok",
    b"/e/diffcl": H + b"200 OK\r\n" + L2 + b"Content-Length: 3\r\n\r\nok!",
    b"/e/clte": H + b"200 OK\r\n" + L2 + b"Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
    b"/e/badcl": H + b"200 OK\r\nContent-Length: x2\r\n\r\nok",
    b"/e/hop": H
    + b"200 OK\r\nKeep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authenticate: Basic\r\nTE: x\r\n"
    + b"Upgrade: h2c\r\nServer: up/1\r\nDate: Sun, 22 Nov 2026 03:30:09 GMT\r\nVia: 1.1 upvia\r\n"
    + b"X-Kong-Upstream-Latency: 77\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
    + L2
    + b"\r\nok",
    b"/e/barelf": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    b"/e/bighdr": H + b"200 OK\r\nX-Big: " + b"a" * 70_000 + b"\r\n" + L2 + b"\r\nok",
    b"/e/hdr8k": H + b"200 OK\r\nX-Big: " + b"a" * 8_000 + b"\r\n" + L2 + b"\r\nok",
    b"/e/nulhdr": H + b"200 OK\r\nX-A: a\0b\r\n" + L2 + b"\r\nok",
    b"/e/gzip": H + b"200 OK\r\nContent-Encoding: gzip\r\n" + L2 + b"\r\nok",
    b"/e/redir": H + b"302 Found\r\nLocation: http://127.0.0.1:8978/x\r\nContent-Length: 0\r\n\r\n",
    b"/e/401": H + b"401 Unauthorized\r\nWWW-Authenticate: Basic\r\n" + L2 + b"\r\nno",
    b"/e/early": H + b"413 Too Large\r\n" + L2 + b"\r\nno",
}


async def answer(arrived: Arrived, writer: asyncio.StreamWriter) -> bool | None:
    target = arrived.target
    if target == b"/e/empty":
        return False
    if target == b"/e/close":
        writer.write(H + b"200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nConnection: close\r\n\r\nuntil close")
        return False
    writer.write(ANSWERS.get(target) or ok())
    return None
