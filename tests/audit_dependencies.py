"""Ask the vulnerability services about every installed package.

A known vulnerability is a failure. A service that cannot be reached is not, but it is said loudly:
nothing was checked then.
"""

import json
import subprocess
import sys
from typing import Any

_SERVICES = ("pypi", "osv")
_LINE = "!" * 78


def asked(service: str) -> list[dict[str, Any]] | None:
    """Return what `service` says about each package; None when it does not answer."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable"]
    command += ["--vulnerability-service", service, "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "15"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        return json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return None


def main() -> int:
    vulnerable: set[str] = set()
    unanswered: set[str] = set()
    for service in _SERVICES:
        packages = asked(service)
        if packages is None:
            unanswered = unanswered or {"every package"}
            continue
        unanswered = set()
        for package in packages:
            label = f"{package['name']} {package.get('version', '')}".strip()
            # A mirror without vulnerability data answers "not found" for whatever it is asked.
            if "skip_reason" in package and "editable" not in package["skip_reason"]:
                unanswered.add(label)
            for found in package.get("vulns", ()):
                fixed = ", ".join(found["fix_versions"]) or "no version yet"
                vulnerable.add(f"{label}: {found['id']}, fixed in {fixed}")
        if not unanswered:
            break

    if vulnerable:
        print("Known vulnerabilities:", *sorted(vulnerable), sep="\n  ")
        return 1
    if unanswered:
        print(_LINE)
        print("NOT AUDITED: no vulnerability service answered about:")
        print("  " + ", ".join(sorted(unanswered)))
        print(_LINE, flush=True)
    else:
        print("No known vulnerability in any installed package.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
