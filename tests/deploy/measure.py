"""Measures every function's binary: start to first poll, start to DynamoDB's first answer, peak memory for a batch of
ten, and the size of its zip. Started by `run`."""

import argparse
import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import cloud
import packages
from measuring.batches import SECRETS, Batches, environment
from measuring.certificates import Certificates
from measuring.starts import Starts, figures, nothing
from shop import STORE
from stages import Failed, expect

# For a batch of ten rendered mails, and whatever the others do with ten; import-orders with a file of 20 MB.
AIMS = {"first_poll_ms": 5, "first_dynamodb_ms": 15, "peak_megabytes": 40, "zip_megabytes": 5}


def options():
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="tests/deploy/run measure", description=__doc__)
    packages.add_option(parser)
    parser.add_argument("--starts", type=int, default=21, metavar="N", help="starts of each function (21)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args()


async def measure(asked, work):
    """All figures, by function."""
    sizes = packages.check(asked.packages)
    binaries = work / "binaries"
    binaries.mkdir()
    executables = packages.unpack(asked.packages, binaries)
    layer = packages.layer(STORE, work / "programs.zip")
    with cloud.up(work, permissions=False) as aws:
        batches = Batches(aws, executables, work, layer)
        await batches.run()
    # A function that is new and has no batch would be missing in the table, and nobody would miss it.
    different = sorted(set(batches.events) ^ set(sizes))
    expect(not different, "each function that is packaged is measured", different)
    starts = Starts(executables, batches.events, environment(work), SECRETS, work)
    latency = {"nothing_ms": nothing(asked.starts), "http_ms": await starts.run(asked.starts)}
    encrypted = None
    if shutil.which("openssl"):
        encrypted = Starts(executables, batches.events, environment(work), SECRETS, work)
        certificates = Certificates(work / "certificates")
        latency["https_ms"] = await encrypted.run(asked.starts, certificates)
        latency["authorities"] = certificates.count
    return {
        "aims": AIMS,
        "stand_in": latency,
        "functions": {
            name: {
                "first_poll_ms": figures(starts.polls[name]),
                "first_dynamodb_ms": figures(starts.firsts.get(name)),
                "first_dynamodb_tls_ms": figures(encrypted.firsts.get(name)) if encrypted else None,
                "asked_until_then": starts.roads[name],
                "peak_megabytes": round(batches.peaks[name], 1),
                "zip_megabytes": round(sizes[name] / 1e6, 2),
            }
            for name in sorted(batches.events)
        },
    }


def table(measured):
    """The figures for people."""
    aims = measured["aims"]

    def cell(value, aim=None, width=8):
        if value is None:
            return f"{'-':>{width}} "
        return f"{value:>{width}.1f}{'*' if aim and value > aim else ' '}"

    def median(figure):
        return figure and figure["median"]

    heads = ("poll ms", "dynamo ms", "by TLS", "peak MB", "zip MB")
    lines = ["function          " + "".join(f"{head:>11}" for head in heads) + "  asked first"]
    for name, figure in measured["functions"].items():
        cells = [
            cell(median(figure["first_poll_ms"]), aims["first_poll_ms"], 10),
            cell(median(figure["first_dynamodb_ms"]), aims["first_dynamodb_ms"], 10),
            cell(median(figure["first_dynamodb_tls_ms"]), aims["first_dynamodb_ms"], 10),
            cell(figure["peak_megabytes"], aims["peak_megabytes"], 10),
            cell(figure["zip_megabytes"], aims["zip_megabytes"], 10),
        ]
        lines.append(f"{name:<18}" + "".join(cells) + "  " + ", ".join(figure["asked_until_then"]))
    columns = ("first_poll_ms", "first_dynamodb_ms", "first_dynamodb_ms", "peak_megabytes", "zip_megabytes")
    lines.append(f"{'aim':<18}" + "".join(f"{f'<= {aims[column]}':>10} " for column in columns))
    stand_in = measured["stand_in"]
    tls = "; openssl is not installed, so nothing was measured by TLS."
    if "https_ms" in stand_in:
        tls = f", by TLS in {stand_in['https_ms']} ms; there a function reads {stand_in['authorities']} authorities first, on Lambda five."
    lines += [
        "Medians; nothing is subtracted. A star misses its aim.",
        f"A program that does nothing takes {stand_in['nothing_ms']} ms from its start to its end here.",
        f"The stand-in answers a warm client in {stand_in['http_ms']} ms{tls}",
    ]
    return "\n".join(lines)


# A machine that does something else meanwhile is slower (three times were seen beside two compilers), and nothing is larger
# for it: a size or a peak fails beyond its aim, a time beyond so many times its aim.
BUSY = 4


def missed(measured):
    """The aims that are missed beyond what a busy machine explains."""
    aims = measured["aims"]
    for name, figure in measured["functions"].items():
        values = {
            "first_poll_ms": (figure["first_poll_ms"]["median"], BUSY * aims["first_poll_ms"]),
            "peak_megabytes": (figure["peak_megabytes"], aims["peak_megabytes"]),
            "zip_megabytes": (figure["zip_megabytes"], aims["zip_megabytes"]),
        }
        for way in ("first_dynamodb_ms", "first_dynamodb_tls_ms"):
            if figure[way]:
                values[way] = (figure[way]["median"], BUSY * aims["first_dynamodb_ms"])
        for what, (value, most) in values.items():
            if value is not None and value > most:
                yield f"{name}: {what} is {value}, at most {most}"


def main():
    """Tells the figures. What is beyond its aim by more than a busy machine explains is a failure."""
    asked = options()
    try:
        measured = asyncio.run(measure(asked, Path(os.environ["TMPDIR"])))
    except Failed as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        return 1
    print(table(measured))
    if asked.json:
        asked.json.write_text(json.dumps(measured, indent=2) + "\n")
    failures = list(missed(measured))
    for failure in failures:
        print(f"MISSED: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
