//! The page of a rule of a rule file: how severe it is for whom, how it is found, what it says, and where it stands.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};
use touchmark::messages::Page;
use touchmark::messages::file::{Check, Claim, Level, Link, Rule, Verdict, When};

/// For every message.
static ALWAYS: When = When::new();

/// One way in which a rule is found, in words.
struct Way<'p> {
    /// `claim`, `check`, `link`.
    kind: &'static str,
    /// What it looks at.
    what: String,
    when: &'p When,
    /// Its own severity, where it has one.
    severity: Option<Level>,
    /// Its own sentence, where it has one.
    text: Option<&'p str>,
}

/// A line of the table of severities: for which messages, and the severity under each policy.
struct Severity {
    whom: String,
    levels: Vec<Level>,
}

pub fn text(page: &Page) -> String {
    let mut out = format!("{}  (a rule of {})\n", page.id, page.set_title);
    if let Some(rule) = &page.rule {
        let _ = writeln!(out, "\n{}", rule.title);
        severities_text(page, rule, &mut out);
        if !rule.when.is_empty() {
            let _ = writeln!(out, "\nHolds for:  {}", when(page, &rule.when));
        }
        if !rule.unless.is_empty() {
            let _ = writeln!(out, "\nSilent where one of these has spoken:  {}", rule.unless.join(", "));
        }
        out.push_str("\nFound by:\n");
        for (number, way) in ways(page, rule).iter().enumerate() {
            let _ = write!(out, "  {} {:<6} {}", number + 1, way.kind, way.what);
            if !way.when.is_empty() {
                let _ = write!(out, "\n           for {}", when(page, way.when));
            }
            if let Some(level) = way.severity {
                let _ = write!(out, "\n           severity {}", severity_word(level));
            }
            if let Some(text) = way.text {
                let _ = write!(out, "\n           says: {}", said(text));
            }
            out.push('\n');
        }
        let says = rule.text.as_deref().map(said);
        let parts = [("Says:", &says), ("Mend:", &rule.mend), ("Sources:", &rule.contradiction)];
        let known = rule.broken_officially.then(|| "official ones break it".to_owned());
        let parts = parts.into_iter().chain([("Examples:", &known)]);
        for (number, (name, text)) in parts.filter_map(|(name, text)| Some((name, text.as_ref()?))).enumerate() {
            let _ = writeln!(out, "{}{name:<9} {text}", if number == 0 { "\n" } else { "" });
        }
    }
    for undecided in &page.undecided {
        let of = if undecided.when.is_empty() { String::new() } else { format!(" ({})", when(page, &undecided.when)) };
        let condition = undecided.condition.as_ref().map_or_else(String::new, |c| format!(", where {c}"));
        let _ = writeln!(out, "\nNot decided{of}{condition}: {}", undecided.reason);
    }
    if !page.faults.is_empty() {
        let ids: Vec<&str> = page.faults.iter().map(|(id, _)| id.as_str()).collect();
        let _ = writeln!(out, "\nFaults:   {} (touchmark vectors mutate MESSAGE --rule {})", ids.join(" "), page.id);
    }
    let _ = writeln!(out, "\nFile:     {}:{}", page.file, page.line);
    out
}

fn severities_text(page: &Page, rule: &Rule, out: &mut String) {
    let rows = severities(page, rule);
    let width = rows.iter().map(|row| row.whom.chars().count()).max().unwrap_or(0).max("Severity".len());
    let _ = write!(out, "\n{:<width$}", "Severity");
    for policy in &page.policies {
        let _ = write!(out, "  {:<11}", policy.name);
    }
    trim_end(out);
    for row in rows {
        let _ = write!(out, "\n{:<width$}", row.whom);
        for level in row.levels {
            let _ = write!(out, "  {:<11}", severity_word(level));
        }
        trim_end(out);
    }
    out.push('\n');
}

fn trim_end(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
}

/// The severities of the rule: for the messages of its cases, for all others, and of ways that have their own.
fn severities(page: &Page, rule: &Rule) -> Vec<Severity> {
    let row = |whom: String, level: Level| Severity {
        whom,
        levels: match page.policies.as_slice() {
            [] => vec![level],
            policies => policies.iter().map(|p| p.applied(level, &rule.authority, rule.broken_officially)).collect(),
        },
    };
    let cases = rule.cases.iter().map(|case| row(when(page, &case.when), case.severity));
    let mut rows: Vec<Severity> = cases.collect();
    let all = if rows.is_empty() { "all messages" } else { "all others" };
    rows.push(row(all.to_owned(), rule.severity));
    for (number, way) in ways(page, rule).iter().enumerate() {
        if let Some(level) = way.severity.filter(|level| *level != rule.severity) {
            rows.push(row(format!("by {} {}", way.kind, number + 1), level));
        }
    }
    rows
}

/// `edition E1 or E1T, kind response (IA+ IA- …)`
fn when(page: &Page, when: &When) -> String {
    let part = |(dimension, wanted): (&String, &touchmark::messages::file::Strings)| {
        let value = |value: &String| {
            let (name, not) = value.strip_prefix('!').map_or((value.as_str(), ""), |name| (name, "not "));
            let group = page.groups.get(dimension).and_then(|groups| groups.get(name));
            group.map_or_else(|| format!("{not}{name}"), |group| format!("{not}{name} ({})", group.join(" ")))
        };
        format!("{dimension} {}", wanted.0.iter().map(value).collect::<Vec<_>>().join(" or "))
    };
    when.iter().map(part).collect::<Vec<_>>().join(", ")
}

fn severity_word(level: Level) -> &'static str {
    match level {
        Level::Found => "as found",
        Level::Silent => "not said",
        level => level.code(),
    }
}

/// A sentence as a reader of the page understands it.
fn said(text: &str) -> String {
    text.replace("{finding}", "(what the engine says)")
}

/// All ways in which the rule is found: claims, checks, links, and that the document cannot be read.
fn ways<'p>(page: &'p Page, rule: &'p Rule) -> Vec<Way<'p>> {
    let mut ways: Vec<Way<'p>> = rule.claims.iter().map(claim).collect();
    ways.extend(rule.checks.iter().map(check));
    ways.extend(page.links.iter().map(|(of, why, verdict)| link(of, why, verdict)));
    if page.is_of_unreadable {
        let what = "a document of this kind that cannot be read at all".to_owned();
        ways.push(Way { kind: "read", what, when: &ALWAYS, severity: None, text: None });
    }
    ways
}

/// `primitive-* at profile#element, in header, where …`
fn claim(claim: &Claim) -> Way<'_> {
    let mut what = claim.code.join(", ");
    if !claim.key.is_empty() {
        let _ = write!(what, " ({})", claim.key.join(", "));
    }
    match (&*claim.profile, &*claim.element) {
        ([], []) => {}
        ([], elements) => drop(write!(what, " at {}", elements.join(" or "))),
        (profiles, elements) => {
            let elements = elements.join(" or ");
            let places =
                profiles.iter().map(|p| if elements.is_empty() { p.clone() } else { format!("{p}#{elements}") });
            let _ = write!(what, " of {}", places.collect::<Vec<_>>().join(" or "));
        }
    }
    if !claim.places.is_empty() {
        let _ = write!(what, ", in {}", claim.places.join(" or "));
    }
    if let Some(condition) = &claim.condition {
        let _ = write!(what, ", where {condition}");
    }
    Way { kind: "claim", what, when: &claim.when, severity: claim.severity, text: claim.text.as_deref() }
}

/// `on header, $.source, where …: must …`
fn check(check: &Check) -> Way<'_> {
    let mut what = format!("on {}", check.on.as_deref().unwrap_or("the document"));
    if let Some(select) = &check.select {
        let _ = write!(what, ", each {select}");
    }
    if let Some(condition) = &check.condition {
        let _ = write!(what, ", where {condition}");
    }
    let _ = write!(what, "\n           must {}", check.must);
    if let Some(at) = &check.at {
        let _ = write!(what, "\n           said at {at}");
    }
    if !check.unless.is_empty() {
        let _ = write!(what, "\n           silent where {} has spoken", check.unless.join(" or "));
    }
    Way { kind: "check", what, when: &check.when, severity: check.severity, text: check.text.as_deref() }
}

fn link<'p>(link: &'p Link, why: &str, verdict: &'p Verdict) -> Way<'p> {
    let what = format!(
        "on {}, each {}: {}",
        link.on.as_deref().unwrap_or("the document"),
        link.select,
        match why {
            "unresolved" => "leads to no entry of the message".to_owned(),
            "elsewhere" => "is the absolute url of something outside".to_owned(),
            "wrongType" => format!("leads to something else than {}", link.types.join(" or ")),
            _ => "leads to an entry only if it is read kindly".to_owned(),
        }
    );
    Way { kind: "link", what, when: &link.when, severity: verdict.severity, text: verdict.text.as_deref() }
}

pub fn json(page: &Page) -> Value {
    let plain = |when: &When| -> Value { when.iter().map(|(name, wanted)| (name.clone(), json!(wanted.0))).collect() };
    let mut out =
        json!({"code": page.id, "set": page.set, "setTitle": page.set_title, "file": page.file, "line": page.line});
    if let Some(rule) = &page.rule {
        let severities: Vec<Value> = severities(page, rule)
            .iter()
            .map(|row| {
                let names = page.policies.iter().map(|p| p.name.as_str());
                let names: Vec<&str> = if page.policies.is_empty() { vec!["default"] } else { names.collect() };
                let levels: BTreeMap<&str, &str> = names.into_iter().zip(row.levels.iter().map(|l| l.code())).collect();
                json!({"for": row.whom, "policies": levels})
            })
            .collect();
        let ways: Vec<Value> = ways(page, rule)
            .iter()
            .map(|way| {
                let what = way.what.replace("\n           ", "; ");
                json!({"kind": way.kind, "what": what, "when": plain(way.when), "severity": way.severity.map(Level::code),
                       "text": way.text})
            })
            .collect();
        out["title"] = json!(rule.title);
        out["severity"] = json!(rule.severity.code());
        out["severities"] = json!(severities);
        out["authority"] = json!(rule.authority);
        out["brokenOfficially"] = json!(rule.broken_officially);
        out["when"] = plain(&rule.when);
        out["unless"] = json!(rule.unless);
        out["foundBy"] = json!(ways);
        out["text"] = json!(rule.text);
        out["mend"] = json!(rule.mend);
        out["contradiction"] = json!(rule.contradiction);
    }
    let undecided =
        page.undecided.iter().map(|u| json!({"reason": u.reason, "when": plain(&u.when), "if": u.condition}));
    out["undecided"] = undecided.collect();
    out["faults"] = page.faults.iter().map(|(id, title)| json!({"id": id, "title": title})).collect();
    out
}
