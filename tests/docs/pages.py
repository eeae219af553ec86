"""How the pages of the documentation are read."""

import re


class Block:
    """One fenced block, with the comment before it."""

    def __init__(self, language, text, comments):
        self.language, self.text = language, text
        self.why_not = next((comment.removeprefix("not run: ") for comment in comments if comment.startswith("not run: ")), "")
        self.who = next((comment.removeprefix("as ") for comment in comments if comment.startswith("as ")), "admin")
        self.file = next((comment.removeprefix("file ") for comment in comments if comment.startswith("file ")), "")


def blocks_of(page):
    """The blocks of a page in their order."""
    pattern = re.compile(r"((?:^<!-- [^\n]* -->\n)*)^```(\w+)\n(.*?)^```$", re.M | re.S)
    return [Block(language, text, re.findall(r"<!-- (.*) -->", comments)) for comments, language, text in pattern.findall(page.read_text())]
