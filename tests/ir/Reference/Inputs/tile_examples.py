# SPDX-License-Identifier: Apache-2.0
"""Makes one program of each example in the tile dialect's descriptions, from a TableGen dump (JSON on standard input).

An example of an op is put into a kernel where the values that the descriptions use are defined, and one of an op for
roles into the role that it is for; an example of a layout or a type becomes the type of a value. Prints the programs
with `// -----` between them, each headed by its name.
"""

import json
import re
import sys

ALIASES = """\
#rows = #tile.rows<threads = 128, lanes = 16, elements = 8>
#mma = #tile.mma<warps = 4>
#r = #tile.slice<dim = 1, of = #rows>
"""
VIEWS = ", ".join(
    [f"%{name}: !tile.view<1x8x4096x128xbf16>" for name in ("qs", "ks", "out")]
    + ["%slots: !tile.view<1x8x10752xi32>", "%tokens: !tile.view<1x8x4096x128xbf16, strided, varlen>"]
)
VALUES = {
    "%x": "f32",
    "%b": "i32",
    "%h": "i32",
    "%row": "i32",
    "%end": "i32",
    "%rows": "tensor<64xi32, #r>",
    "%inside": "tensor<64xi1, #r>",
    "%tile": "tensor<64x128xbf16, #rows>",
    "%a": "tensor<64x128xbf16, #mma>",
    "%p": "tensor<64x64xbf16, #mma>",
    "%scores": "tensor<64x64xf32, #mma>",
    "%zero": "tensor<64x64xf32, #mma>",
    "%sums": "tensor<64x128xf32, #mma>",
    "%maxima": "tensor<64xf32, #tile.slice<dim = 1, of = #mma>>",
    "%none": "i32",
    "%first": "i32",
    "%counts": "tensor<512xi32, #tile.linear<threads = 128>>",
    "%digits": "tensor<512xi32, #tile.linear<threads = 128>>",
    "%open": "tensor<512xi1, #tile.linear<threads = 128>>",
    "%histogram": "!tile.shared<256xi32>",
    "%q": "!tile.shared<64x128xbf16>",
    "%k": "!tile.shared<64x128xbf16>",
    "%weights": "!tile.shared<64x64xbf16>",
}
# Defined beside those of VALUES, where an example for roles uses them.
ROLE_VALUES = {
    "%n": "i32",
    "%turn": "i32",
    "%next": "i32",
    "%keys": "!tile.ring<2, !tile.shared<128x128xbf16, panels>>",
    "%left": "!tile.shared<64x128xbf16, panels>",
    "%right": "!tile.shared<128x128xbf16, panels>",
}
ROLES = """\
  tile.roles threads [1, 256] registers [24, 240] {{
  ^bb0(%group: i32):
{one}  }}, {{
  ^bb0(%group: i32):
{many}  }}
"""


def examples_of(description: str) -> list[str]:
    """The description's ```mlir blocks."""
    return re.findall(r"^ *```mlir\n(.*?)^ *```$", description, re.MULTILINE | re.DOTALL)


def defined(example: str, values: dict[str, str]) -> str:
    """Those of the values that the example does not define itself, and then the example."""
    made = re.findall(r"^ *(%\w+)(?:, %\w+)* =", example, re.MULTILINE)
    lines = [f'  {name} = "example.value"() : () -> {type}\n' for name, type in values.items() if name not in made]
    return "".join(lines) + example


def in_kernel(body: str, threads: int) -> str:
    return f"{ALIASES}tile.kernel @example({VIEWS}) blocks 1 threads {threads} {{\n{body}}}\n"


def in_role(example: str) -> str:
    """In the role of one thread if it fetches, else in that of warpgroups; rings and roles stand at a kernel's top."""
    used = set(re.findall(r"%\w+", example))
    values = {name: type for name, type in (VALUES | ROLE_VALUES).items() if name in used}
    body = defined(example, values)
    if "tile.roles" not in example and "tile.ring readers" not in example:
        fetches = "tile.fetch" in example
        body = ROLES.format(one=body if fetches else "", many="" if fetches else body)
    return in_kernel(body, 384)


def programs_of(record: dict) -> list[str]:
    """A program of each example of a record, or of each line of it that is a type."""
    programs = []
    for example in examples_of(record["description"]):
        if "tile.kernel" in example:
            programs.append(example)
        elif re.match(r" *(tensor<|!tile)", example):
            programs += [f'%0 = "example.value"() : () -> {line.strip()}\n' for line in example.splitlines()]
        elif "Tile_AsyncOp" in record["!superclasses"] or record["!name"] == "RolesOp":
            programs.append(in_role(example))
        else:
            programs.append(in_kernel(defined(example, VALUES), 128))
    return programs


def main() -> None:
    dump = json.load(sys.stdin)
    programs = []
    for kind in ("Op", "AttrDef", "TypeDef", "Dialect"):
        for name in dump["!instanceof"][kind]:
            record = dump[name]
            dialect = name if kind == "Dialect" else record.get("dialect", record.get("opDialect"))["def"]
            if dialect != "Tile_Dialect":
                continue
            found = programs_of(record)
            if not found:
                sys.exit(f"expects a ```mlir example in the description of {name}")
            programs += [f"// {name}\n{each}" for each in found]
    print("\n// -----\n".join(programs))


main()
