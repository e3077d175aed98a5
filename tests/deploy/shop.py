"""A shop, as the outside world meets it: its secrets, its webhook, its customer Anna."""

import base64
import hashlib
import hmac
import io
import json
import secrets
import time
import urllib.request
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

from cloud import ask
from stages import Failed, expect

STORE = "shop"
ANNA = "anna.lind@example.com"


def moment(hours_ago=0):
    """A moment as our JSON has it."""
    at = datetime.now(timezone.utc) - timedelta(hours=hours_ago)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def signed_headers(secret, identity, body):
    """A webhook's headers, by the rules of Standard Webhooks."""
    at = str(int(time.time()))
    signed = hmac.new(secret, f"{identity}.{at}.{body}".encode(), hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": identity,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


class Shop:
    """A stack that was applied, and the one shop on it."""

    def __init__(self, aws, stack):
        self.aws = aws
        self.urls, self.functions, self.tables = stack["urls"], stack["functions"], stack["tables"]
        self.queues, self.dead_letters = stack["queues"], stack["dead_letter_queues"]
        self.configuration_set, self.link_base = stack["configuration_set"], stack["link_base"]
        self.prefix = stack["secrets_prefix"]
        self.webhook_secret = secrets.token_bytes(24)
        self.stack = stack

    def forget_secrets(self):
        """What an operator deletes after the last call: Terraform knows nothing of it."""
        below = self.aws.ssm.get_parameters_by_path(Path=self.prefix, Recursive=True)["Parameters"]
        self.aws.ssm.delete_parameters(Names=[parameter["Name"] for parameter in below])

    def webhook_words(self):
        """The webhook's secret as Standard Webhooks write it."""
        return "whsec_" + base64.b64encode(self.webhook_secret).decode()

    def webhook(self, identity, event):
        """An event of the store, signed by the rules of Standard Webhooks."""
        body = json.dumps(event)
        headers = signed_headers(self.webhook_secret, identity, body)
        return ask("POST", f"{self.urls['receive-webhook']}/webhooks/{STORE}", headers, body)

    def invoke(self, function, event):
        """A function asked directly, as an operator does."""
        return self.aws.invoke(self.functions[function], event)

    def customers(self):
        """The store's customers by key."""
        return self._items("customers", "customer")

    def messages(self):
        """The store's messages by key."""
        return self._items("ledger", "message")

    def known_as(self):
        """The store's own record."""
        return self.aws.items(self.tables["customers"])[f"{STORE}#store"]

    def _items(self, table, kind):
        items = self.aws.items(self.tables[table]).items()
        return {key: item for key, item in items if key.startswith(f"{STORE}#{kind}#")}

    def log(self, function):
        """What a function wrote to its log: JSON lines of its own, and the runtime's."""
        return self.aws.log(f"/aws/lambda/{self.functions[function]}")

    def said(self, function, message):
        """How often a function logged a message."""
        return [fields for fields in map(read_fields, self.log(function)) if fields.get("message") == message]


def read_fields(line):
    """The fields of a log line, or nothing where it is not one of ours."""
    try:
        return json.loads(line).get("fields", {})
    except (ValueError, AttributeError):
        return {}


def named_twice(line):
    """The names that stand twice in one object of a line."""
    found = set()

    def see(pairs):
        names = [name for name, _ in pairs]
        found.update(name for name in names if names.count(name) > 1)
        return dict(pairs)

    json.loads(line, object_pairs_hook=see)
    return found


def unpack_layer(aws, function):
    """What Lambda does before it starts a function: unpacks its layer under /opt. ministack does so for Python only."""
    layers = aws.lambda_.get_function_configuration(FunctionName=function).get("Layers", [])
    expect(len(layers) == 1, f"{function} has the layer of programs", layers)
    content = aws.lambda_.get_layer_version_by_arn(Arn=layers[0]["Arn"])["Content"]
    with urllib.request.urlopen(content["Location"], timeout=30) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))
    opt = Path("/opt")
    if (opt / "winback").exists():
        raise Failed("/opt/winback is there already: start this with tests/deploy/run, which has an /opt of its own")
    archive.extractall(opt)
