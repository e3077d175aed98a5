#!/usr/bin/env python3
"""Writes the tables of inputs and outputs in README.md from variables*.tf and outputs.tf.

`python3 docs.py` rewrites README.md, `python3 docs.py --check` exits 1 when it is stale, when a variable is missing in examples/complete,
when one has no validation and needs one, or when something would be built inside an apply. It reads as much of Terraform's language as
`terraform fmt` leaves: a block begins at the left margin and ends with a brace there, an argument of it is indented by two.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# A bool can hold nothing wrong. Of the others these are not validated, and why.
UNVALIDATED = {"tags": "AWS says itself what a tag may hold, service by service"}
# What would run a command or pack a file while Terraform plans or applies. Packages are made before, by `winback package`: two people who
# apply the same packages get the same functions.
BUILDING = re.compile(r'\bprovisioner\s+"|"(?:external|archive_file)"')


def blocks(kind: str, path: Path) -> dict[str, dict[str, str]]:
    """The blocks of a kind in a file: name to arguments, in the order in which they stand."""
    found = re.finditer(rf'^{kind} "([^"]+)" {{\n(.*?)^}}$', path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return {name: arguments(body) for name, body in (block.groups() for block in found)}


def arguments(body: str) -> dict[str, str]:
    """The arguments of a block. One over several lines goes on until a line that is indented by two closes it."""
    lines, found, name = iter(body.splitlines()), {}, None
    for line in lines:
        begins = re.match(r"  ([a-z_]+) += (.*)$", line)
        if begins:
            name, value = begins.groups()
            found[name] = value
        elif re.match(r"  [a-z_]+ {", line):
            name = None
        elif name and re.match(r"   +\S|  [)}\]]", line):
            found[name] += "\n" + line
    return found


def one_line(value: str) -> str:
    """An expression over several lines, as one."""
    value = re.sub(r"\n\s*(?=[)}\]])", " ", value)
    value = re.sub(r"([({\[])\n\s*", r"\1 ", value)
    value = re.sub(r",?\n\s*", ", ", value)
    return re.sub(r" +", " ", value).replace("({ ", "({").replace(" })", "})")


def text(value: str) -> str:
    """A description, as Markdown in a table: what stands outside of backticks is no HTML, and a bar ends no cell."""
    words = value.strip('"').replace('\\"', '"').replace("\\\\", "\\").replace("|", "\\|")
    parts = words.split("`")
    parts[::2] = [part.replace("<", "&lt;").replace(">", "&gt;") for part in parts[::2]]
    return "`".join(parts)


def code(value: str) -> str:
    return f"`{one_line(value)}`".replace("|", "\\|")


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def variable_files() -> list[Path]:
    return [HERE / "variables.tf", *sorted(HERE.glob("variables_*.tf"))]


def variables() -> dict[str, dict[str, str]]:
    """Every variable, file by file."""
    return {name: given for path in variable_files() for name, given in blocks("variable", path).items()}


def inputs() -> str:
    """Every variable, what must be given first."""
    ordered = sorted(variables().items(), key=lambda item: "default" in item[1])
    rows = [
        [f"`{name}`", code(given["type"]), code(given["default"]) if "default" in given else "must be given", text(given["description"])]
        for name, given in ordered
    ]
    return table(["name", "type", "default", "what it is"], rows)


def outputs() -> str:
    rows = [[f"`{name}`", text(given["description"])] for name, given in blocks("output", HERE / "outputs.tf").items()]
    return table(["name", "what it is"], rows)


def between(readme: str, marker: str, content: str) -> str:
    begin, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    if readme.count(begin) != 1 or readme.count(end) != 1:
        sys.exit(f"README.md needs {begin} and {end} once each")
    before, rest = readme.split(begin)
    return f"{before}{begin}\n{content}\n{end}{rest.split(end)[1]}"


def building() -> list[tuple[Path, int, str]]:
    """Where the module, or an example of it, would build something. What stands behind a # is not looked at."""
    found = []
    for path in sorted([*HERE.glob("*.tf"), *HERE.glob("examples/*/*.tf")]):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if BUILDING.search(line.split("#")[0]):
                found.append((path, number, line))
    return found


def wrong() -> list[str]:
    """What is not as the README promises: every option stands in examples/complete, a wrong value is refused by the plan, and no apply
    builds anything."""
    example = (HERE / "examples/complete/main.tf").read_text(encoding="utf-8")
    module = re.search(r'^module "winback" {\n(.*?)^}$', example, re.MULTILINE | re.DOTALL).group(1)
    # As an argument, or in a comment where it excludes another: `# or packages_dir = "..."`.
    shown = set(re.findall(r"^  ([a-z0-9_]+) += |#.*\bor ([a-z0-9_]+) = ", module, re.MULTILINE))
    shown = {name for names in shown for name in names}
    texts = "".join(path.read_text(encoding="utf-8") for path in variable_files())
    bodies = dict(re.findall(r'^variable "([^"]+)" {\n(.*?)^}$', texts, re.MULTILINE | re.DOTALL))
    known = variables()
    found = [f"{name} is missing in examples/complete" for name in known if name not in shown]
    found += [
        f"{name} has no validation: write one, or say in docs.py why it needs none"
        for name, given in known.items()
        if "  validation {" not in bodies[name] and given["type"] != "bool" and name not in UNVALIDATED
    ]
    found += [f"{path.name}:{number} builds something inside an apply: {line.strip()}" for path, number, line in building()]
    stale = [name for name in UNVALIDATED if name not in known or "  validation {" in bodies[name]]
    return found + [f"{name} needs no reason in docs.py" for name in stale]


def main() -> None:
    path = HERE / "README.md"
    readme = path.read_text(encoding="utf-8")
    fresh = between(between(readme, "inputs", inputs()), "outputs", outputs())
    if "--check" in sys.argv[1:]:
        if fresh != readme:
            sys.exit("README.md is stale: run python3 docs.py")
        if found := wrong():
            sys.exit("\n".join(found))
    else:
        path.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
