import pytest

from api.ui.theme import DARK, LEAST_CONTRAST, LIGHT, contrast, stylesheet, theme


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#ffee00", "#0000ff", "#7f7f7f", "#ff6600", "#123456"])
def test_every_colour_can_be_read_on_light_and_on_dark(colour):
    found = theme(colour)

    assert contrast(found.light, LIGHT) >= LEAST_CONTRAST
    assert contrast(found.dark, DARK) >= LEAST_CONTRAST
    assert contrast(found.light, found.light_text) >= 4.5
    assert contrast(found.dark, found.dark_text) >= 4.5


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert theme("#3451b2").light == "#3451b2"
    assert theme("#9db1f7").dark == "#9db1f7"


def test_contrast_is_as_the_guidelines_count_it():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_the_style_sheet_has_both_grounds():
    found = theme("#ff6600")

    assert f"--accent:light-dark({found.light},{found.dark})" in stylesheet(found)
