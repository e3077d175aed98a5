"""As little HTTP as a function speaks: keep-alive, bodies by length or in chunks. Made to answer at once."""

import asyncio


class Request:
    """One request."""

    def __init__(self, method, path, headers, body):
        self.method, self.path, self.headers, self.body = method, path, headers, body


def read(buffer):
    """The first request in a buffer and how many bytes it takes, or nothing while it is not all there."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    if "chunked" in headers.get("transfer-encoding", ""):
        body, end = chunks(buffer, end + 4)
    else:
        length = int(headers.get("content-length", 0))
        body, end = bytes(buffer[end + 4 : end + 4 + length]), end + 4 + length
    if body is None or end > len(buffer):
        return None
    return Request(method, path, headers, body), end


def chunks(buffer, at):
    """A body that is sent in chunks, and where it ends."""
    body = b""
    while (line := buffer.find(b"\r\n", at)) >= 0:
        size = int(buffer[at:line], 16)
        body += buffer[line + 2 : line + 2 + size]
        at = line + 2 + size + 2
        if size == 0:
            return body, at
    return None, at


def response(status, body=b"", headers=()):
    """An answer as bytes."""
    lines = [f"HTTP/1.1 {status} {'OK' if status < 400 else 'NO'}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection(asyncio.Protocol):
    """A client, who asks one thing after the other."""

    def __init__(self, answer, everybody):
        self.answer, self.everybody, self.buffer, self.task = answer, everybody, bytearray(), None

    def connection_made(self, transport):
        self.transport = transport
        self.everybody.add(self)

    def data_received(self, data):
        self.buffer += data
        if found := read(self.buffer):
            request, end = found
            del self.buffer[:end]
            self.task = asyncio.ensure_future(self.respond(request))

    async def respond(self, request):
        self.transport.write(await self.answer(request))

    def connection_lost(self, _):
        self.everybody.discard(self)
        if self.task:
            self.task.cancel()


async def serve(answer, tls=None):
    """A server on loopback whose `answer` takes a request and gives bytes. Its port, and what closes it."""
    everybody = set()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(answer, everybody), "127.0.0.1", 0, ssl=tls)

    def close():
        server.close()
        for connection in list(everybody):
            connection.transport.abort()

    return server.sockets[0].getsockname()[1], close
