"""Whoever runs the stack: by the command `winback` alone, as the operator's book says."""

import base64
import json
import os
import re
import subprocess

from cloud import CREDENTIALS, ENDPOINT, REGION
from proving.imports import HEADER
from shop import ANNA, STORE, unpack_layer
from proving.story import SIMULATOR, delivery
from stages import Failed, expect, until

# What the doctor finds amiss here, and is right to: each a line's beginning, and why. Everything else must be well.
AMISS = {
    "fail  {link_base} does not answer": "without a network no name is looked up, and nobody vouches for a certificate",
    "warn  links in mails lead to a function's own URL": "examples/simple has no domain for links",
    "warn  {store}: without a MAIL FROM domain": "nor one for bounces",
}
# What the doctor must have seen, and found well.
WELL = [
    "all {functions} functions are there and active",
    "receive-webhook may be called at {webhook_base}",
    "serve-offer may be called at {link_base}",
    "redeem-code may be called at ",
    "find-lapsed starts by itself: rate(1 minute)",
    "scan-customers starts by itself: cron(0 3 * * ? *)",
    "pull-orders starts by itself: cron(0 2 * * ? *)",
    "events feeds record-event: 0 wait",
    "due feeds send-message: 0 wait",
    "delivery feeds record-delivery: 0 wait",
    "no dead letter in events-dead",
    "no dead letter in due-dead",
    "no dead letter in delivery-dead",
    "SES takes mails: ",
    "2 send-message at once stay below SES's rate",
    "the configuration set {configuration_set} sends",
    "events about mails come to record-delivery by EventBridge",
    "events about mails come to record-delivery by SNS",
    "the keys lookup, code, link are there",
    "{store} has a webhook secret",
    "{store} is live, plan 1",
    "{store}: mails from shop.example are signed by shop.example, aligned",
    "the last scan was the run of ",
]


class Operator:
    """The command, pointed at the stack."""

    def __init__(self, shop, command, work):
        self.shop, self.command, self.work = shop, command, work
        function = shop.functions["send-message"]
        self.stack = function.removesuffix("-send-message")

    def start(self, *words):
        """Starts the command with `--stack`. Nothing of this machine's account is known to it."""
        known = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR")}
        places = {"AWS_ENDPOINT_URL": ENDPOINT, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
        return subprocess.Popen(
            [self.command, *words, "--stack", self.stack],
            env={**known, **places, **CREDENTIALS},
            cwd=self.work,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def said(self, process):
        """What it says, once it has ended."""
        try:
            said, _ = process.communicate(timeout=120)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"winback did not end: {process.args}") from None
        self.status = process.returncode
        return said

    def winback(self, *words):
        """Runs the command, and answers what it says."""
        return self.said(self.start(*words))

    def well(self, *words):
        """The same, where it goes well."""
        said = self.winback(*words)
        expect(self.status == 0, f"winback {' '.join(words)} goes well", said)
        return said

    def sets_a_store_up(self):
        """Keys and the store's secret; then the folder in the layer becomes its plan, and nobody is mailed."""
        said = self.well("store", "add", STORE, "--show")
        secret = re.search(r"whsec_([A-Za-z0-9+/=]+)", said)
        expect(secret, "it shows the store's secret to whoever asks")
        self.shop.webhook_secret = base64.b64decode(secret[1])
        expect(f"{self.shop.urls['receive-webhook']}/webhooks/{STORE}" in said, "and where the shop posts to", said)
        hidden = self.well("store", "add", STORE)
        expect("whsec_" not in hidden, "run again it makes nothing new and prints no secret", hidden)
        unpack_layer(self.shop.aws, self.shop.functions["scan-customers"])
        self.well("rehearse", STORE)
        store = self.shop.known_as()
        expect(store["state"] == "rehearsing", "the folder is its plan", store)

    def sets_it_live(self):
        """One word, after a look at whom the coming days would write to."""
        self.well("resume", STORE)
        store = self.shop.known_as()
        expect(store["state"] == "live", "the store is live", store)
        expect(STORE in self.well("store", "list"), "and listed")

    def imports(self):
        """A few orders of the past, uploaded and waited for."""
        path = self.work / "older.csv"
        lines = [f"older-{n},reader{n}@example.com,2024-0{1 + n}-11,19.90,EUR" for n in range(3)]
        path.write_text("\n".join([HEADER, *lines, "bad,nobody,never,,"]) + "\n")
        said = self.winback("import", str(path), "--store", STORE)
        expect("3 orders taken in" in said and f"The store {STORE} is live" in said, "they are taken in", said)
        expect(self.status == 3 and "line 5" in said, "the bad line is named, and makes a script look", said)

    def asks_about_anna(self):
        """Why she got her letter, all that is known of her, and all that is known of everybody."""
        said = self.well("explain", ANNA)
        expect("we-miss-you" in said, "her letter is explained", said)
        anna, everybody = self.work / "anna", self.work / "everybody"
        self.well("export", "--store", STORE, "--customer", ANNA, "--out", str(anna))
        files = [file for file in anna.rglob("*") if file.is_file()]
        expect(any(ANNA in file.read_text() for file in files), "what is known of her lies in a file", files)
        self.well("export", "--out", str(everybody))
        lines = {file.stem: len(file.read_text().splitlines()) for file in everybody.glob("*.jsonl")}
        shop = self.shop
        items = {"customers": shop.customers(), "orders": shop.orders(), "messages": shop.messages(), "codes": shop.codes()}
        known = {kind: len(found) for kind, found in items.items()}
        expect(lines == known and all(known.values()), "everything that is known is written", lines, known)
        modes = {file.name: oct(file.stat().st_mode & 0o777) for file in everybody.iterdir()}
        expect(set(modes.values()) == {"0o600"}, "and only whoever asked may read it", modes)

    def pauses_and_resumes(self):
        """For a look."""
        self.well("pause", STORE, "--because", "a look at the letter")
        store = self.shop.known_as()
        expect(store["state"] == "paused", "the store is paused", store)
        self.well("resume", STORE)
        expect(self.shop.known_as()["state"] == "live", "and goes on")

    def asks_the_doctor(self):
        """What there is to see is seen, and is well but for what a stand-in and the fewest options lack."""
        lines = self.winback("doctor").splitlines()
        expect(self.status == 1, "a line that fails makes a script look", self.status)
        shop = self.shop
        names = {
            "functions": len(shop.functions),
            "webhook_base": shop.urls["receive-webhook"],
            "link_base": shop.link_base,
            "configuration_set": shop.configuration_set,
            "store": STORE,
        }
        wanted = [beginning.format(**names) for beginning in [*AMISS, *(f"ok    {well}" for well in WELL)]]
        missing = [beginning for beginning in wanted if not any(line.startswith(beginning) for line in lines)]
        expect(not missing, "the doctor looks at everything", missing, lines)
        amiss = [line for line in lines[1:] if not line.startswith(("ok ", *wanted))]
        expect(not amiss, "the doctor finds nothing else amiss", *amiss)

    def tries_the_first_letter(self):
        """The doctor sends the store's own letter to SES's mailbox, and hears of it by the stack's own way. What SES says
        then is played here: the stand-in's says nothing."""
        process = self.start("doctor", "--first-mail", "--store", STORE, "--wait", "60")
        mails = self.shop.aws.outbox
        sent = until("the first letter leaves", lambda: [mail for mail in mails() if mail.to == [SIMULATOR]], 60)
        event = {"Source": "aws.ses", "DetailType": "Email Delivered", "Detail": json.dumps(delivery(sent[0]))}
        self.shop.aws.events.put_events(Entries=[event])
        said = self.said(process)
        expect(len(sent) == 1 and f"of {STORE} for {SIMULATOR}" in said, "one letter was tried", said)
        expect("it was delivered after" in said, "the doctor heard of it", said)
