"""`python -m webhooks.cli`: the same as the command `hookline`."""

from webhooks.cli import main

main()
