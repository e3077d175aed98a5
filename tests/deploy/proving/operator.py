"""Whoever runs the stack: by the command `winback` alone, as the operator's book says."""

import base64
import os
import re
import subprocess
from pathlib import Path

from cloud import CREDENTIALS, ENDPOINT, REGION
from proving.imports import HEADER
from shop import ANNA, STORE, unpack_layer
from stages import Failed, expect

# What the doctor cannot see here, because the stand-in lacks it: each a line's beginning, and why. Everything else must be well.
UNSEEN = {}


class Operator:
    """The command, pointed at the stack."""

    def __init__(self, shop, command, work):
        self.shop, self.command, self.work = shop, command, work
        function = shop.functions["send-message"]
        self.stack = function.removesuffix("-send-message")

    def winback(self, *words):
        """Runs the command with `--stack`, and answers what it says. Nothing of this machine's account is known to it."""
        known = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR")}
        places = {"AWS_ENDPOINT_URL": ENDPOINT, "AWS_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true"}
        done = subprocess.run(
            [self.command, *words, "--stack", self.stack],
            env={**known, **places, **CREDENTIALS},
            cwd=self.work,
            capture_output=True,
            text=True,
            timeout=120,
        )
        self.status = done.returncode
        return done.stdout + done.stderr

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
        expect(f"{self.shop.link_base}/webhooks/{STORE}" in said or "/webhooks/" in said, "and where the shop posts to", said)
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
        """Why she got her letter, and all that is known of her."""
        said = self.well("explain", ANNA)
        expect("we-miss-you" in said, "her letter is explained", said)
        out = self.work / "anna"
        self.well("export", "--store", STORE, "--customer", ANNA, "--out", str(out))
        files = [file for file in out.rglob("*") if file.is_file()]
        expect(any(ANNA in file.read_text() for file in files), "what is known of her lies in a file", files)

    def pauses_and_resumes(self):
        """For a look."""
        self.well("pause", STORE, "--because", "a look at the letter")
        store = self.shop.known_as()
        expect(store["state"] == "paused", "the store is paused", store)
        self.well("resume", STORE)
        expect(self.shop.known_as()["state"] == "live", "and goes on")

    def asks_the_doctor(self):
        """Everything is as it should be, but what the stand-in lacks."""
        said = self.winback("doctor")
        ill = [line for line in said.splitlines() if line.startswith("fail")]
        unknown = [line for line in ill if not any(line.startswith(f"fail  {seen}") for seen in UNSEEN)]
        expect(not unknown, "the doctor finds nothing that the stand-in has and the stack lacks", *unknown)
        expect(len([line for line in said.splitlines() if line.startswith("ok")]) >= 15, "and much that is well", said)


def command():
    """The binary, where the zips were made by it."""
    path = Path(os.environ.get("WINBACK_COMMAND") or Path(__file__).parents[3] / "target/debug/winback")
    if not path.is_file():
        raise Failed(f"{path} is not there: build it with `cargo build`, or name it in WINBACK_COMMAND")
    return path.resolve()
