//! Charts as inline SVG: a few lines of text each, no script, colours by the page's own style so that light and dark both work.
//!
//! They are drawn for a phone's width and grow with the page. Beside each stands its data as a table, so that nobody has to read
//! colours.

use std::fmt::Write as _;

/// The drawing's size; text in it is 11 units high and stays readable at 320 pixels.
const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 210.0;
/// The space around the plot for the axes.
const LEFT: f64 = 46.0;
const RIGHT: f64 = 10.0;
const TOP: f64 = 12.0;
const BOTTOM: f64 = 30.0;
/// Points of a line; more cannot be told apart.
const POINTS_MAX: usize = 240;
/// Colours that the page has: `c1` to `c6`.
const COLOURS: usize = 6;

/// A line: what it is called, and points from left to right.
#[derive(Debug, Clone)]
pub struct Line {
    /// Its name.
    pub name: String,
    /// Points: seconds, and a value; gaps where there is none.
    pub points: Vec<(f64, Option<f64>)>,
}

/// How the values of a chart are laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// From 0.
    Linear,
    /// By tens; values below 0.1 count as that.
    Log,
}

/// A stretch of time with a name, such as a phase.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// Its name.
    pub name: String,
    /// Where it begins, in seconds.
    pub from: f64,
    /// Where it ends.
    pub to: f64,
}

/// Text as it may stand in HTML and SVG.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A number without more digits than anybody needs.
pub fn number(value: f64) -> String {
    match value.abs() {
        big if big >= 10_000.0 => format!("{:.0}k", value / 1_000.0),
        big if big >= 100.0 => format!("{value:.0}"),
        mid if mid >= 10.0 => trimmed(format!("{value:.1}")),
        _ => trimmed(format!("{value:.2}")),
    }
}

fn trimmed(text: String) -> String {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// The least round number (1, 2 or 5 and noughts) that is not below a value.
fn round_up(value: f64) -> f64 {
    if value <= 0.0 {
        return 1.0;
    }
    let ten = 10_f64.powf(value.log10().floor());
    [1.0, 2.0, 5.0, 10.0].into_iter().map(|step| step * ten).find(|round| *round >= value * 0.999_999).unwrap_or(value)
}

/// At most [`POINTS_MAX`] points, each the worst of those that it stands for: a peak must not be lost.
fn thinned(points: &[(f64, Option<f64>)]) -> Vec<(f64, Option<f64>)> {
    let per = points.len().div_ceil(POINTS_MAX).max(1);
    points
        .chunks(per)
        .map(|chunk| {
            let worst = chunk.iter().filter_map(|(_, value)| *value).reduce(f64::max);
            (chunk[0].0, worst)
        })
        .collect()
}

struct Axes {
    scale: Scale,
    low: f64,
    high: f64,
    until: f64,
}

impl Axes {
    fn of(lines: &[Line], scale: Scale, until: f64) -> Self {
        let values = lines.iter().flat_map(|line| &line.points).filter_map(|(_, value)| *value);
        let most = values.fold(0.0, f64::max);
        let (low, high) = match scale {
            Scale::Linear => (0.0, round_up(most)),
            Scale::Log => (0.1, 10_f64.powf(most.max(1.0).log10().ceil())),
        };
        Self { scale, low, high, until: until.max(1.0) }
    }

    fn x(&self, at: f64) -> f64 {
        LEFT + (WIDTH - LEFT - RIGHT) * (at / self.until).clamp(0.0, 1.0)
    }

    fn y(&self, value: f64) -> f64 {
        let part = match self.scale {
            Scale::Linear => value / self.high,
            Scale::Log => (value.max(self.low).log10() - self.low.log10()) / (self.high.log10() - self.low.log10()),
        };
        HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * part.clamp(0.0, 1.0)
    }

    fn ticks(&self) -> Vec<f64> {
        match self.scale {
            Scale::Linear => (0..=4).map(|step| self.high * f64::from(step) / 4.0).collect(),
            Scale::Log => {
                let decades = (self.high / self.low).log10().round() as i32;
                (0..=decades).map(|step| self.low * 10_f64.powi(step)).collect()
            }
        }
    }

    /// Grid, numbers and the names of the phases.
    fn draw(&self, svg: &mut String, stretches: &[Stretch]) {
        for (index, Stretch { name, from, to }) in stretches.iter().enumerate() {
            let (left, right) = (self.x(*from), self.x(*to));
            if index % 2 == 1 {
                let (width, height) = (right - left, HEIGHT - TOP - BOTTOM);
                let _ =
                    write!(svg, r#"<rect class="band" x="{left:.1}" y="{TOP}" width="{width:.1}" height="{height}"/>"#);
            }
            if right - left > 6.0 * name.len() as f64 {
                let middle = f64::midpoint(left, right);
                let _ =
                    write!(svg, r#"<text class="phase" x="{middle:.1}" y="{:.1}">{}</text>"#, TOP + 10.0, escape(name));
            }
        }
        for tick in self.ticks() {
            let y = self.y(tick);
            let _ = write!(svg, r#"<path class="grid" d="M{LEFT} {y:.1}H{:.1}"/>"#, WIDTH - RIGHT);
            let _ =
                write!(svg, r#"<text class="tick" x="{:.1}" y="{:.1}">{}</text>"#, LEFT - 4.0, y + 4.0, number(tick));
        }
        for step in 0..=4 {
            let at = self.until * f64::from(step) / 4.0;
            let anchor = ["start", "middle", "middle", "middle", "end"][step as usize];
            let (x, y) = (self.x(at), HEIGHT - BOTTOM + 14.0);
            let _ =
                write!(svg, r#"<text class="time" text-anchor="{anchor}" x="{x:.1}" y="{y:.1}">{}</text>"#, clock(at));
        }
    }
}

/// Seconds as minutes and seconds.
fn clock(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    format!("{}:{:02}", whole / 60, whole % 60)
}

/// Lines over time. `unit` goes into the title and the table.
pub fn over_time(title: &str, unit: &str, scale: Scale, lines: &[Line], stretches: &[Stretch]) -> String {
    let last = |line: &Line| line.points.last().map_or(0.0, |(at, _)| *at);
    let until = lines.iter().map(last).fold(0.0, f64::max);
    let axes = Axes::of(lines, scale, until);
    let mut svg = open(title, unit);
    axes.draw(&mut svg, stretches);
    for (index, line) in lines.iter().enumerate() {
        let mut path = String::new();
        let mut down = false;
        for (at, value) in thinned(&line.points) {
            match value {
                None => down = false,
                Some(value) => {
                    let go = if down { 'L' } else { 'M' };
                    let _ = write!(path, "{go}{:.1} {:.1}", axes.x(at), axes.y(value));
                    down = true;
                }
            }
        }
        let colour = index % COLOURS + 1;
        let dash = if index >= COLOURS { " dashed" } else { "" };
        let _ = write!(svg, r#"<path class="line c{colour}{dash}" d="{path}"/>"#);
    }
    svg.push_str("</svg>");
    framed(title, unit, &svg, &legend(lines), &table_over_time(lines))
}

/// Bars in groups: a row for each group, a bar for each name in `names`.
pub fn bars(title: &str, unit: &str, names: &[&str], groups: &[(String, Vec<f64>)]) -> String {
    let most = groups.iter().flat_map(|(_, values)| values).copied().fold(0.0, f64::max);
    let high = round_up(most);
    let thick = 9.0;
    let row = 18.0 + thick * names.len() as f64 + 4.0;
    let height = TOP + row * groups.len() as f64 + 4.0;
    let mut svg = open_sized(title, unit, height);
    for (index, (name, values)) in groups.iter().enumerate() {
        let top = TOP + row * index as f64;
        let _ = write!(svg, r#"<text class="name" x="4" y="{:.1}">{}</text>"#, top + 11.0, escape(name));
        for (nth, value) in values.iter().enumerate() {
            let y = top + 16.0 + thick * nth as f64;
            let length = (WIDTH - 70.0) * value / high;
            let colour = nth % COLOURS + 1;
            let _ = write!(
                svg,
                r#"<rect class="bar f{colour}" x="4" y="{y:.1}" width="{length:.1}" height="{:.1}"/>"#,
                thick - 1.5
            );
            let (x, y, value) = (length + 8.0, y + thick - 1.0, number(*value));
            let _ = write!(svg, r#"<text class="value" x="{x:.1}" y="{y:.1}">{value}</text>"#);
        }
    }
    svg.push_str("</svg>");
    let key: String = if names.len() > 1 { keys(names.iter().map(|name| (*name).to_owned())) } else { String::new() };
    let mut table = String::from("<tr><th></th>");
    for name in names {
        let _ = write!(table, "<th>{}</th>", escape(name));
    }
    table.push_str("</tr>");
    for (name, values) in groups {
        let _ = write!(table, "<tr><th>{}</th>", escape(name));
        for value in values {
            let _ = write!(table, "<td>{}</td>", number(*value));
        }
        table.push_str("</tr>");
    }
    framed(title, unit, &svg, &key, &table)
}

fn open(title: &str, unit: &str) -> String {
    open_sized(title, unit, HEIGHT)
}

fn open_sized(title: &str, unit: &str, height: f64) -> String {
    let title = escape(&format!("{title}, {unit}"));
    format!(r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}"><title>{title}</title>"#)
}

fn framed(title: &str, unit: &str, svg: &str, key: &str, table: &str) -> String {
    format!(
        "<figure><figcaption>{}<span> {}</span></figcaption>{svg}{key}<details><summary>As a table</summary>\
         <div class=\"wide\"><table>{table}</table></div></details></figure>",
        escape(title),
        escape(unit)
    )
}

fn legend(lines: &[Line]) -> String {
    if lines.len() < 2 { String::new() } else { keys(lines.iter().map(|line| line.name.clone())) }
}

fn keys(names: impl Iterator<Item = String>) -> String {
    let mut key = String::from(r#"<p class="key">"#);
    for (index, name) in names.enumerate() {
        let dash = if index >= COLOURS { " dashed" } else { "" };
        let _ = write!(key, r#"<span class="k{}{dash}">{}</span> "#, index % COLOURS + 1, escape(&name));
    }
    key.push_str("</p>");
    key
}

/// A tenth of the points is enough for a table.
fn table_over_time(lines: &[Line]) -> String {
    let mut table = String::from("<tr><th>time</th>");
    for line in lines {
        let _ = write!(table, "<th>{}</th>", escape(&line.name));
    }
    table.push_str("</tr>");
    let Some(longest) = lines.iter().map(|line| line.points.len()).max() else { return table };
    let step = longest.div_ceil(24).max(1);
    for row in (0..longest).step_by(step) {
        let at = lines.iter().find_map(|line| line.points.get(row)).map_or(0.0, |(at, _)| *at);
        let _ = write!(table, "<tr><th>{}</th>", clock(at));
        for line in lines {
            let of_row = line.points.get(row..(row + step).min(line.points.len())).unwrap_or_default();
            let worst = of_row.iter().filter_map(|(_, value)| *value).reduce(f64::max);
            let _ = write!(table, "<td>{}</td>", worst.map_or_else(|| "-".to_owned(), number));
        }
        table.push_str("</tr>");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(values: &[Option<f64>]) -> Line {
        let points = values.iter().enumerate().map(|(at, value)| (at as f64, *value)).collect();
        Line { name: "a <b>".to_owned(), points }
    }

    #[test]
    fn known_data_gives_a_known_chart() {
        let chart = over_time("T", "ms", Scale::Linear, &[line(&[Some(0.0), Some(50.0), Some(100.0)])], &[]);
        // The plot is 304 wide and 168 high, its foot at 180: three points from corner to corner.
        assert!(chart.contains(r#"d="M46.0 180.0L198.0 96.0L350.0 12.0""#), "{chart}");
        assert!(chart.contains(r#"viewBox="0 0 360 210""#));
        assert!(chart.contains("<th>a &lt;b&gt;</th>") && !chart.contains("<b>"), "names are text");
        assert!(chart.contains("<tr><th>0:01</th><td>50</td></tr>"), "{chart}");
    }

    #[test]
    fn a_decade_is_a_decade_high_on_a_scale_by_tens() {
        let axes = Axes::of(&[line(&[Some(0.1), Some(10.0), Some(1_000.0)])], Scale::Log, 2.0);
        assert_eq!(
            axes.ticks().iter().map(|tick| number(*tick)).collect::<Vec<_>>(),
            ["0.1", "1", "10", "100", "1000"]
        );
        assert!((axes.y(0.1) - 180.0).abs() < 1e-9 && (axes.y(10.0) - 96.0).abs() < 1e-9);
        assert!((axes.y(0.0) - 180.0).abs() < 1e-9, "nothing is not infinitely far down");
    }

    #[test]
    fn a_gap_stays_a_gap_and_a_peak_is_kept_when_points_are_thinned() {
        let chart = over_time("T", "", Scale::Linear, &[line(&[Some(1.0), None, Some(1.0)])], &[]);
        assert_eq!(chart.matches('M').count() - chart.matches(r#"class="grid" d="M"#).count(), 2, "{chart}");
        let mut values = vec![Some(1.0); 5_000];
        values[3_333] = Some(77.0);
        let thin = thinned(&line(&values).points);
        assert!(thin.len() <= POINTS_MAX && thin.iter().any(|(_, value)| *value == Some(77.0)));
    }

    #[test]
    fn bars_are_as_long_as_their_values() {
        let groups = [("x".to_owned(), vec![50.0, 100.0]), ("y".to_owned(), vec![0.0, 25.0])];
        let chart = bars("T", "%", &["people", "places"], &groups);
        for length in ["145.0", "290.0", "0.0", "72.5"] {
            assert!(chart.contains(&format!(r#"width="{length}""#)), "{length}: {chart}");
        }
        assert!(chart.contains("<tr><th>x</th><td>50</td><td>100</td></tr>"));
    }

    #[test]
    fn nothing_at_all_can_be_drawn() {
        assert!(over_time("T", "", Scale::Log, &[], &[]).contains("</svg>"));
        assert!(bars("T", "", &["a"], &[]).contains("</svg>"));
        assert_eq!((round_up(0.0), round_up(3.0), round_up(20.0), round_up(51.0)), (1.0, 5.0, 20.0, 100.0));
    }
}
