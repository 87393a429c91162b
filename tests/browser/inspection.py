"""What is asked of every page: nothing for axe to find, room on a phone, sense without CSS."""

from playwright.sync_api import Page

from tests.support.browser import axe

_NARROW = {"width": 320, "height": 640}
_SMALL_TARGETS = """() => [...document.querySelectorAll('a[href], button, input, summary, select')]
  .filter(e => e.type !== 'hidden' && !e.hidden && !e.matches('.unseen, .skip'))
  // A link inside a sentence is as high as its line (WCAG 2.2 §2.5.8, "inline").
  .filter(e => getComputedStyle(e).display !== 'inline')
  .map(e => [e, e.getBoundingClientRect()])
  .filter(([e, r]) => r.width > 0 && (r.width < 24 || r.height < 24))
  .map(([e, r]) => `${e.tagName}#${e.id} is ${Math.round(r.width)} by ${Math.round(r.height)}`)"""
_TOO_WIDE = """() => {
  const room = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= room) return [];
  const wide = [...document.body.querySelectorAll('*')]
    .filter(e => e.getBoundingClientRect().right > room + 0.5 && !e.matches('.unseen'));
  return wide.map(e => `${e.tagName}#${e.id}.${e.className} is wider than the page`)
    .concat('the page scrolls sideways');
}"""
_SPILLS = """() => [...document.body.querySelectorAll('*')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth + 1)
  // The list of accounts reaches into its card's edge, so that its text stands in line.
  .filter(e => !e.matches('.unseen, input') && !e.querySelector('.choices'))
  .map(e => `${e.tagName}#${e.id}.${e.className} holds more than fits`)"""
_ORDER = """() => {
  const faults = [];
  const before = (a, b) => a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING;
  const headings = [...document.querySelectorAll('h1, h2, h3')];
  if (!headings.length || headings[0].tagName !== 'H1') faults.push('the first heading is no h1');
  if (document.querySelectorAll('h1').length !== 1) faults.push('not exactly one h1');
  const shown = e => e.type !== 'hidden' && !e.hidden && e.getAttribute('aria-hidden') !== 'true';
  for (const e of document.querySelectorAll('main input, main select, main button, main a')) {
    if (shown(e) && !before(headings[0], e)) faults.push(`${e.id} stands before the heading`);
  }
  for (const e of [...document.querySelectorAll('input')].filter(shown)) {
    const label = document.querySelector(`label[for="${e.id}"]`);
    if (!label) faults.push(`${e.id} has no label`);
    // A box is ticked in front of its words; anything else is named before it is filled in.
    else if (e.type !== 'checkbox' && !before(label, e)) {
      faults.push(`the label of ${e.id} stands behind it`);
    }
    for (const id of (e.getAttribute('aria-describedby') || '').split(' ').filter(Boolean)) {
      if (!document.getElementById(id)) faults.push(`${e.id} is described by ${id}, not there`);
    }
    const send = e.form && e.form.querySelector('button[type=submit]');
    if (send && !before(e, send)) faults.push(`${e.id} stands behind its button`);
  }
  for (const e of document.querySelectorAll('svg')) {
    const sized = e.getAttribute('width') || e.closest('.qr-frame');
    if (!sized) faults.push('a drawing without a size');
  }
  if (document.querySelector('[style]')) faults.push('inline style');
  return faults;
}"""
_WAY_ON = """() => [...document.querySelectorAll('main a[href], main button, header button')]
  .some(e => e.getClientRects().length)"""


def faults_of(page: Page) -> list[str]:
    """Return all that is wrong with the page as it stands, in light and dark, wide and narrow."""
    _be_whole(page)
    size = page.viewport_size
    found = [*page.evaluate(_ORDER), *page.evaluate(_SMALL_TARGETS), *page.evaluate(_SPILLS)]
    if not page.evaluate(_WAY_ON):
        found.append("no way on")
    found += _barriers(page)
    page.set_viewport_size(_NARROW)
    for check in (_TOO_WIDE, _SPILLS, _SMALL_TARGETS):
        found += [f"320 px: {fault}" for fault in page.evaluate(check)]
    if size is not None:
        page.set_viewport_size(size)
    return found


def _be_whole(page: Page) -> None:
    """Wait for the styles: the words of a page are there before them, and asked for first."""
    page.wait_for_load_state("load")


def _barriers(page: Page) -> list[str]:
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{scheme}: {fault}" for fault in axe(page)]
    return found


def assert_accessible(page: Page) -> None:
    """Fail when axe finds anything, in light or in dark."""
    _be_whole(page)
    assert not _barriers(page)


def assert_well_made(page: Page) -> None:
    """Fail when anything is wrong with the page as it stands."""
    faults = faults_of(page)
    assert not faults, f"{page.title()} ({page.url[:80]}):\n" + "\n".join(faults)
