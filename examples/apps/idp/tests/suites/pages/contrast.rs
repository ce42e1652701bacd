//! The contrast of the style sheet's colours by WCAG 2.2, level AA: 4.5 for text (1.4.3), and 3 for
//! the visible parts of a control and its focus (1.4.11).

use std::collections::BTreeMap;

const STYLE: &str = include_str!("../../../assets/style.css");

const TEXT: [(&str, &str); 18] = [
    ("text", "page"),
    ("text", "surface"),
    ("text", "error-surface"),
    ("text", "notice-surface"),
    ("muted", "page"),
    ("muted", "surface"),
    ("accent", "surface"),
    ("accent-strong", "surface"),
    ("accent", "notice-surface"),
    ("accent-strong", "notice-surface"),
    ("accent-strong", "error-surface"),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("error", "error-surface"),
    ("error", "surface"),
    ("muted", "notice-surface"),
    ("muted", "error-surface"),
    ("accent", "page"),
];

const CONTROLS: [(&str, &str); 8] = [
    ("control", "surface"),
    ("control", "page"),
    ("accent", "surface"),
    ("accent", "page"),
    ("accent", "notice-surface"),
    ("error", "surface"),
    ("accent", "error-surface"),
    ("notice", "notice-surface"),
];

type Palette = BTreeMap<&'static str, [u8; 3]>;

/// The custom properties of the first rule for `:root` after a text in the style sheet.
fn palette(after: &str) -> Palette {
    let rest = STYLE.split_once(after).unwrap().1;
    let rule = rest.split_once(":root {").unwrap().1.split_once('}').unwrap().0;
    let colour = |hex: &str| [0..2, 2..4, 4..6].map(|digits| u8::from_str_radix(hex.get(digits).unwrap(), 16).unwrap());
    let properties = rule.lines().filter_map(|line| line.trim().strip_prefix("--")?.split_once(": #"));
    properties.map(|(name, hex)| (name, colour(hex.strip_suffix(';').unwrap()))).collect()
}

/// WCAG 2.2, "relative luminance".
fn luminance(colour: [u8; 3]) -> f64 {
    let [red, green, blue] = colour.map(|channel| {
        let channel = f64::from(channel) / 255.0;
        if channel <= 0.04045 { channel / 12.92 } else { ((channel + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/// WCAG 2.2, "contrast ratio".
fn contrast(one: [u8; 3], other: [u8; 3]) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn the_ratio_is_that_of_the_specification() {
    let close = |ratio: f64, expected: f64| (ratio - expected).abs() < 0.005;
    assert!(close(contrast([0; 3], [255; 3]), 21.0));
    assert!(close(contrast([0x76; 3], [255; 3]), 4.54));
    assert!(close(contrast([0x77; 3], [255; 3]), 4.48));
}

#[test]
fn both_palettes_have_the_same_colours_and_no_rule_has_others() {
    let (light, dark) = (palette("Colours first"), palette("prefers-color-scheme: dark"));
    assert_eq!(light.keys().collect::<Vec<_>>(), dark.keys().collect::<Vec<_>>());
    assert_ne!(light, dark);
    let rules = STYLE.rsplit_once("--notice-surface").unwrap().1.split_once('}').unwrap().1;
    assert!(!rules.contains('#') && !rules.contains("rgb") && !rules.contains("opacity"));
}

#[test]
fn the_contrast_is_enough() {
    for (mode, palette) in [("light", palette("Colours first")), ("dark", palette("prefers-color-scheme: dark"))] {
        for (pairs, least) in [(&TEXT[..], 4.5), (&CONTROLS[..], 3.0)] {
            for (front, back) in pairs {
                let ratio = contrast(palette[front], palette[back]);
                println!("{mode} {front} on {back}: {ratio:.2}");
                assert!(ratio >= least, "{mode}: {front} on {back} is {ratio:.2}");
            }
        }
    }
}
