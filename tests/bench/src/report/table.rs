//! The table, the same for people at a terminal and for the documentation.

use crate::figures::{self, Figure, Target, Unit};
use crate::part::Part;

use super::{Missing, Report, Sampled};

/// The figures of these parts.
pub(super) fn of(report: &Report, parts: &[Part]) -> String {
    let header = ["figure", "median", "rounds", "target"].map(str::to_owned);
    let rule = ["---", "---:", "---:", "---"].map(str::to_owned);
    let figures = figures::ALL.iter().filter(|figure| parts.contains(&figure.part));
    let rows: Vec<[String; 4]> =
        [header, rule].into_iter().chain(figures.map(|figure| row(report, figure))).collect();
    let width = |column: usize| {
        rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default()
    };
    let widths = [0, 1, 2, 3].map(width);
    rows.iter().fold(String::new(), |table, row| table + &line(row, widths) + "\n")
}

fn row(report: &Report, figure: &Figure) -> [String; 4] {
    let what = format!("{} (`{}`)", figure.what, figure.key);
    match (report.sampled(figure.key), report.missing(figure.key)) {
        (Some(sampled), _) => [
            what,
            figure.unit.show(sampled.median),
            spread(figure.unit, sampled),
            figure.target.map(|target| verdict(figure, target, sampled.median)).unwrap_or_default(),
        ],
        (None, Some(Missing::Skipped(why))) => [what, "skipped".into(), String::new(), why],
        (None, Some(Missing::Failed(why))) => [what, "FAILED".into(), String::new(), why],
        (None, None) => [what, "–".into(), String::new(), String::new()],
    }
}

fn spread(unit: Unit, Sampled { least, most, .. }: Sampled) -> String {
    let is_one = least.total_cmp(&most).is_eq();
    if is_one { String::new() } else { format!("{} … {}", unit.number(least), unit.number(most)) }
}

fn verdict(figure: &Figure, target: Target, value: f64) -> String {
    let (sign, limit) = match target {
        Target::AtLeast(limit) => ("≥", limit),
        Target::AtMost(limit) => ("≤", limit),
    };
    let verdict = if target.is_met_by(value) { "met" } else { "missed" };
    format!("{sign} {}: {verdict}", figure.unit.number(limit))
}

impl Unit {
    fn show(self, value: f64) -> String {
        let unit = match self {
            Self::PerSecond => "/s",
            Self::Times => "×",
            Self::Milliseconds => " ms",
            Self::Microseconds => " µs",
            Self::Megabytes => " MB",
        };
        self.number(value) + unit
    }

    fn number(self, value: f64) -> String {
        match self {
            Self::PerSecond => thousands(&format!("{value:.0}")),
            Self::Times => format!("{value:.2}"),
            Self::Milliseconds | Self::Microseconds | Self::Megabytes => format!("{value:.1}"),
        }
    }
}

/// `12345` as `12,345`.
fn thousands(digits: &str) -> String {
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn line(cells: &[String; 4], widths: [usize; 4]) -> String {
    let [what, median, rounds, target] = cells;
    let [what_width, median_width, rounds_width, target_width] = widths;
    format!(
        "| {what:<what_width$} | {median:>median_width$} | {rounds:>rounds_width$} | {target:<target_width$} |"
    )
}
