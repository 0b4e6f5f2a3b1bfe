"""A customer's colour as a theme in which everything can still be read (WCAG 2.2, 1.4.3)."""

from dataclasses import dataclass

LEAST_CONTRAST = 5.5
"""More than the 4.5 that is asked, since the colour stands on its own pale tint, too."""
LIGHT, DARK = "#ffffff", "#1b1d20"
WHITE, BLACK = "#ffffff", "#101114"
STEPS = 40
LINEAR_UP_TO = 0.04045
"""sRGB is linear in the dark (IEC 61966-2-1)."""

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The accent on light and on dark ground, and what is written on it."""

    light: str
    light_text: str
    dark: str
    dark_text: str


def theme(colour: str) -> Theme:
    """The colour `#rrggbb`, moved as little as needed."""
    light, dark = _readable(colour, on=LIGHT, towards=BLACK), _readable(colour, on=DARK, towards=WHITE)
    return Theme(light=light, light_text=_text_on(light), dark=dark, dark_text=_text_on(dark))


def stylesheet(found: Theme) -> str:
    """The theme as a style sheet that stands after that of the pages."""
    return (
        f":root{{--accent:light-dark({found.light},{found.dark});"
        f"--accent-text:light-dark({found.light_text},{found.dark_text});"
        "--accent-soft:light-dark("
        "color-mix(in srgb,var(--accent) 9%,var(--card)),color-mix(in srgb,var(--accent) 14%,var(--card)))}\n"
    )


def contrast(one: str, other: str) -> float:
    """From 1 to 21."""
    darker, lighter = sorted((_luminance(_parsed(one)), _luminance(_parsed(other))))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: str, *, on: str, towards: str) -> str:
    start, end = _parsed(colour), _parsed(towards)
    for step in range(STEPS + 1):
        share = step / STEPS
        mixed = _written(tuple(a + (b - a) * share for a, b in zip(start, end, strict=True)))
        if contrast(mixed, on) >= LEAST_CONTRAST:
            return mixed
    return towards


def _text_on(colour: str) -> str:
    return max((WHITE, BLACK), key=lambda text: contrast(text, colour))


def _parsed(colour: str) -> Colour:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _written(colour: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(part * 255):02x}" for part in colour)


def _luminance(colour: Colour) -> float:
    linear = [part / 12.92 if part <= LINEAR_UP_TO else ((part + 0.055) / 1.055) ** 2.4 for part in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
