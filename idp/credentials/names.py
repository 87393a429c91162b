"""How people call their passkeys and authenticator apps."""

from collections.abc import Collection

LONGEST = 64


def displayable(text: str) -> str:
    """Return what of a name can be shown: nothing that turns or hides the text around it."""
    return "".join(each for each in text if each.isprintable()).strip()[:LONGEST].strip()


def free_name(wanted: str, taken: Collection[str]) -> str:
    """Return the name, numbered when another thing of the same person is called so."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted[: LONGEST - 3]} {number}"
    return name
