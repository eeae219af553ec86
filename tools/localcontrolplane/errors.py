"""Failures that the command line prints as one sentence."""


class ToolError(Exception):
    """Something a person can act on; its text is the whole message."""


class UsageError(ToolError):
    """The arguments make no sense."""
