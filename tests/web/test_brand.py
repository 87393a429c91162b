"""A brand colour can be read on light and on dark pages, whatever the operator chose."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from idp.settings import Settings
from idp.web.brand import (
    DARK_PAGE,
    LIGHT_PAGE,
    MINIMUM_CONTRAST,
    brand_of,
    contrast,
    parse,
    readable,
    stylesheet,
    to_hex,
)
from tests.bad_input.strategies import examples
from tests.support.spec import spec

colors = st.tuples(*[st.integers(0, 255)] * 3)


@spec("WCAG 2.2 §1.4.3")
@given(color=colors)
@example(color=(0, 0, 0))
@example(color=(255, 255, 255))
@example(color=DARK_PAGE)
@example(color=(119, 119, 119))
@examples(300)
def test_any_colour_reaches_the_contrast_on_both_pages(color):
    for page in (LIGHT_PAGE, DARK_PAGE):
        found = readable(color, page)
        assert contrast(found, page) >= MINIMUM_CONTRAST
        assert readable(found, page) == found
        if contrast(color, page) >= MINIMUM_CONTRAST:
            assert found == color


@given(color=colors)
@examples(100)
def test_the_text_on_the_colour_can_be_read_as_well(color):
    sheet = stylesheet(to_hex(color))
    pairs = re.findall(r"--brand:(#[0-9a-f]{6});--brand-contrast:(#[0-9a-f]{6})", sheet)
    assert len(pairs) == 2
    for ground, text in pairs:
        assert contrast(parse(ground), parse(text)) >= MINIMUM_CONTRAST


@given(color=colors)
@examples(50)
def test_a_colour_is_read_back_as_it_was_written(color):
    assert parse(to_hex(color)) == color


def test_without_a_colour_there_is_no_stylesheet_and_with_another_colour_another_url():
    issuer = "https://id.example.test"
    assert brand_of(Settings(issuer=issuer)).stylesheet_url is None
    one = brand_of(Settings(issuer=issuer, brand_color="#AA0000"))
    other = brand_of(Settings(issuer=issuer, brand_color="#aa0001"))
    assert one.stylesheet_url != other.stylesheet_url
    assert one.name == "id.example.test"
