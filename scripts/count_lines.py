"""Print how many lines of code there are, how many of tests, and how many of tests there are for each of code.

A line counts when it is not blank. Run as ``python scripts/count_lines.py``; ``--packages`` adds a row for each
package, fewest test lines for a line of code first.
"""

import argparse
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).parents[1]


def count(files: Iterable[Path]) -> int:
    """Return the lines of some files that are not blank."""
    return sum(1 for file in files for line in file.read_text(encoding="utf-8").splitlines() if line.strip())


def by_package(folder: Path) -> Counter[str]:
    """Return the lines below a folder by its subfolder; modules that lie in it directly count by their names.

    Args:
        folder: A package, or the folder of tests that mirrors it: ``test_files.py`` counts as ``files``.
    """
    counts: Counter[str] = Counter()
    for file in sorted(folder.rglob("*.py")):
        name = file.relative_to(folder).parts[0]
        counts[name.removesuffix(".py").removeprefix("test_")] += count([file])
    return counts


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Count lines of code and of tests.")
    parser.add_argument("--packages", action="store_true", help="a row for each package, too")
    options = parser.parse_args()
    if options.packages:
        code, tests = by_package(ROOT / "src" / "nosology"), by_package(ROOT / "tests" / "unit")
        for name in sorted(code, key=lambda name: tests[name] / code[name]):
            print(f"{name:20}{code[name]:8,}{tests[name]:8,}{tests[name] / code[name]:8.2f}")
    n_code, n_tests = (count((ROOT / name).rglob("*.py")) for name in ("src", "tests"))
    print(f"{'lines of':20}{'code':>8}{'tests':>8}{'ratio':>8}")
    print(f"{'all':20}{n_code:8,}{n_tests:8,}{n_tests / n_code:8.2f}")


if __name__ == "__main__":
    main()
