"""Draws the PNG icons of the manifest from the two SVG sources; run by hand after changing a source, results are committed."""

from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
SMALL = (16, 20, 24)  # drawn from the simpler source: fine lines turn to mud here
LARGE = (32, 40, 48, 64, 80, 128)


def main() -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for sizes, source in ((SMALL, "logo-small.svg"), (LARGE, "logo.svg")):
            svg = (HERE / source).read_text()
            for size in sizes:
                page = browser.new_page(viewport={"width": size, "height": size})
                page.set_content(f"<style>html,body{{margin:0;background:transparent}}svg{{display:block;width:{size}px;height:{size}px}}</style>{svg}")
                page.screenshot(path=HERE / f"icon-{size}.png", omit_background=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
