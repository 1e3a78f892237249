# SPDX-License-Identifier: Apache-2.0
"""Makes one program of each example in the tile dialect's descriptions, from a TableGen dump (JSON on standard input).

An example of an op is put into a kernel where the values that the descriptions use are defined; an example of a layout
or a type becomes the type of a value. Prints the programs with `// -----` between them, each headed by its name.
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
    [f"%{name}: !tile.view<1x8x4096x128xbf16>" for name in ("qs", "ks", "out")] + ["%slots: !tile.view<1x8x10752xi32>"]
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


def examples_of(description: str) -> list[str]:
    """The description's ```mlir blocks."""
    return re.findall(r"^ *```mlir\n(.*?)^ *```$", description, re.MULTILINE | re.DOTALL)


def in_kernel(example: str) -> str:
    """The example after those of VALUES that it does not define itself."""
    made = re.findall(r"^ *(%\w+)(?:, %\w+)* =", example, re.MULTILINE)
    values = [f'  {name} = "example.value"() : () -> {type}' for name, type in VALUES.items() if name not in made]
    body = "\n".join(values)
    return f"{ALIASES}tile.kernel @example({VIEWS}) blocks 1 threads 128 {{\n{body}\n{example}}}\n"


def program_of(example: str) -> str:
    if "tile.kernel" in example:
        return example
    if re.match(r" *(tensor<|!tile)", example):
        return f'%0 = "example.value"() : () -> {example.strip()}\n'
    return in_kernel(example)


def main() -> None:
    dump = json.load(sys.stdin)
    programs = []
    for kind in ("Op", "AttrDef", "TypeDef", "Dialect"):
        for name in dump["!instanceof"][kind]:
            record = dump[name]
            dialect = name if kind == "Dialect" else record.get("dialect", record.get("opDialect"))["def"]
            if dialect != "Tile_Dialect":
                continue
            found = examples_of(record["description"])
            if not found:
                sys.exit(f"expects a ```mlir example in the description of {name}")
            programs += [f"// {name}\n{program_of(each)}" for each in found]
    print("\n// -----\n".join(programs))


main()
