"""AWS, as far as this machine has it: the stand-in in a process of its own, and its clients."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from botocore.config import Config
from botocore.session import Session

from stages import Failed, until

HERE = Path(__file__).resolve().parent
ADDRESS = "127.0.0.1"
PORT = 4566
ENDPOINT = f"http://{ADDRESS}:{PORT}"
REGION = "eu-central-1"
# The stand-in's own account and the key of its root. Nobody else's, and good for nothing else.
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


class Aws:
    """Clients of the stand-in, made when they are first asked for, and what SES accepted."""

    def __init__(self, outbox, scheduled):
        self._session = Session()
        self._clients = {}
        self._outbox, self._scheduled = outbox, scheduled

    def __getattr__(self, service):
        if service.startswith("_"):
            raise AttributeError(service)
        name = {"lambda_": "lambda"}.get(service, service)
        if name not in self._clients:
            self._clients[name] = self._session.create_client(
                name,
                region_name=REGION,
                endpoint_url=ENDPOINT,
                aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
                aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
                config=Config(retries={"total_max_attempts": 1}, read_timeout=900, s3={"addressing_style": "path"}),
            )
        return self._clients[name]

    def outbox(self):
        """The mails that SES accepted, in order."""
        return [Mail(accepted) for accepted in read_lines(self._outbox)]

    def scheduled(self, function):
        """The events that schedules started a function with, in order."""
        return [entry["event"] for entry in read_lines(self._scheduled) if entry["function"] == function]

    def invoke(self, function, event):
        """An event handed to a function, and its answer. What it answers with must be no error."""
        answer = self.lambda_.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or "null")
        if "FunctionError" in answer:
            raise Failed(f"{function} failed on {event}: {payload}")
        return payload

    def messages_of(self, queue_url):
        """How many messages a queue holds, those being worked on too."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        attributes = self.sqs.get_queue_attributes(QueueUrl=queue_url, AttributeNames=names)["Attributes"]
        return sum(int(attributes[name]) for name in names)

    def items(self, table):
        """A whole table by key, as plain values."""
        pages = self.dynamodb.get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
        items = [item for page in pages for item in page["Items"]]
        return {item["pk"]["S"]: {name: plain(value) for name, value in item.items()} for item in items}

    def log(self, group):
        """What a function wrote."""
        pages = self.logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        return [event["message"] for page in pages for event in page["events"]]


class Mail:
    """A mail as it was handed to SES."""

    def __init__(self, accepted):
        request = accepted["request"]
        simple = request["Content"]["Simple"]
        self.id, self.at = accepted["id"], accepted["at"]
        self.sender = request["FromEmailAddress"]
        self.to = request["Destination"]["ToAddresses"]
        self.subject = simple["Subject"]["Data"]
        self.text = simple["Body"]["Text"]["Data"]
        self.html = simple["Body"]["Html"]["Data"]
        self.headers = {header["Name"]: header["Value"] for header in simple.get("Headers", [])}
        self.tags = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags", [])}
        self.configuration_set = request.get("ConfigurationSetName")


class Answer:
    """What a function URL answered."""

    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read().decode()

    def json(self):
        """The body, read as JSON."""
        try:
            return json.loads(self.body)
        except ValueError:
            raise Failed(f"no JSON was answered, but {self.status} {self.body[:300]!r}") from None


def ask(method, url, headers=None, body=None):
    """A request as a stranger sends it, to whatever host: all hosts are the stand-in here."""
    parts = urlsplit(url)
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    connection = http.client.HTTPConnection(ADDRESS, PORT, timeout=60)
    try:
        connection.request(method, path or "/", body=body, headers={"host": parts.netloc, **(headers or {})})
        return Answer(connection.getresponse())
    finally:
        connection.close()


def read_lines(file):
    """What the stand-in kept, line by line."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def plain(value):
    """A DynamoDB value as Python has it."""
    (kind, inner), = value.items()
    if kind == "N":
        return float(inner) if "." in inner else int(inner)
    if kind == "M":
        return {name: plain(inside) for name, inside in inner.items()}
    if kind == "L":
        return [plain(inside) for inside in inner]
    return None if kind == "NULL" else inner


@contextlib.contextmanager
def up(work, permissions=True):
    """The stand-in while it is wanted. With `permissions` each function may do what its role says and nothing else."""
    outbox, scheduled, log = work / "outbox.jsonl", work / "scheduled.jsonl", work / "stand-in.log"
    # The functions inherit this environment: nothing of the machine's but the path.
    environment = {
        "PATH": os.environ["PATH"],
        "TMPDIR": str(work),
        "PYTHONDONTWRITEBYTECODE": "1",
        "BIND_HOST": ADDRESS,
        "GATEWAY_PORT": str(PORT),
        "MINISTACK_HOST": ADDRESS,
        "MINISTACK_REGION": REGION,
        "AWS_ENDPOINT_URL": ENDPOINT,
        "AUTH": "true" if permissions else "false",
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # What Step Functions waits between two tries: a tenth of it.
        "SFN_WAIT_SCALE": "0.1",
        "STAND_IN_OUTBOX": str(outbox),
        "STAND_IN_SCHEDULED": str(scheduled),
        **CREDENTIALS,
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, HERE / "stand_in.py"], env=environment, cwd=work, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        until("the stand-in for AWS answers", lambda: healthy(process, log), 60)
        yield Aws(outbox, scheduled)
    finally:
        # It keeps nothing that would have to be put in order, and would wait for its clients.
        process.kill()
        process.wait()


def healthy(process, log):
    """Whether the stand-in takes requests."""
    if process.poll() is not None:
        raise Failed(f"the stand-in ended by itself with {process.returncode}:\n{log.read_text()[-4000:]}")
    try:
        with urllib.request.urlopen(f"{ENDPOINT}/_ministack/health", timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, OSError):
        return False
