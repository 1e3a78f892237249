# SPDX-License-Identifier: Apache-2.0
"""What README.md and docs/ show: snippets run, commands work, links lead somewhere."""

import re
import shlex
import sys
from pathlib import Path

import lighthouse
import pytest
from helpers import python

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/*.md")])


def blocks(page: Path, language: str) -> list[str]:
    """The fenced blocks of a language, "" for none."""
    fenced = page.read_text().split("\n```")[1::2]
    return [text for head, _, text in (block.partition("\n") for block in fenced) if head == language]


def test_snippets_of_the_python_page() -> None:
    """In the order shown, in one process, as the page says."""
    snippets = blocks(ROOT / "docs/python.md", "python")
    assert len(snippets) >= 6
    result = python("-c", "\n".join(snippets))
    assert result.returncode == 0, result.stderr
    assert "the largest topk that fits is 512" in result.stdout


@pytest.mark.skipif(sys.version_info < (3, 11), reason="transformers needs Python 3.11")
def test_guide() -> None:
    """Every block, in the order shown, in one process, as the page says."""
    snippets = blocks(ROOT / "docs/guide.md", "python")
    assert len(snippets) >= 10
    result = python("-c", "\n".join(snippets), timeout=400, HF_HUB_OFFLINE="1")
    assert result.returncode == 0, result.stderr
    assert re.search(r"attention over \d+ entries instead of 2048", result.stdout)
    assert "the largest topk that fits is 128" in result.stdout


def test_page_on_choosing() -> None:
    """Its snippet and its table."""
    page = ROOT / "docs/choosing.md"
    (snippet,) = blocks(page, "python")
    result = python("-c", snippet)
    assert result.returncode == 0, result.stderr
    printed = {" ".join(line.replace("%", "").split()[:4]): line.split() for line in result.stdout.splitlines()}
    rows = re.findall(r"^\| (\d), (\d), ([\d,]+) .*?\| ([\d,]+) \| ([\d.]+)% \| ([\d.]+) \|", page.read_text(), re.M)
    assert len(rows) == 5
    for *settings, coverage, window in rows:
        cells = printed[" ".join(settings)]
        assert float(cells[4][:-1]) == pytest.approx(float(coverage), rel=0.01)
        assert cells[6] == window


def test_snippet_of_the_readme() -> None:
    (snippet,) = blocks(ROOT / "README.md", "python")
    setup = "import torch\nq, k, v = (torch.randn(1, 2, 32768, 16, requires_grad=True) for _ in range(3))\n"
    result = python("-c", setup + snippet + "\nout.sum().backward()\nassert q.grad.any() and out.shape == q.shape")
    assert result.returncode == 0, result.stderr


def test_commands_of_the_readme() -> None:
    """Every ``lighthouse`` line runs; ... stands for the options of the first one."""
    lines = [line.split("#")[0] for block in blocks(ROOT / "README.md", "") for line in block.splitlines()]
    commands = [line for line in lines if line.startswith("lighthouse ")]
    assert len(commands) >= 4
    options = re.search(r"--seq-len .*(?= --emit)", commands[0])[0]
    for command in commands:
        result = python("-m", "lighthouse", *shlex.split(command.replace("...", options))[1:])
        assert result.returncode == 0, (command, result.stderr)


def test_reference_is_up_to_date() -> None:
    """Of the Python and C++ API; the dialects' is checked by tests/ir/Reference."""
    result = python(str(ROOT / "scripts/api_reference.py"), "--check")
    assert result.returncode == 0, result.stderr


def test_reference_has_every_public_name() -> None:
    page = (ROOT / "docs/reference/python.md").read_text()
    for name in lighthouse.__all__:
        if callable(getattr(lighthouse, name)):
            assert f"### lighthouse.{name}\n" in page
    header = (ROOT / "docs/reference/cpp.md").read_text()
    for name in ("Op", "Spec", "Tuning", "DeviceInfo", "LaunchCosts", "launchCosts", "emit", "tunedSchedules"):
        assert re.search(rf"\b{name}\b", header), name


def test_examples_of_docstrings(tmp_path: Path) -> None:
    """In one process, with q, k and v."""
    snippets = blocks(ROOT / "docs/reference/python.md", "python")
    examples = [text for text in snippets if not re.match(r"(def|class|\w+:) ?", text)]
    assert len(examples) == 2
    setup = f"import os, torch, lighthouse\nos.chdir({str(tmp_path)!r})\nq, k, v = torch.randn(3, 1, 2, 8192, 64)\n"
    result = python("-c", setup + "\n".join(examples))
    assert result.returncode == 0, result.stderr


def test_commands_of_the_page_on_seeing(tmp_path: Path) -> None:
    """Those that print code, and need no tool for it. What `lighthouse-opt` reads is there for it."""
    lines = (ROOT / "docs/seeing.md").read_text().splitlines()
    commands = [line.strip() for line in lines if re.match("    lighthouse (compile|ptx) --", line)]
    assert len(commands) == 3
    for command in commands:
        result = python("-m", "lighthouse", *shlex.split(command)[1:], cwd=str(tmp_path))
        assert result.returncode == 0, (command, result.stderr)
    assert "lighthouse.pool" in (tmp_path / "stages.mlir").read_text()


def test_other_commands_of_the_pages(tmp_path: Path) -> None:
    """`bench`, at sizes for a CPU, `suggest` and `info`, with files elsewhere. `tune` needs a GPU."""
    pages = "".join((ROOT / "docs" / page).read_text() for page in ("seeing.md", "tuning.md", "choosing.md"))
    commands = [line.split("#")[0] for line in re.findall("^    lighthouse ((?:bench|suggest|info).*)", pages, re.M)]
    assert len(commands) == 4
    for command in commands:
        small = command.replace("docs/images/", "").replace("--topk 1536", "--topk 128")
        if command.startswith("bench"):
            small = small.replace("98304", "2048") + " --device cpu --rounds 1"
        result = python("-m", "lighthouse", *shlex.split(small), cwd=str(tmp_path))
        assert result.returncode == 0, (command, result.stderr)
    assert {file.name for file in tmp_path.iterdir()} == {"roofline.png", "suggest.png"}


def test_candidate_of_the_page_on_tuning() -> None:
    page = (ROOT / "docs/tuning.md").read_text()
    command = re.search(r"`lighthouse (ptx \.\.\. --arch .*?)`", page)[1]
    options = re.search("    lighthouse tune (--seq-len .*)", page)[1]
    result = python("-m", "lighthouse", *shlex.split(command.replace("...", options)))
    assert result.returncode == 0, result.stderr


def test_forward_pass_of_the_readme() -> None:
    """The stage ops shown are those printed, but for types and the names of values."""
    (shown,) = blocks(ROOT / "README.md", "mlir")
    options = "--seq-len 32768 --num-heads 8 --head-dim 64 --num-levels 3 --pooling-factor 4 --topk 1024".split()
    result = python("-m", "lighthouse", "compile", *options)
    assert result.returncode == 0, result.stderr
    forward = result.stdout.partition("func.func @backward")[0]

    def anonymous(line: str) -> str:
        return re.sub(r"%[\w.]+", "%", line).strip()

    printed = [anonymous(line) for line in forward.splitlines()]
    for line in shown.splitlines():
        assert any(each.startswith(anonymous(line)) for each in printed), line


def links(page: Path) -> list[tuple[Path, str]]:
    """Files and anchors that a page leads to."""
    targets = re.findall(r"\]\(([^)]+)\)", page.read_text())
    pairs = [target.partition("#")[::2] for target in targets if not re.match("(https?|mailto):", target)]
    return [((page.parent / file).resolve() if file else page, anchor) for file, anchor in pairs]


def anchors(page: Path) -> list[str]:
    """As GitHub makes them of headings."""
    headings = re.findall("^#+ (.*)", page.read_text(), re.M)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links(page: Path) -> None:
    for target, anchor in links(page):
        assert target.exists(), target
        assert not anchor or anchor in anchors(target), f"{target}#{anchor}"
    for path in re.findall(
        r"`((?:docs|examples|scripts|tests|runtime|benchmarks|compiler)/[\w./]+\w)`", page.read_text()
    ):
        assert (ROOT / path).exists(), path


def test_every_page_is_linked() -> None:
    linked = {target for page in PAGES for target, _ in links(page) if target != page}
    assert not set(PAGES) - linked - {ROOT / "README.md"}


def test_every_environment_variable_is_documented() -> None:
    """Variables that the code reads are in docs/building.md."""
    code = [path for folder in ("runtime", "tools", "scripts", "python") for path in (ROOT / folder).rglob("*.*")]
    code = [path for path in code if path.suffix in (".cpp", ".h", ".sh", ".py")] + [ROOT / "tests/python/session.py"]
    code += (ROOT / "tests/gpu").glob("*.py")
    names = {name for path in code for name in re.findall(r"\bLIGHTHOUSE_[A-Z_]+\b", path.read_text())}
    page = (ROOT / "docs/building.md").read_text()
    made_by_cmake = {"LIGHTHOUSE_API", "LIGHTHOUSE_BUILD_ID", "LIGHTHOUSE_VERSION"}
    assert {"LIGHTHOUSE_CACHE_DIR", "LIGHTHOUSE_HOST_CPU", "LIGHTHOUSE_TEST_EXAMPLES"} <= names
    assert not {name for name in names - made_by_cmake if not re.search(rf"\b{name}\b", page)}
