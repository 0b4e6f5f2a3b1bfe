"""What the command line says about itself."""

import click
import pytest

from webhooks.cli.commands import hookline


def commands(group, path=()):
    for name, command in group.commands.items():
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize(
    ("path", "command"), list(commands(hookline)), ids=lambda each: "-".join(each) if isinstance(each, tuple) else ""
)
def test_each_command_says_what_it_is_for_and_has_no_name_twice(run, path, command):
    result = run(*path, "--help")

    assert command.help
    assert command.help in " ".join(result.output.split())
    names = [each.name for each in command.params]
    assert len(names) == len(set(names))
    assert [each.name for each in command.params if isinstance(each, click.Option) and not each.help] == []


@pytest.mark.parametrize("path", [(), *(path for path, each in commands(hookline) if isinstance(each, click.Group))])
def test_what_a_command_is_for_is_listed_whole(run, path):
    _, told = run(*path, "--help").output.split("[ARGS]...")

    assert "..." not in told


def test_the_shell_completes_commands(run):
    result = run(env={"_HOOKLINE_COMPLETE": "bash_complete", "COMP_WORDS": "hookline end", "COMP_CWORD": "1"})

    assert "plain,endpoints" in result.stdout
