"""A function in a process of its own, and the Runtime API that it polls."""

import asyncio
import json
import os
import signal
import time
import uuid

from measuring.http import response, serve
from stages import Failed

REGION = "eu-central-1"
ACCOUNT = "000000000000"
TIMEOUT_SECONDS = 60
LIMIT_SECONDS = 120


class Function:
    """A function as Lambda runs it. Use it as an async context."""

    def __init__(self, name, executable, environment, log):
        self.name, self.executable, self.log = name, executable, log
        self.environment = environment
        self.events, self.answers = asyncio.Queue(), asyncio.Queue()
        self.begun = self.polled_at = None
        self.polled = asyncio.Event()

    async def __aenter__(self):
        port, self._close = await serve(self._answer)
        # What Lambda itself sets, and nothing of this machine's.
        environment = {
            "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{self.name}",
            "AWS_LAMBDA_LOG_STREAM_NAME": "one",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_LOG_LEVEL": "INFO",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            **self.environment,
        }
        out = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        files = [(os.POSIX_SPAWN_DUP2, out, 1), (os.POSIX_SPAWN_DUP2, out, 2)]
        self.begun = time.perf_counter()
        self.pid = os.posix_spawn(self.executable, [str(self.executable)], environment, file_actions=files)
        os.close(out)
        return self

    async def __aexit__(self, *_):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self._close()

    async def invoke(self, event):
        """Hands it an event, and waits for the response."""
        self.events.put_nowait(event)
        try:
            fine, answer = await asyncio.wait_for(self.answers.get(), LIMIT_SECONDS)
        except asyncio.TimeoutError:
            raise Failed(f"{self.name} did not answer; its log is:\n{self.log.read_text()[-3000:]}") from None
        if not fine:
            raise Failed(f"{self.name} failed: {answer}\n{self.log.read_text()[-3000:]}")
        return answer

    def peak_megabytes(self):
        """The most memory it ever had in use, its program's pages too."""
        with open(f"/proc/{self.pid}/status", encoding="utf-8") as status:
            line = next(line for line in status if line.startswith("VmHWM:"))
        return int(line.split()[1]) / 1024

    async def _answer(self, request):
        if request.path.endswith("/invocation/next"):
            if self.polled_at is None:
                self.polled_at = time.perf_counter()
                self.polled.set()
            return self._next(await self.events.get())
        if request.path.endswith(("/response", "/error")):
            fine = request.path.endswith("/response")
            self.answers.put_nowait((fine, json.loads(request.body or b"null")))
            return response(202)
        return response(404)

    def _next(self, event):
        until = int((time.time() + TIMEOUT_SECONDS) * 1000)
        headers = [
            ("content-type", "application/json"),
            ("lambda-runtime-aws-request-id", str(uuid.uuid4())),
            ("lambda-runtime-deadline-ms", str(until)),
            ("lambda-runtime-invoked-function-arn", f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{self.name}"),
        ]
        return response(200, json.dumps(event).encode(), headers)
