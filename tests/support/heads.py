"""Heads of answers."""

HEAD = (
    b"HTTP/1.0 200 \xe6\x88\x90\xe5\x8a\x9f\r\n"
    b"x-UPPER-lower: 1\r\n"
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"X-Title: \xd0\xc2\xce\xc5\r\n"
    b"Set-Cookie: \xc3\xfb=\xd6\xb5; path=/\r\n"
    b"no colon in this line\r\n"
    b"X-Folded: one\r\n"
    b"\ttwo\r\n"
    b"X-UPPER-LOWER:2\r\n"
    b"X-Finews-Wire-Head: forged\r\n"
)
