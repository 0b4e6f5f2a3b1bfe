"""What a command printed for a program."""

import json


def lines(result):
    """A list: one document a line."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def one(result):
    """One document."""
    return json.loads(result.stdout)
