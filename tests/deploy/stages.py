"""What happened when: a story of stages, each with its time, told while it happens and summed up at the end."""

import contextlib
import json
import time
from pathlib import Path


class Failed(Exception):
    """Something does not hold. The message says what, and who can act."""


class Stages:
    """The stages of a run and the moments that count."""

    def __init__(self):
        self.begun, self.begun_at = time.monotonic(), time.time()
        self.stages = []
        self.milestones = []
        self.notes = []

    @contextlib.contextmanager
    def stage(self, name):
        """One stage: told when it ends, also when it fails."""
        begun = time.monotonic()
        try:
            yield
        except BaseException:
            print(f"  {name}: FAILED after {time.monotonic() - begun:.1f} s")
            raise
        took = time.monotonic() - begun
        self.stages.append({"name": name, "seconds": round(took, 2)})
        print(f"  {name}: {took:.1f} s")

    def milestone(self, name):
        """A moment that counts, from the beginning of the run."""
        seconds = round(time.monotonic() - self.begun, 2)
        self.milestones.append({"name": name, "seconds": seconds})
        print(f"* {name}, {seconds:.1f} s from the start")

    def note(self, text):
        """Something a reader must know about what was shown and what was not."""
        self.notes.append(text)
        print(f"  NOTE: {text}")

    def table(self):
        """The sum, for people."""
        rows = [(stage["name"], stage["seconds"]) for stage in self.stages]
        total = ("altogether", round(time.monotonic() - self.begun, 1))
        width = max(len(name) for name, _ in [*rows, total])
        lines = [f"{name:<{width}}  {seconds:>7.1f} s" for name, seconds in rows]
        lines += ["-" * (width + 11), f"{total[0]:<{width}}  {total[1]:>7.1f} s"]
        before = 0.0
        for milestone in self.milestones:
            step = milestone["seconds"] - before
            lines.append(f"{milestone['name']:<{width}}  {milestone['seconds']:>7.1f} s  (+{step:.1f})")
            before = milestone["seconds"]
        return "\n".join(lines)

    def write(self, path):
        """The sum, for programs."""
        whole = {
            "begun": self.begun_at,
            "stages": self.stages,
            "milestones": self.milestones,
            "notes": self.notes,
            "seconds": round(time.monotonic() - self.begun, 2),
        }
        Path(path).write_text(json.dumps(whole, indent=2) + "\n")


def until(what, ask, limit_seconds, every_seconds=0.1):
    """Asks until there is an answer that is not empty, and answers with it."""
    end = time.monotonic() + limit_seconds
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > end:
            raise Failed(f"{what}: not within {limit_seconds} s")
        time.sleep(every_seconds)


def expect(holds, what, *seen):
    """A claim of the proof."""
    if not holds:
        raise Failed(" ".join([what, *(f"({thing!r})" for thing in seen)]))
