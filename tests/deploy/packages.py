"""What is deployed: the functions' zips as they were given, and the layer of programs, packed by the command."""

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from datetime import datetime, timezone
from pathlib import Path

from stages import Failed, expect

ROOT = Path(__file__).resolve().parents[2]
MACHINE_X86_64 = 62
# Lambda takes an upload of so much, and so much unpacked.
MOST_ZIPPED = 50 * 1024 * 1024
MOST_UNZIPPED = 250 * 1024 * 1024


def add_option(parser):
    """The option that says where the zips are."""
    folder = os.environ.get("WINBACK_PACKAGES")
    known = {"required": True} if folder is None else {"default": Path(folder)}
    says = "the functions' zips, as `winback package --out DIR` makes them (or in WINBACK_PACKAGES)"
    parser.add_argument("--packages", type=Path, metavar="DIR", help=says, **known)


def functions():
    """The functions of this repository."""
    return sorted(folder.name for folder in (ROOT / "functions").iterdir() if (folder / "Cargo.toml").is_file())


def check(folder):
    """Every function has a zip with an executable of the right kind. Answers their sizes in bytes."""
    missing = [name for name in functions() if not (folder / f"{name}.zip").is_file()]
    if missing:
        raise Failed(f"{folder} has no zip of {', '.join(missing)}: make them with `winback package --out {folder}`")
    check_sums(folder)
    return {name: check_one(folder / f"{name}.zip") for name in functions()}


def check_sums(folder):
    """SHA256SUMS names every package, and each is what it says."""
    lines = (folder / "SHA256SUMS").read_text().splitlines() if (folder / "SHA256SUMS").is_file() else []
    sums = {name: digest for digest, name in (line.split("  ", 1) for line in lines)}
    missing = [f"{name}.zip" for name in functions() if f"{name}.zip" not in sums]
    expect(not missing, f"SHA256SUMS in {folder} names every package", missing)
    gone = [name for name in sums if not (folder / name).is_file()]
    expect(not gone, "every package that SHA256SUMS names is there", gone)
    other = [name for name, digest in sums.items() if digest != hashlib.sha256((folder / name).read_bytes()).hexdigest()]
    expect(not other, "every package is what SHA256SUMS says", other)


def check_one(package):
    """One function's zip."""
    with zipfile.ZipFile(package) as archive:
        names = archive.namelist()
        expect("bootstrap" in names, f"{package.name} holds an executable called bootstrap", names)
        info = archive.getinfo("bootstrap")
        expect(info.external_attr >> 16 & 0o111, f"bootstrap in {package.name} may be executed")
        with archive.open(info) as file:
            head = file.read(20)
    expect(head[:4] == b"\x7fELF", f"bootstrap in {package.name} is a program for Linux", head[:4])
    machine = int.from_bytes(head[18:20], "little")
    expect(machine == MACHINE_X86_64, f"bootstrap in {package.name} is for x86_64, which runs here", machine)
    size = package.stat().st_size
    expect(size <= MOST_ZIPPED and info.file_size <= MOST_UNZIPPED, f"{package.name} is small enough for Lambda", size)
    return size


def unpack(folder, into):
    """The functions' executables by name, unpacked."""
    executables = {}
    for name in functions():
        target = into / name
        with zipfile.ZipFile(folder / f"{name}.zip") as archive:
            with archive.open("bootstrap") as source, target.open("wb") as file:
                shutil.copyfileobj(source, file)
        target.chmod(0o755)
        executables[name] = target
    return executables


def command():
    """The binary `winback`, where the zips were made by it."""
    path = Path(os.environ.get("WINBACK_COMMAND") or ROOT / "target/debug/winback")
    if not path.is_file():
        raise Failed(f"{path} is not there: build it with `cargo build`, or name it in WINBACK_COMMAND")
    return path.resolve()


def layer(store, file):
    """The sample bookshop as a layer, packed as an operator packs it. `file` is called programs.zip, as the command has it."""
    shops = file.parent / "shops"
    lay(store, shops)
    words = [command(), "package", "--programs", shops, "--programs-only", "--out", file.parent]
    done = subprocess.run(words, capture_output=True, text=True)
    expect(done.returncode == 0 and file.is_file(), "winback package packs the shops' folders", done.stdout, done.stderr)
    return file


def lay(store, shops):
    """The sample bookshop's folder, as that store's: whoever is due is mailed at once, whatever the hour and the day of the
    week, and nobody is held out."""
    shop = ROOT / "shared/programs/shop"
    edits = {
        "shop.yaml": [("holdout: 30 %", "holdout: 0 %"), ("Europe/Helsinki", zone_with_noon_now())],
        "program.yaml": [("we-miss-you\n        send: Tue-Thu 09:00\n", "we-miss-you\n")],
    }
    for path in sorted(shop.rglob("*")):
        name = str(path.relative_to(shop))
        if path.is_dir() or not re.fullmatch(r"[\w./-]+\.(yaml|txt|mjml)", name):
            continue
        text = path.read_text()
        for old, new in edits.get(name, []):
            expect(text.count(old) == 1, f"{name} of the sample shop says {old!r} once")
            text = text.replace(old, new)
        target = shops / store / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def zone_with_noon_now():
    """The functions read the machine's clock: in this zone it is about noon, far from midnight and from quiet hours."""
    hour = datetime.now(timezone.utc).hour
    # POSIX turns the sign around: Etc/GMT-3 is three hours ahead of Greenwich.
    return f"Etc/GMT{hour - 12:+d}"
