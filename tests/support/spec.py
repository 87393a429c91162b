"""`@spec("RFC 6749 §4.1.2")`: the section of a specification that a test proves."""

import re

import pytest

SECTION = re.compile(r"^(?P<document>[A-Z][\w .\-]*?)(?: §(?P<section>[0-9A-Z][0-9A-Za-z.]*))?$")
# OWASP numbers requirements, not sections: "ASVS 6.2.1" and "ASVS 5.0 V6.2.1" are one.
_ASVS = re.compile(r"^ASVS (?:5\.0 )?[V§]?(?=\d+\.\d+\.\d+$)")


def spec(section: str, *more: str) -> pytest.MarkDecorator:
    """Mark a test as the proof of these sections.

    Raises:
        ValueError: a section is not written as elsewhere, "RFC 6749 §4.1.2" or "OIDC Core §2".
    """
    sections = [_ASVS.sub("ASVS 5.0 §", each) for each in (section, *more)]
    for each in sections:
        if not SECTION.match(each):
            raise ValueError(each)
    return pytest.mark.spec(*sections)
