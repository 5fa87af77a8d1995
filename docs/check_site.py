"""Looks for dead links, and for what a page would load from elsewhere: python docs/check_site.py build/site"""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href", "video": "src"}
ONLY_NAMED = {"canonical", "index", "search", "next", "prev"}  # <link> elements that load nothing


class Page(HTMLParser):
    """The names that a page has, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names = {""}
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {key: value or "" for key, value in attrs}
        self.names |= {found[key] for key in ("id", "name") if key in found}
        self.loaded += re.findall(r"url\(([^)]*)\)", found.get("style", ""))
        target = found.get(LOADED.get(tag, ""))
        if target is not None and not set(found.get("rel", "").split()) & ONLY_NAMED:
            self.loaded.append(target)
        if tag in ("a", "link") and "href" in found:
            self.links.append(found["href"])


def is_foreign(target: str) -> bool:
    return bool(urlsplit(target).netloc)


def faults(site: Path) -> list[str]:
    """A line for each dead link, and for each script, style, picture or font from another host."""
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    found = []
    for path, page in pages.items():
        here = path.relative_to(site)
        found += [f"{here} loads {target}" for target in page.loaded if is_foreign(target)]
        for target in page.links + page.loaded:
            parts = urlsplit(target)
            if parts.scheme or parts.netloc:
                continue
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not there.exists():
                found.append(f"{here} leads to {target}, which is not there")
            elif there in pages and unquote(parts.fragment) not in pages[there].names:
                found.append(f"{here} leads to {target}, which has no such heading")
    for path in sorted(site.rglob("*.css")):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"""(?:url\(|@import )\s*["']?([^"')]*)""", text):
            if is_foreign(target):
                found.append(f"{path.relative_to(site)} loads {target}")
    return found


if __name__ == "__main__":
    site = Path(sys.argv[1]).resolve()
    number = len(list(site.rglob("*.html")))
    wrong = faults(site)
    print("\n".join(wrong) or f"{number} pages: every link leads somewhere, and nothing is loaded from elsewhere.")
    sys.exit(1 if wrong or not number else 0)
