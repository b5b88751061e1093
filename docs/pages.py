"""Which parts of the pages are copies? Code of files, and what is made of the package; read where nobody builds them.

    python docs/pages.py            says which pages hold copies that are out of date
    python docs/pages.py --write    brings them up to date

A page asks for a copy by a comment on a line of its own, below which the copy stands::

    <!-- copied: plugins/landscape-focal/landscape_focal.py as focal.py -->
    <!-- copied: plugins/landscape-focal/pyproject.toml before [tool.ruff] -->
    <!-- written: overview --> … <!-- end -->

The first two are of a file, under a caption of another name, or as far as a text in it (``through`` includes its
line). The last is what the function of `generated` by that name makes.
"""

import re
import sys
from pathlib import Path

import generated

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_ASKED = r"^<!-- copied: (?P<file>\S+)(?: as (?P<caption>\S+))?(?: (?P<end>through|before) (?P<text>.+?))? -->$"
_COPIED = re.compile(rf"{_ASKED}(?:\n\n?```(?:python|toml)\n.*?^```$)?", re.MULTILINE | re.DOTALL)
_WRITTEN = re.compile(r"^<!-- written: (\w+) -->\n(?:(?!<!-- ).*\n)*<!-- end -->$", re.MULTILINE)
_SHOWN = re.compile(rf"{_ASKED}\n\n```(?P<language>\w+)\n", re.MULTILINE)
_LANGUAGES = {".py": "python", ".toml": "toml"}


def renewed(page: str) -> str:
    """Return the page's Markdown with every copy as its original is now."""
    return _WRITTEN.sub(_write, _COPIED.sub(_copy, page))


def _copy(found: re.Match[str]) -> str:
    asked = found[0].partition("\n")[0]
    return f"{asked}\n\n```{_LANGUAGES[Path(found['file']).suffix]}\n{_code(found)}\n```"


def _code(found: re.Match[str]) -> str:
    """Return the file's text, or its beginning as far as it was asked for."""
    lines = (ROOT / found["file"]).read_text(encoding="utf-8").splitlines()
    if found["end"]:
        last = next(k for k, line in enumerate(lines) if found["text"] in line)
        lines = lines[: last + (found["end"] == "through")]
    return "\n".join(lines).strip()


def _write(found: re.Match[str]) -> str:
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(generated.MAKERS[found[1]]())).strip()
    return f"<!-- written: {found[1]} -->\n\n{text}\n\n<!-- end -->"


def captioned(page: str) -> str:
    """Return the page's Markdown with the captions of its copies, which only pages that are built can show."""
    return _SHOWN.sub(_caption, page)


def _caption(found: re.Match[str]) -> str:
    caption = f":caption: {found['caption']}\n\n" if found["caption"] else ""
    return f"```{{code-block}} {found['language']}\n{caption}"


def outdated() -> list[Path]:
    """Return the pages whose copies are not as their originals."""
    return [page for page in PAGES if renewed(text := page.read_text(encoding="utf-8")) != text]


def main() -> int:
    """Name the pages that are out of date or, where asked to, renew them; return the exit status."""
    found = outdated()
    for page in found:
        sys.stdout.write(f"{page.relative_to(ROOT)}\n")
        if "--write" in sys.argv[1:]:
            page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
    return int(bool(found) and "--write" not in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
