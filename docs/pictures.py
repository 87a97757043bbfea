"""Take the README's picture anew: the head of a run's report, as a browser shows it.

    python docs/pictures.py demo/run

needs Chromium (``CHROMIUM`` names another than the one on the path) and a run that was reported.
"""

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
SIZE = {"width": 1280, "height": 1000}


def main() -> int:
    """Write ``docs/images/report.png``."""
    parser = argparse.ArgumentParser(description="Take the README's picture anew.")
    parser.add_argument("run", type=Path, help="a run with a report")
    page_file = parser.parse_args().run.resolve() / "report" / "index.html"
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None or not page_file.is_file():
        print("needs Chromium, and a run with a report: nosology report RUN", file=sys.stderr)
        return 2
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport=SIZE)
        page.goto(page_file.as_uri())
        end = page.evaluate("document.querySelector('#short .answers').getBoundingClientRect().bottom")
        page.screenshot(
            path=str(IMAGES / "report.png"), full_page=True, clip={"x": 0, "y": 0, "width": 1280, "height": end}
        )
        browser.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
