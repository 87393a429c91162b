"""Which browser on which system: what user agents and hints say, and what they do not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.surroundings.agents import Agent, agent_of
from idp.surroundings.hints import NO_HINTS, Hints, hints_of

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME_ON_WINDOWS = (
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"
)
CHROME_ON_LINUX = f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"
CHROME_ON_PHONE = (
    f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Mobile Safari/537.36"
)
CHROME_ON_TABLET = f"Mozilla/5.0 (Linux; Android 10; K) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"
EDGE = f"{CHROME_ON_WINDOWS} Edg/140.0.0.0"
FIREFOX_ON_UBUNTU = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"
FIREFOX_ON_LINUX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"
FIREFOX_ON_PHONE = "Mozilla/5.0 (Android 14; Mobile; rv:130.0) Gecko/130.0 Firefox/130.0"
APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko) Version"
SAFARI_ON_IPHONE = (
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4) {APPLE}/17.4 Mobile/15E148 Safari/604.1"
)
SAFARI_ON_IPAD = (
    f"Mozilla/5.0 (iPad; CPU OS 17_4 like Mac OS X) {APPLE}/17.4 Mobile/15E148 Safari/604.1"
)
SAFARI_ON_MAC = f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE}/17.4 Safari/605.1.15"
GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.mark.parametrize(
    ("user_agent", "browser", "version", "system", "device"),
    [
        (CHROME_ON_WINDOWS, "Chrome", "140", "Windows", "desktop"),
        (CHROME_ON_PHONE, "Chrome Mobile", "140", "Android", "phone"),
        (CHROME_ON_TABLET, "Chrome", "140", "Android", "tablet"),
        (EDGE, "Edge", "140", "Windows", "desktop"),
        (FIREFOX_ON_UBUNTU, "Firefox", "130", "Ubuntu", "desktop"),
        (FIREFOX_ON_PHONE, "Firefox Mobile", "130", "Android", "phone"),
        (SAFARI_ON_IPHONE, "Mobile Safari", "17", "iOS", "phone"),
        (SAFARI_ON_IPAD, "Mobile Safari", "17", "iOS", "tablet"),
        (SAFARI_ON_MAC, "Safari", "17", "Mac OS X", "desktop"),
        (GOOGLEBOT, "Googlebot", "2", "", "bot"),
        ("curl/8.5.0", "curl", "8", "", ""),
        ("", "", "", "", ""),
    ],
)
def test_a_user_agent_says_which_browser_on_which_device(
    user_agent, browser, version, system, device
):
    agent = agent_of(user_agent)

    assert agent == Agent(browser=browser, version=version, system=system, device=device)
    assert agent.handheld is (device in ("phone", "tablet"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CHROME_ON_WINDOWS, CHROME_ON_WINDOWS.replace("140", "141")),
        (FIREFOX_ON_UBUNTU, FIREFOX_ON_LINUX),
        (CHROME_ON_PHONE, CHROME_ON_LINUX),
        (FIREFOX_ON_PHONE, FIREFOX_ON_LINUX),
        (SAFARI_ON_IPAD, SAFARI_ON_MAC),
    ],
    ids=["an update", "a distribution's own build", "Android", "Firefox", "iPad"],
)
def test_an_update_or_the_desktop_site_is_the_same_browser(one, other):
    assert agent_of(one).family == agent_of(other).family


def test_another_browser_and_another_system_are_told_apart():
    agents = [
        CHROME_ON_WINDOWS,
        CHROME_ON_LINUX,
        EDGE,
        FIREFOX_ON_LINUX,
        SAFARI_ON_MAC,
        GOOGLEBOT,
        "",
        CHROME_ON_WINDOWS.replace("Windows NT 10.0; Win64; x64", "X11; CrOS x86_64 14541.0.0"),
    ]
    assert len({agent_of(each).family for each in agents}) == len(agents)


def sent(**headers: str) -> Hints:
    by_name = {name.lower().replace("_", "-"): value for name, value in headers.items()}
    return hints_of(lambda name: by_name.get(name.lower()))


BRAVE = {"Sec_CH_UA": '"Chromium";v="140", "Not=A?Brand";v="24", "Brave";v="140"'}


def test_hints_name_what_the_user_agent_hides():
    brave = agent_of(CHROME_ON_WINDOWS, sent(**BRAVE, Sec_CH_UA_Mobile="?0"))
    assert (brave.browser, brave.system, brave.device) == ("Brave", "Windows", "desktop")

    tablet = sent(**BRAVE, Sec_CH_UA_Platform='"Android"', Sec_CH_UA_Form_Factors='"Tablet"')
    assert agent_of(CHROME_ON_LINUX, tablet) == Agent(
        browser="Brave", version="140", system="Android", device="tablet"
    )

    phone = sent(Sec_CH_UA='"Chromium";v="140"', Sec_CH_UA_Mobile="?1")
    assert agent_of(CHROME_ON_LINUX, phone).device == "phone"


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"Sec_CH_UA_Platform": '"Windows"', "Sec_CH_UA_Mobile": "?1"},
        {"Sec_CH_UA": '"Google Chrome";v="140", "Not=A?Brand";v="24"'},
        {"Sec_CH_UA": '"My Own";v="1"', "Sec_CH_UA_Platform": '"Amiga"'},
        {"Sec_CH_UA": "nonsense", "Sec_CH_UA_Platform": "Windows", "Sec_CH_UA_Mobile": "1"},
        {"Sec_CH_UA": '"Chromium"', "Sec_CH_UA_Form_Factors": '"XR", "Toaster"'},
    ],
    ids=[
        "none",
        "no brands",
        "the usual",
        "unknown words",
        "no structured header",
        "unknown forms",
    ],
)
def test_hints_that_say_nothing_known_change_nothing(said):
    assert agent_of(CHROME_ON_LINUX, sent(**said)) == agent_of(CHROME_ON_LINUX)


def test_a_distribution_is_not_lost_to_the_hint_that_knows_linux_only():
    hints = sent(Sec_CH_UA='"Chromium"', Sec_CH_UA_Platform='"Linux"')
    assert agent_of(FIREFOX_ON_UBUNTU, hints).system == "Ubuntu"


def test_without_brands_no_other_hint_is_read():
    asked = []
    assert hints_of(asked.append) is NO_HINTS
    assert asked == ["Sec-CH-UA"]


@given(st.text(), st.text(), st.text(), st.text())
def test_whatever_a_browser_says_is_read(user_agent, brands, platform, forms):
    hints = sent(Sec_CH_UA=brands, Sec_CH_UA_Platform=platform, Sec_CH_UA_Form_Factors=forms)
    agent = agent_of(user_agent, hints)
    assert agent.device in ("", "phone", "tablet", "desktop", "bot")
    assert len(hints.brands) <= 300
