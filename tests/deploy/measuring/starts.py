"""Cold starts: from the start of the process to the first poll, and to the first answer of DynamoDB."""

import asyncio
import os
import ssl
import statistics
import subprocess
import sys
import time

from measuring.canned import Canned
from measuring.function import Function
from stages import Failed

# The stand-in's own share of an answer, seen from a client that is warm.
CLIENT = """
import http.client, json, statistics, ssl, sys, time
url, ca = sys.argv[1:]
scheme, _, place = url.partition("://")
if scheme == "https":
    client = http.client.HTTPSConnection(place, context=ssl.create_default_context(cafile=ca))
else:
    client = http.client.HTTPConnection(place)
took = []
for _ in range(300):
    begun = time.perf_counter()
    client.request("POST", "/", b"{}", {"x-amz-target": "DynamoDB_20120810.GetItem"})
    client.getresponse().read()
    took.append(time.perf_counter() - begun)
print(statistics.median(took) * 1000)
"""


class Starts:
    """So many starts of each function, one after the other, in rounds: what else the machine does hits all alike."""

    def __init__(self, executables, events, environment, secrets, work):
        self.executables, self.events, self.work = executables, events, work
        self.environment, self.secrets = environment, secrets
        self.polls, self.firsts, self.roads = {}, {}, {}

    async def run(self, rounds, certificates=None):
        """Answers the stand-in's own latency in milliseconds."""
        self.certificates = certificates
        context = None
        if certificates:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificates.leaf, certificates.key)
        canned = Canned(self.secrets)
        self.url = await canned.start(context)
        latency = await self.latency()
        for _ in range(rounds):
            for name in sorted(self.events):
                await self.one(name, canned)
        canned.close()
        return latency

    async def one(self, name, canned):
        """One start."""
        canned.answered.clear()
        environment = {**self.environment, "AWS_ENDPOINT_URL": self.url}
        if self.certificates:
            environment["SSL_CERT_FILE"] = str(self.certificates.roots)
        log = self.work / f"{name}.starts.log"
        function = Function(name, self.executables[name], environment, log)
        # It waits there for the first poll, and is handed over at once.
        function.events.put_nowait(self.events[name])
        async with function:
            try:
                await asyncio.wait_for(function.answers.get(), 30)
            except asyncio.TimeoutError:
                raise Failed(f"{name} did not answer within 30 s; its log is:\n{log.read_text()[-2000:]}") from None
            self.polls.setdefault(name, []).append((function.polled_at - function.begun) * 1000)
            road = []
            for at, service, _ in canned.answered:
                road.append(service)
                if service == "dynamodb":
                    self.firsts.setdefault(name, []).append((at - function.begun) * 1000)
                    break
            self.roads[name] = road

    async def latency(self):
        """Of a client in another process."""
        ca = str(self.certificates.roots) if self.certificates else "-"
        client = await asyncio.create_subprocess_exec(
            sys.executable, "-c", CLIENT, self.url, ca, stdout=subprocess.PIPE
        )
        said, _ = await client.communicate()
        return round(float(said), 2)


def nothing(times):
    """What a program that does nothing takes from its start to its end, median in milliseconds: the machine's own share
    of every start."""
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)
        took.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(took), 2)


def figures(values):
    """Median, best and worst, in milliseconds."""
    if not values:
        return None
    found = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return {**{name: round(value, 2) for name, value in found.items()}, "starts": len(values)}
