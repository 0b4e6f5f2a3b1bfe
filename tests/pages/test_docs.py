from tests.pages.conftest import faults, overflow


def test_the_api_is_described_on_a_page_of_its_own(browser_page):
    browser_page.goto("/docs")
    browser_page.get_by_text("/v1/endpoints", exact=True).first.click()

    assert browser_page.get_by_role("heading", name="The API").is_visible()
    assert browser_page.locator("details[open] dt").count() > 3
    sources = [script.get_attribute("src") for script in browser_page.locator("script").all()]
    assert [source.partition("?")[0].rpartition("/")[2] for source in sources] == ["theme.js"]
    assert faults(browser_page) == []


def test_the_description_fits_a_phone_and_the_dark(browser_page):
    browser_page.set_viewport_size({"width": 390, "height": 844})
    browser_page.emulate_media(color_scheme="dark")
    browser_page.goto("/docs")

    assert overflow(browser_page) <= 0
    assert faults(browser_page) == []
