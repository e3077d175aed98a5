#!/usr/bin/env python3
"""Writes the tables of inputs and outputs in README.md from variables*.tf and outputs.tf.

`python3 docs.py` rewrites README.md, `python3 docs.py --check` exits 1 when it is stale. It reads as much of Terraform's language as
`terraform fmt` leaves: a block begins at the left margin and ends with a brace there, an argument of it is indented by two.
"""

import re
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


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


def inputs() -> str:
    """Every variable, what must be given first, then file by file."""
    first = HERE / "variables.tf"
    paths = [first, *sorted(path for path in HERE.glob("variables_*.tf"))]
    variables = {name: given for path in paths for name, given in blocks("variable", path).items()}
    ordered = sorted(variables.items(), key=lambda item: "default" in item[1])
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


def main() -> None:
    path = HERE / "README.md"
    readme = path.read_text(encoding="utf-8")
    fresh = between(between(readme, "inputs", inputs()), "outputs", outputs())
    if "--check" in sys.argv[1:]:
        if fresh != readme:
            sys.exit("README.md is stale: run python3 docs.py")
    else:
        path.write_text(fresh, encoding="utf-8")


if __name__ == "__main__":
    main()
