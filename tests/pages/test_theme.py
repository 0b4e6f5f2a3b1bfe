"""Light, dark, or as the system has it: chosen in a page, kept in the browser, worn from the first paint on."""

import pytest
from playwright.sync_api import expect

from tests.pages.conftest import faults, overflow

LIGHT, DARK = "rgb(246, 246, 243)", "rgb(19, 20, 22)"
FIRST_PAINTED = """
addEventListener("DOMContentLoaded", () => { window.worn = getComputedStyle(document.body).backgroundColor; });
"""
"""What the body looks like once the page is read and before any deferred script had its turn."""


def ground(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def theme(page):
    return page.get_by_label("Theme")


@pytest.mark.parametrize(("system", "choice", "worn"), [("light", "dark", DARK), ("dark", "light", LIGHT)])
def test_the_chosen_theme_is_worn_from_the_first_paint_on_every_page(page, system, choice, worn):
    page.emulate_media(color_scheme=system)
    page.goto("/ui/events")
    theme(page).select_option(choice)
    assert ground(page) == worn

    page.add_init_script(FIRST_PAINTED)
    for path in ("/ui/deliveries", "/ui/overview", "/docs"):
        page.goto(path)

        assert (path, page.evaluate("window.worn")) == (path, worn)
    page.goto("/ui/deliveries")
    expect(theme(page)).to_have_value(choice)
    assert faults(page) == []


def test_without_a_choice_the_system_is_followed_and_a_choice_can_be_taken_back(page):
    page.emulate_media(color_scheme="dark")
    page.goto("/ui/events")
    assert ground(page) == DARK
    theme(page).select_option("light")
    assert ground(page) == LIGHT
    theme(page).select_option("as the system")

    assert ground(page) == DARK
    page.emulate_media(color_scheme="light")
    assert ground(page) == LIGHT
    assert page.evaluate("localStorage.getItem('hookline.theme')") is None


def test_the_switch_is_reached_and_used_by_keyboard(page):
    page.emulate_media(color_scheme="light")
    page.goto("/ui/audit")
    page.keyboard.press("Shift+Tab")
    for _ in range(5):
        if theme(page).evaluate("element => element === document.activeElement"):
            break
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("d")

    assert ground(page) == DARK
    assert theme(page).input_value() == "dark"


def test_another_tab_changes_with_it(page):
    page.emulate_media(color_scheme="light")
    page.goto("/ui/events")
    other = page.context.new_page()
    other.emulate_media(color_scheme="light")
    other.goto("/ui/endpoints")
    theme(page).select_option("dark")

    expect(theme(other)).to_have_value("dark")
    assert ground(other) == DARK


def test_the_charts_are_painted_in_the_chosen_theme(page):
    page.emulate_media(color_scheme="light")
    page.goto("/ui/overview")
    page.locator("canvas").first.wait_for()
    with page.expect_navigation():
        theme(page).select_option("dark")
    page.locator("canvas").first.wait_for()

    assert ground(page) == DARK
    assert faults(page) == []


def test_a_page_before_signing_in_has_the_switch_too_and_fits_a_phone(browser_page):
    browser_page.set_viewport_size({"width": 390, "height": 844})
    browser_page.goto("/ui/sign-in")
    theme(browser_page).select_option("dark")

    assert overflow(browser_page) <= 0
    assert faults(browser_page) == []
