# SPDX-License-Identifier: Apache-2.0
"""Writes docs/reference/python.md and cpp.md out of docstrings and of the public headers' comments.

    python scripts/api_reference.py [--check]

Reads sources and imports nothing, so that no library has to be there. `--check` writes nothing and fails where a page
is not what the sources say now.
"""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "python/lighthouse"
PAGES = ROOT / "docs/reference"
MODULES = (
    "nn",
    "schedule",
    *sorted(f"integrations.{file.stem}" for file in (PACKAGE / "integrations").glob("[a-z]*.py")),
)
SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Example")
Definition = ast.FunctionDef | ast.ClassDef


# Python --------------------------------------------------------------------------------------------------------------


def python_page() -> str:
    parts = ["# Python API\n\nMade by `make docs` out of the docstrings. [python.md](../python.md) has examples.\n"]
    parts += module_part("lighthouse", PACKAGE / "__init__.py")
    for name in MODULES:
        parts += module_part(f"lighthouse.{name}", PACKAGE / (name.replace(".", "/") + ".py"))
    return "\n".join(parts)


def module_part(name: str, file: Path) -> Iterator[str]:
    tree = ast.parse(file.read_text())
    yield f"## {name}\n\n{markdown(ast.get_docstring(tree))}\n"
    for public in exported(tree):
        found = definition(file, public)
        if found is not None:
            yield definition_part(f"{name}.{public}", *found)


def exported(tree: ast.Module) -> list[str]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == ["__all__"]:
            return ast.literal_eval(node.value)
    raise ValueError("expects a module with __all__, but got one without")


def definition(file: Path, name: str) -> tuple[Definition, list[str]] | None:
    """That of a name in a module or where the module imports it from, and the lines of that; None for constants."""
    tree = ast.parse(file.read_text())
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return node, file.read_text().splitlines()
        if isinstance(node, ast.ImportFrom) and name in [each.name for each in node.names]:
            source = ROOT / "python" / (node.module.replace(".", "/") + ".py")
            if source.exists():
                return definition(source, name)
    return None


def definition_part(name: str, node: Definition, source: list[str]) -> str:
    text = f"### {name}\n\n```python\n{declaration(node, source)}\n```\n\n{markdown(ast.get_docstring(node))}\n"
    if isinstance(node, ast.FunctionDef):
        return text
    for member in node.body:
        if isinstance(member, (ast.FunctionDef, ast.ClassDef)) and is_public(member) and ast.get_docstring(member):
            text += (
                f"\n#### {name.rpartition('.')[2]}.{member.name}\n\n```python\n{declaration(member, source)}\n```\n\n"
            )
            text += f"{markdown(ast.get_docstring(member))}\n"
    return text


def is_public(node: Definition) -> bool:
    return not node.name.startswith("_")


def declaration(node: Definition, source: list[str]) -> str:
    """``def name(...) -> ...``, a parameter a line where one line is too long; a class with __init__ or its fields."""
    if isinstance(node, ast.FunctionDef):
        if any(ast.unparse(each) == "property" for each in node.decorator_list):
            return f"{node.name}: {ast.unparse(node.returns)}"
        return signature(f"def {node.name}", node)
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    head = f"class {node.name}({bases})" if bases else f"class {node.name}"
    for member in node.body:
        if isinstance(member, ast.FunctionDef) and member.name == "__init__":
            return f"{head}\n{signature(node.name, member, skips_self=True)}"
    fields = [
        source[member.lineno - 1 : member.end_lineno] for member in node.body if isinstance(member, ast.AnnAssign)
    ]
    lines = [line[member_indent(node) :] for field in fields for line in field]  # With their comments.
    return "\n".join([head + (":" if lines else ""), *lines])


def member_indent(node: ast.ClassDef) -> int:
    """Columns that a nested class's members are too far right."""
    return node.body[0].col_offset - 4


def signature(name: str, node: ast.FunctionDef, skips_self: bool = False) -> str:
    arguments = node.args
    given = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(given) - len(arguments.defaults)) + arguments.defaults
    parameters = [parameter(argument, default) for argument, default in zip(given, defaults, strict=True)]
    parameters = parameters[1:] if skips_self or (given and given[0].arg == "self") else parameters
    if arguments.vararg:
        parameters.append(f"*{ast.unparse(arguments.vararg)}")
    elif arguments.kwonlyargs:
        parameters.append("*")
    parameters += map(parameter, arguments.kwonlyargs, arguments.kw_defaults)
    if arguments.kwarg:
        parameters.append(f"**{ast.unparse(arguments.kwarg)}")
    result = f" -> {ast.unparse(node.returns)}" if node.returns and not skips_self else ""
    line = f"{name}({', '.join(parameters)}){result}"
    return line if len(line) <= 100 else f"{name}(\n    " + ",\n    ".join(parameters) + f",\n){result}"


def parameter(argument: ast.arg, default: ast.expr | None) -> str:
    text = ast.unparse(argument)
    if default is None:
        return text
    return f"{text} = {ast.unparse(default)}" if argument.annotation else f"{text}={ast.unparse(default)}"


def markdown(docstring: str | None) -> str:
    """Of a docstring with Google's sections, ``code`` in double backquotes and indented blocks."""
    if docstring is None:
        raise ValueError("expects a docstring of every public name")
    lines, section = [], ""
    for line in docstring.splitlines():
        if line.removesuffix(":") in SECTIONS and line.endswith(":"):
            section = line[:-1]
            lines.append(f"**{section}**\n" if section != "Example" else "**Example**\n\n```python")
        elif section == "Example":
            lines.append(re.sub("^    (>>> |[.]{3} )?", "", line))
        elif section and re.match("    [^ ]", line):
            lines.append(item(line.strip(), section))
        else:
            lines.append(line.removeprefix("    ") if section else line)
    if section == "Example":
        lines.append("```")
    text = "\n".join(lines)
    return re.sub("(?<!`)``(?!`)(.+?)``", r"`\1`", text, flags=re.DOTALL)


def item(line: str, section: str) -> str:
    """One of a section's; what follows it is indented."""
    name, colon, text = line.partition(": ")
    if section == "Returns":
        return line
    if not colon or not re.fullmatch(r"[\w, *.]+", name):
        return f"\n{line}"
    return f"- `{name}`: {text}"


# C++ -----------------------------------------------------------------------------------------------------------------


def cpp_page() -> str:
    """Declarations of the headers that are installed, with their comments, a section a header."""
    install = (ROOT / "cmake/LighthouseInstall.cmake").read_text()
    headers = re.search(r"foreach\(header ([^)]*)\)", install)[1].split()
    sections = [
        header_part(name, (ROOT / "lighthouse_ops" / name).read_text()) for name in headers if name != "Export.h"
    ]
    table = [f"| [{name}](#{name.lower().replace('.', '')}) | {about} |" for name, about, _ in sections]
    return "\n".join(
        [
            "# C++ API\n",
            "Made by `make docs` out of the headers in `lighthouse_ops`, which are all that is installed; namespace",
            "`lighthouse`. [examples/cpp](../../examples/cpp) is a program that uses it.\n",
            "| header | |\n| --- | --- |",
            *table,
            "",
            *(f"## {name}\n\n{code}" for name, _, code in sections),
        ]
    )


def header_part(name: str, text: str) -> tuple[str, str, str]:
    """The header's name, what it is about, and its declarations as code."""
    about = re.search(r"//\n((?:// .*\n)+)", text)[1].replace("// ", "").replace("\n", " ").strip()
    body = re.search(r"namespace lighthouse {\n(.*)} // namespace lighthouse", text, re.DOTALL)[1]
    code = body.replace("LIGHTHOUSE_API ", "").strip()
    return name, about, f"```cpp\n{code}\n```\n"


def main() -> int:
    pages = {PAGES / "python.md": python_page(), PAGES / "cpp.md": cpp_page()}
    if "--check" not in sys.argv[1:]:
        for file, text in pages.items():
            file.write_text(text)
        return 0
    stale = [file for file, text in pages.items() if not file.exists() or file.read_text() != text]
    for file in stale:
        print(f"{file} is not what the sources say now: make docs", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
