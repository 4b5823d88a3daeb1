"""Takes pictures of the pane in many moods, sizes and themes, into var/pane/, for people to look at."""

import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Error, Page, sync_playwright

ADDIN = Path(__file__).resolve().parents[2]
OUT = ADDIN.parent / "var" / "pane"
PORT = 5391


def book(page: Page) -> None:
    page.get_by_text("Zuiderzee").first.click()
    page.locator("#book").click()
    page.wait_for_selector(".card")


SHOTS = {
    "list": ("", 320, {}, lambda p: p.get_by_text("Zuiderzee").first.click()),
    "list-busy": ("", 360, {}, lambda p: p.get_by_text("Rijn").first.click()),
    "list-blocked": ("", 320, {}, lambda p: p.get_by_text("Dinkel").first.click()),
    "dark": ("theme=dark", 320, {}, lambda p: p.get_by_text("Rijn").first.click()),
    "wide": ("", 900, {}, lambda p: p.get_by_text("Vecht").first.click()),
    "filters": ("", 320, {}, lambda p: p.get_by_role("button", name="Filters").click()),
    "several": ("", 320, {}, lambda p: (p.get_by_role("button", name="Filters").click(), p.get_by_role("switch").check(), p.get_by_text("Zuiderzee").first.click(), p.get_by_text("Maas").first.click())),
    "series": ("series", 320, {}, lambda p: p.get_by_text("IJssel").first.click()),
    "contrast": ("", 320, {"forced_colors": "active"}, lambda p: p.get_by_text("Rijn").first.click()),
    "contrast-dark": ("", 320, {"forced_colors": "active", "color_scheme": "dark"}, book),
    "full": ("mood=full", 320, {}, None),
    "empty": ("mood=empty", 320, {}, None),
    "failing": ("mood=failing", 320, {}, None),
    "offline": ("mood=offline&theme=dark", 320, {}, None),
    "slow": ("mood=slow", 320, {}, lambda p: p.wait_for_timeout(4200)),
    "signed-out": ("signed_out", 320, {}, None),
    "booked": ("", 320, {}, book),
    "booked-dark": ("theme=dark", 320, {}, book),
    "taken": ("mood=taken", 320, {}, lambda p: (p.get_by_text("Zuiderzee").first.click(), p.locator("#book").click(), p.wait_for_selector(".panel"))),
    "confirmed": ("booked=b9&state=confirmed", 320, {}, lambda p: (p.wait_for_selector(".card"), p.get_by_text("What happened").click())),
    "on-hold": ("booked=b9&state=on_hold", 320, {}, lambda p: p.wait_for_selector(".card")),
    "cancel-question": ("booked=b9&state=confirmed", 320, {}, lambda p: (p.wait_for_selector(".card"), p.get_by_text("Cancel booking").click())),
    "drift": ("booked=b9&state=confirmed", 320, {}, lambda p: (p.wait_for_selector(".card"), p.evaluate("harness.shift(240)"), p.wait_for_selector(".card .panel"))),
    "mine": ("", 320, {}, lambda p: p.get_by_role("tab", name="My bookings").click()),
    "mine-dark-nl": ("theme=dark&lang=nl-NL", 320, {}, lambda p: p.get_by_role("tab", name="Mijn boekingen").click()),
    "read": ("read", 320, {}, None),
    "no-outlook": ("browser", 320, {}, None),
    "zoomed": ("", 320, {}, lambda p: (p.add_style_tag(content="html{font-size:200%}"), p.get_by_text("Zuiderzee").first.click())),
    "zoomed-booked": ("booked=b9&state=awaiting_appointment", 320, {}, lambda p: (p.add_style_tag(content="html{font-size:200%}"), p.wait_for_selector(".card"))),
    "no-properties": ("booked=b9&state=confirmed&mood=failing", 320, {}, None),
    "changing": ("booked=b9&state=confirmed", 320, {}, lambda p: (p.get_by_text("Change room").click(), p.get_by_text("Maas").click())),
    "mine-open": ("", 320, {}, lambda p: (p.get_by_role("tab", name="My bookings").click(), p.get_by_text("Interview").click(), p.get_by_text("What happened").click())),
    "german": ("lang=de-DE", 320, {}, lambda p: p.get_by_text("Rijn").first.click()),
}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    only = sys.argv[1:]
    npx = shutil.which("npx") or "npx"
    server = subprocess.Popen(  # noqa: S603  our own command
        [npx, "vite", "--config", "test/harness/vite.config.ts", "--port", str(PORT), "--strictPort"],
        cwd=ADDIN,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with sync_playwright() as driver:
            browser = driver.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            for name, (query, width, options, act) in SHOTS.items():
                if only and name not in only:
                    continue
                context = browser.new_context(viewport={"width": width, "height": 640}, device_scale_factor=1.5, timezone_id="Europe/Amsterdam", **options)
                page = context.new_page()
                page.on("console", lambda message, name=name: message.type in ("error", "warning") and sys.stderr.write(f"{name}: {message.text}\n"))
                page.on("pageerror", lambda error, name=name: sys.stderr.write(f"{name}: {error}\n"))
                for _ in range(40):
                    try:
                        page.goto(f"http://localhost:{PORT}/test/harness/index.html?{query}")
                        break
                    except Error:  # the server is still coming up
                        page.wait_for_timeout(250)
                page.wait_for_timeout(1500)
                try:
                    if act:
                        act(page)
                except Error as fault:
                    sys.stderr.write(f"{name}: {str(fault)[:200]}\n")
                page.wait_for_timeout(400)
                page.add_script_tag(path=ADDIN / "node_modules/axe-core/axe.min.js")
                # axe does not know forced colours: it takes the style sheet's own for what is drawn
                for found in [] if options else page.evaluate("axe.run({resultTypes: ['violations']}).then((r) => r.violations)"):
                    sys.stderr.write(f"{name}: axe {found['id']}: {found['help']} {found['nodes'][0]['html'][:160]} {found['nodes'][0].get('failureSummary', '')[:200]}\n")
                width_now = page.evaluate("document.documentElement.scrollWidth")
                if width_now > width:
                    sys.stderr.write(f"{name}: {width_now} px wide on {width}\n")
                page.screenshot(path=OUT / f"{name}.png")
                context.close()
            browser.close()
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
