"""The Terraform module: a copy of it, applied as examples/simple says, and taken down."""

import json
import os
import shutil
import subprocess
import sys

from cloud import CREDENTIALS, ENDPOINT
from packages import ROOT
from stages import Failed, expect

MODULE = ROOT / "infra/terraform"
# The sample shop's own.
SENDER_DOMAIN = "shop.example"
# Beside the example's own lines: what may be deleted with all that it holds, since all of it is taken down in the end.
OVERRIDE = """
module "winback" {
  deletion_protection = false
  force_destroy       = true
}
"""
# More at once than Terraform's ten: most of the time the provider only waits.
PARALLELISM = "-parallelism=64"


class Stack:
    """examples/simple in a folder of its own."""

    def __init__(self, work, packages, layer):
        copy = work / "terraform"
        leftovers = shutil.ignore_patterns(".terraform", ".terraform.lock.hcl", "*.tfstate", "*.tfstate.*", "tests")
        shutil.copytree(MODULE, copy, ignore=leftovers)
        self.folder = copy / "examples/simple"
        (self.folder / "proof_override.tf").write_text(OVERRIDE)
        given = {"packages_dir": packages, "programs_zip": layer, "sender_domain": SENDER_DOMAIN}
        self.variables = [f"-var={name}={value}" for name, value in given.items()]
        self.log = work / "terraform.log"

    def init(self):
        """Brings the provider along."""
        self._run(["init", f"-plugin-dir={os.environ['TF_PLUGIN_DIR']}"])

    def apply(self):
        """Makes what the module says. Answers its outputs."""
        self._run(["apply", "-auto-approve", PARALLELISM, *self.variables])
        return json.loads(self._run(["output", "-json"]).stdout)["winback"]["value"]

    def expect_no_changes(self):
        """What stands is what the module says: applying it once more would do nothing."""
        plan = self._run(["plan", "-detailed-exitcode", "-out=again", PARALLELISM, *self.variables], fine=(0, 2))
        if plan.returncode == 0:
            return
        shown = json.loads(self._run(["show", "-json", "again"]).stdout)
        changed = [change for change in shown["resource_changes"] if change["change"]["actions"] != ["no-op"]]
        said = [f"{change['address']}: {', '.join(differences(change['change']))}" for change in changed]
        raise Failed("a second apply would change something:\n  " + "\n  ".join(said or [plan.stdout[-3000:]]))

    def expect_no_secret(self, secrets):
        """Nothing that Terraform keeps or plans with holds a secret: it neither makes nor reads a parameter."""
        kept = {
            "the state": (self.folder / "terraform.tfstate").read_text(),
            "a plan": self._run(["show", "-json", "again"]).stdout,
        }
        for name, text in kept.items():
            found = [parameter for parameter, value in secrets.items() for line in words(value) if line in text]
            expect(not found, f"{name} holds no secret's value", found)
        parameters = [address for address in self.resources() if "aws_ssm_parameter" in address]
        expect(not parameters, "no parameter is Terraform's", parameters)
        files = sorted(self.folder.parents[1].glob("*.tf"))
        reading = [file.name for file in files if "aws_ssm_parameter" in file.read_text()]
        expect(files and not reading, "nor does the module read one", reading)

    def resources(self):
        """The addresses of what stands, as Terraform knows it."""
        listed = self._run(["state", "list"]).stdout.splitlines()
        return [address for address in listed if ".data." not in f".{address}"]

    def destroy(self):
        """Takes down what was made."""
        self._run(["destroy", "-auto-approve", "-refresh=false", PARALLELISM, *self.variables])
        expect(not self.resources(), "nothing is left in Terraform's state", self.resources())

    def _run(self, arguments, fine=(0,)):
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR")},
            **CREDENTIALS,
            "AWS_ENDPOINT_URL": ENDPOINT,
            "AWS_EC2_METADATA_DISABLED": "true",
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "CHECKPOINT_DISABLE": "1",
        }
        colour = [] if arguments[0] in ("output", "state") else ["-no-color"]
        command = ["terraform", *arguments, *colour]
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)
        with self.log.open("a") as log:
            log.write(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}\n")
        if done.returncode not in fine:
            print(done.stdout[-3000:], done.stderr[-6000:], sep="\n", file=sys.stderr)
            raise Failed(f"terraform {arguments[0]} ended with {done.returncode}; what it said stands above")
        return done


def words(secret):
    """The texts in a parameter that must be nowhere else: its lines, and what stands behind a key's number."""
    found = [line.rsplit(":", 1)[-1].removeprefix("whsec_").split()[-1] for line in secret.splitlines() if line.strip()]
    expect(found and all(len(word) >= 16 for word in found), "a secret is long enough to be looked for")
    return found


def differences(change):
    """What a planned change changes, by attribute."""
    before, after, unknown = change["before"] or {}, change["after"] or {}, change["after_unknown"] or {}
    names = sorted({*before, *after, *(name for name, value in unknown.items() if value)})
    actions = "/".join(change["actions"])
    differing = [name for name in names if unknown.get(name) is True or before.get(name) != after.get(name)]
    later = "(known after apply)"
    return [f"{actions} {name}: {before.get(name)!r} -> {after.get(name, later)!r}" for name in differing]
