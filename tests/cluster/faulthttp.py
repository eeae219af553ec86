"""What faultproxy needs of HTTP/1.1 and of certificates."""

import asyncio
import subprocess
from pathlib import Path


class Ended(Exception):
    """One side has closed the connection, or the fault ends it."""


class Message:
    """A request or the head of an answer, and how its body is framed."""

    def __init__(self, head: bytes):
        self.first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def head(self, **changed) -> bytes:
        headers = {name: value for name, value in self.headers.items() if name not in ("content-length", "transfer-encoding")}
        headers.update({name.replace("_", "-"): value for name, value in changed.items()})
        return "\r\n".join([self.first, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode("latin-1")


async def receive_message(reader: asyncio.StreamReader) -> Message:
    try:
        return Message(await reader.readuntil(b"\r\n\r\n"))
    except (OSError, asyncio.IncompleteReadError) as error:
        raise Ended from error


async def pieces(message: Message, reader: asyncio.StreamReader):
    """The body, as it comes."""
    if "chunked" in message.headers.get("transfer-encoding", ""):
        while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
    elif length := int(message.headers.get("content-length", "0")):
        yield await reader.readexactly(length)


def make_certificates(folder: Path) -> None:
    """A CA of the proxy's own, and its certificate for 127.0.0.1."""
    def openssl(*arguments):
        subprocess.run(["openssl", "req", "-x509", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", *arguments],
                       check=True, capture_output=True)
    ca, key = str(folder / "ca.crt"), str(folder / "ca.key")
    openssl("-subj", "/CN=faultproxy-ca", "-addext", "keyUsage=critical,keyCertSign", "-keyout", key, "-out", ca)
    openssl("-subj", "/CN=faultproxy", "-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:false",
            "-CA", ca, "-CAkey", key, "-keyout", str(folder / "server.key"), "-out", str(folder / "server.crt"))
