"""Reads what the drift lint compares: the items of our manual pages, and the rows of our C tables."""

import re

import tree


class Item:
    """One `.It` of a page: its section, its line, its words without macros, and its text on one line."""

    def __init__(self, section, line, head):
        self.section, self.line, self.head, self.lines = section, line, head, []

    def words(self):
        return [word for word in self.head.split() if not re.fullmatch(r"[A-Z][a-z]|Ns", word)]

    def text(self):
        return " ".join(" ".join(self.lines).split())


def plain(line):
    """A line without macros and without what they do to punctuation."""
    line = line.replace("\\-", "-").replace("\\&", "").replace("\\e", "\\")
    if not line.startswith("."):
        return line
    words = [word for word in line[1:].split() if not re.fullmatch(r"[A-Z][a-z]", word)]
    return re.sub(r" ([.,;:)])", r"\1", " ".join(words))


def items(page):
    """The items of a page; one in a list inside another belongs to the text of the outer one."""
    found, section, outer, depth = [], "", 0, 0
    for number, line in enumerate(tree.read(page).split("\n"), 1):
        if line.startswith(".Sh "):
            section, depth = line[4:].strip('"'), 0
        depth += line.startswith(".Bl ")
        depth -= line == ".El"
        if line.startswith(".It ") and depth == 1:
            found.append(Item(section, number, line[4:]))
        elif found and found[-1].section == section and depth >= 1 and line not in (".Pp", ".El"):
            found[-1].lines.append(plain(line))
    return found


def block(path, name):
    """What stands between the braces of a table, and its line; ("", 0) where there is no such table."""
    text = tree.read(path)
    match = re.search(r"\b%s\[[^\]]*\] = \{(.*?)\n\};" % re.escape(name), text, re.DOTALL)
    return (match.group(1), tree.line_of(text, match.start())) if match else ("", 0)


STRING = r'"(?:\\.|[^"\\])*"'


def groups(text):
    """The {...} of the outermost level, strings respected."""
    depth, start, found = 0, 0, []
    for match in re.finditer(STRING + r"|'(?:\\.|[^'])'|[{}]", text):
        if match.group() == "{":
            start = match.end() if depth == 0 else start
            depth += 1
        elif match.group() == "}":
            depth -= 1
            if depth == 0:
                found.append(text[start:match.start()])
    return found


def unquote(text):
    return "".join(re.sub(r"\\(.)", r"\1", part[1:-1]) for part in re.findall(STRING, text))


def fields(row):
    """Members of a designated row: texts, characters and numbers as text, all else as it stands."""
    pattern = r"\.(\w+) = ((?:%s\s*)+|'(?:\\.|[^'])'|(?:[^,\"']|\"[^\"]*\")+)" % STRING
    found = {}
    for name, value in re.findall(pattern, row):
        value = value.strip()
        found[name] = unquote(value) if value[0] == '"' else value.strip("'") if value[0] == "'" else value
    return found


def rows(path, name):
    return [fields(row) for row in groups(block(path, name)[0])]
