"""An operator's brand on our pages; a colour that cannot be read is corrected."""

from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import urlsplit

from idp.settings import Settings

MINIMUM_CONTRAST = 4.5
LIGHT_PAGE = (255, 255, 255)
DARK_PAGE = (24, 26, 31)
Color = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Brand:
    """What the templates know of the organisation."""

    name: str
    logo_url: str | None
    logo_dark_url: str | None
    support_url: str | None
    image_origins: tuple[str, ...]
    stylesheet: str
    stylesheet_url: str | None


def brand_of(settings: Settings) -> Brand:
    """Return the brand that the settings describe."""
    sheet = stylesheet(settings.brand_color) if settings.brand_color else ""
    version = sha256(sheet.encode()).hexdigest()[:12]
    return Brand(
        name=settings.display_name,
        logo_url=settings.logo_url or None,
        logo_dark_url=settings.logo_dark_url or settings.logo_url or None,
        support_url=settings.support_url or None,
        image_origins=tuple(sorted(_origins(settings.logo_url, settings.logo_dark_url))),
        stylesheet=sheet,
        stylesheet_url=f"/brand.css?v={version}" if sheet else None,
    )


def _origins(*urls: str) -> set[str]:
    """Return where the operator's pictures come from, apart from our own origin."""
    absolute = (urlsplit(url) for url in urls if "://" in url)
    return {f"{parts.scheme}://{parts.netloc}" for parts in absolute}


def stylesheet(color: str) -> str:
    """Return the custom properties of a brand colour, readable on light and on dark pages."""
    light, dark = readable(parse(color), LIGHT_PAGE), readable(parse(color), DARK_PAGE)
    return (
        f":root{{{_properties(light)}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{_properties(dark)}}}}}"
    )


def _properties(color: Color) -> str:
    white, black = (255, 255, 255), (0, 0, 0)
    text = white if contrast(color, white) >= contrast(color, black) else black
    return f"--brand:{to_hex(color)};--brand-contrast:{to_hex(text)}"


def parse(color: str) -> Color:
    """Return red, green and blue of `#rrggbb`."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def to_hex(color: Color) -> str:
    """Return `#rrggbb`."""
    return "#" + "".join(f"{part:02x}" for part in color)


def readable(color: Color, page: Color) -> Color:
    """Return the nearest mix with black or white that reaches 4.5:1 on `page` (WCAG 2.2 §1.4.3)."""
    goal = 0 if luminance(page) > 0.5 else 255
    for step in range(101):
        mixed = tuple(round(part + (goal - part) * step / 100) for part in color)
        candidate = (mixed[0], mixed[1], mixed[2])
        if contrast(candidate, page) >= MINIMUM_CONTRAST:
            return candidate
    return (goal, goal, goal)


def contrast(one: Color, other: Color) -> float:
    """Return the contrast ratio of two colours (WCAG 2.2)."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def luminance(color: Color) -> float:
    """Return the relative luminance of a colour (WCAG 2.2)."""
    red, green, blue = (_linear(part / 255) for part in color)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
