//! For people: each finding with the place in the source, and a summary by rule.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::{self, Display, Write};
use std::io::IsTerminal;

use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};
use touchmark::{Finding, Judgement, Report, Severity, Values, document};

use super::{Checked, Summary};
use crate::snippet::Snippet;

/// Writes findings as diagnostics.
pub struct Text {
    handler: GraphicalReportHandler,
    /// Whether lines of the source are shown: they are content of the message.
    quotes: bool,
    /// Whether there is one document only: then what it was judged by is said too.
    single: bool,
}

impl Text {
    pub fn new(values: Values, single: bool) -> Self {
        let terminal = std::io::stdout().is_terminal();
        let coloured = terminal && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        let theme = if coloured { GraphicalTheme::unicode() } else { GraphicalTheme::unicode_nocolor() };
        let width = if terminal { 100 } else { 120 };
        let handler =
            GraphicalReportHandler::new_themed(theme).with_width(width).with_context_lines(0).with_links(false);
        Text { handler, quotes: values == Values::Show, single }
    }

    pub fn document(&self, checked: &Checked<'_>, out: &mut Vec<u8>) {
        let report = checked.report;
        let judged: String =
            report.judgements.iter().filter(|j| !j.recognised.is_empty()).map(|j| self.judged(j)).collect();
        if report.findings().len() == 0 {
            let mut lines = format!("{}: no fault found{}\n{judged}", checked.source, suppressed(report));
            if self.single {
                report.judged().for_each(|judge| lines.push_str(&format!("  judged by {judge}\n")));
                report.unsaid().iter().for_each(|sentence| lines.push_str(&format!("{sentence}\n")));
            }
            out.extend_from_slice(lines.as_bytes());
            return;
        }
        let text = document::decode(checked.bytes).unwrap_or(Cow::Borrowed(""));
        let source = text.strip_prefix('\u{feff}').unwrap_or(&text);
        let mut written = String::new();
        for alike in alike(report) {
            let shown = Shown::new(checked.source, source, &alike, self.quotes);
            // Writing to memory does not fail.
            let _ = self.handler.render_report(&mut written, &shown);
            written.push('\n');
        }
        let _ = write!(written, "{}: {}\n{judged}", checked.source, verdict(report));
        out.extend_from_slice(written.as_bytes());
    }

    /// By what a message was judged, and the rules that were not decided: with the reasons where there is one document only.
    fn judged(&self, judgement: &Judgement) -> String {
        // Where nothing is recognised, only the rules have a name.
        let how = if judgement.recognised.is_empty() { "by" } else { "as" };
        let mut lines = format!("  judged {how} {judgement}\n");
        if self.single {
            for (id, reason) in &judgement.undecided {
                let _ = writeln!(lines, "  not decided: {id}, as {reason}");
            }
        } else if !judgement.undecided.is_empty() {
            let ids: Vec<&str> = judgement.undecided.iter().map(|(id, _)| &**id).collect();
            let _ = writeln!(lines, "  not decided: {}", ids.join(", "));
        }
        lines
    }

    pub fn summary(&self, summary: &Summary) -> Vec<u8> {
        if summary.documents < 2 && summary.by_rule.is_empty() {
            return Vec::new();
        }
        let mut out = String::from("\n");
        let width = summary.by_rule.keys().map(|(_, code)| code.len()).max().unwrap_or(0);
        let mut rows: Vec<_> = summary.by_rule.iter().collect();
        rows.sort_by(|((a, x), n), ((b, y), m)| b.cmp(a).then(m.cmp(n)).then(x.cmp(y)));
        for ((severity, code), count) in rows {
            let _ = writeln!(out, "{count:>8}  {code:<width$}  {}", severity.code());
        }
        let faulty: u64 = summary.by_worst[Severity::Error as usize..].iter().sum();
        let _ = writeln!(
            out,
            "{}{} checked, {} with errors: {}",
            if summary.by_rule.is_empty() { "" } else { "\n" },
            counted(summary.documents, "document"),
            faulty,
            Severity::ALL
                .into_iter()
                .rev()
                .filter(|s| summary.by_severity[*s as usize] > 0 || *s == Severity::Error)
                .map(|s| counted_severity(summary.by_severity[s as usize], s))
                .collect::<Vec<_>>()
                .join(", ")
        );
        out.into_bytes()
    }
}

/// `2 errors, 1 warning; judged by …`
fn verdict(report: &Report) -> String {
    let counts: Vec<String> = Severity::ALL
        .into_iter()
        .rev()
        .filter(|s| report.counts.of(*s) > 0)
        .map(|s| counted_severity(u64::from(report.counts.of(s)), s))
        .collect();
    counts.join(", ") + &suppressed(report)
}

/// `, 3 suppressed`
fn suppressed(report: &Report) -> String {
    let count: u32 = report.suppressed.iter().filter(|s| !s.expired).map(|s| s.count).sum();
    if count == 0 { String::new() } else { format!(", {count} suppressed") }
}

fn counted_severity(count: u64, severity: Severity) -> String {
    match severity {
        Severity::Fatal => counted(count, "fatal error"),
        Severity::Error => counted(count, "error"),
        Severity::Warning => counted(count, "warning"),
        Severity::Information => format!("{count} of information"),
    }
}

fn counted(count: u64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

/// So many findings may say the same of different places before they are shown as one: two stay two.
const MOST_ALIKE: usize = 2;
/// Of those that are not shown by themselves, the lines of so many.
const MOST_LINES: usize = 12;

/// Findings in their order; those of which more than [`MOST_ALIKE`] say the same stand together, where the first of them does.
fn alike<'r>(report: &'r Report) -> Vec<Vec<Finding<'r>>> {
    let findings: Vec<Finding<'r>> = report.findings().collect();
    let mut groups: HashMap<_, Vec<usize>> = HashMap::new();
    let key = |f: &Finding<'r>| (f.code(), f.text, f.source, f.severity);
    for (number, finding) in findings.iter().enumerate() {
        groups.entry(key(finding)).or_default().push(number);
    }
    let mut shown = Vec::new();
    for (number, finding) in findings.iter().enumerate() {
        match groups.get(&key(finding)) {
            Some(group) if group.len() > MOST_ALIKE && group[0] == number => {
                shown.push(group.iter().map(|number| findings[*number]).collect());
            }
            Some(group) if group.len() > MOST_ALIKE => {}
            _ => shown.push(vec![*finding]),
        }
    }
    shown
}

/// `17 more alike, in lines 120, 144 and others`
fn more(rest: &[Finding<'_>]) -> String {
    let mut lines: Vec<u32> = rest.iter().filter_map(|f| f.position).map(|at| at.line).collect();
    lines.dedup();
    let shown: Vec<String> = lines.iter().take(MOST_LINES).map(ToString::to_string).collect();
    let others = if lines.len() > MOST_LINES { " and others" } else { "" };
    let word = if lines.len() == 1 { "line" } else { "lines" };
    format!("{} more alike, in {word} {}{others}", rest.len(), shown.join(", "))
}

/// A finding as miette shows it.
#[derive(Debug)]
struct Shown<'f> {
    finding: Finding<'f>,
    snippet: Option<Snippet>,
    help: String,
}

impl<'f> Shown<'f> {
    /// The first of some findings that say the same, with where the others are.
    fn new(name: &str, source: &str, alike: &[Finding<'f>], quotes: bool) -> Self {
        let finding = alike[0];
        let snippet = finding
            .position
            .filter(|_| quotes && !source.is_empty())
            .map(|at| Snippet::new(name, source, finding.offset as usize, at.line, at.column));
        let mut lines = vec![finding.mend().to_owned()];
        if let Some(invariant) = finding.invariant.filter(|i| !finding.text.contains(i.expression)) {
            lines.push(format!("{} in FHIRPath: {}", invariant.key, invariant.expression));
        }
        if let Some(rule) = finding.source {
            lines.push(format!("rule of {rule}"));
        }
        if let Some(entry) = finding.entry {
            lines.push(format!("in {entry}"));
        }
        if alike.len() > 1 {
            lines.push(more(&alike[1..]));
        }
        if snippet.is_none() {
            let place = finding.position.map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
            let expression = finding.expression.unwrap_or("");
            lines.push(format!("at {name}{place} {expression}").trim_end().to_owned());
        }
        // Which element holds the place is seen from the place itself.
        let shown = finding.expression.unwrap_or("");
        if let Some(also) = finding.also.filter(|also| !shown.starts_with(also)) {
            lines.push(format!("together with {also}"));
        }
        Shown { finding, snippet, help: lines.join("\n") }
    }
}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self.finding.code();
        f.write_str(code)?;
        if let Some(claim) = self.finding.claimed.filter(|claim| claim.code != code) {
            write!(f, " ({})", claim.code)?;
        } else if self.finding.rule.advice {
            f.write_str(" (advice)")?;
        }
        write!(f, ": {}", self.finding.text)
    }
}

impl Error for Shown<'_> {}

impl Diagnostic for Shown<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.finding.severity {
            Severity::Fatal | Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Information => miette::Severity::Advice,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let snippet = self.snippet.as_ref()?;
        let label = self.finding.expression.map(str::to_owned);
        Some(Box::new(std::iter::once(LabeledSpan::new_with_span(label, snippet.span()))))
    }
}
