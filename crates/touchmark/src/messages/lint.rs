//! Checks rule files without a message: what cannot be read or compiled, what names something that is not there, and what no
//! message can ever come to; each with its place in the file.

mod acknowledgement;
mod claims;
mod expressions;
mod form;
mod names;
mod never;
pub(super) mod position;

use super::compile;
use super::defect::{self, RuleFileError};
use super::file::RuleFile;
use crate::graph::RuleGraph;
use crate::rule::Rule;

/// A rule file as lint sees it.
struct File<'f> {
    name: &'f str,
    content: RuleFile,
    gaps: form::Gaps,
    /// Whether it is looked at, or only surrounds those that are.
    is_asked: bool,
}

/// A rule set: its files, and what is found in them.
struct Set<'s> {
    files: &'s [File<'s>],
    graph: &'s RuleGraph,
    found: Vec<RuleFileError>,
}

impl Set<'_> {
    /// Says what is wrong at a place of a file.
    fn say(&mut self, file: &str, rule: &'static Rule, pointer: impl Into<String>, reason: impl Into<String>) {
        self.say_in(file, rule, pointer, None, reason);
    }

    /// As [`Set::say`], some bytes into the text at the place.
    fn say_in(
        &mut self,
        file: &str,
        rule: &'static Rule,
        pointer: impl Into<String>,
        within: Option<usize>,
        reason: impl Into<String>,
    ) {
        let (file, pointer, reason) = (file.to_owned(), pointer.into(), reason.into());
        self.found.push(RuleFileError { file, pointer, within, position: None, rule, reason });
    }
}

/// Checks rule files, given with their names, without a message. Those with one `url` are one rule set. What a file lacks of its
/// set is looked for in the loaded rule files, unless those that are given are whole.
///
/// The defects are in the order of the files, and in each in the order of its lines.
pub fn lint(files: &[(String, String)], graph: &RuleGraph) -> Vec<RuleFileError> {
    let mut found = Vec::new();
    let mut read = Vec::new();
    for (name, text) in files {
        if let Some((content, gaps)) = form::read(name, text, &mut found) {
            read.push(File { name, content, gaps, is_asked: true });
        }
    }
    let mut urls: Vec<String> = read.iter().map(|f| f.content.url.clone()).collect();
    urls.dedup();
    let mut seen = Vec::new();
    for url in urls {
        if seen.contains(&url) {
            continue;
        }
        let (own, rest): (Vec<_>, Vec<_>) = read.into_iter().partition(|f| f.content.url == url);
        read = rest;
        let is_whole = own.iter().any(|f| f.content.recognise.is_some());
        let set = if is_whole { own } else { completed(graph, &url, own) };
        found.extend(lint_set(&set, graph));
        seen.push(url);
    }
    locate(&mut found, files.iter().map(|(name, text)| (&**name, &**text)));
    let place = |name: &str| files.iter().position(|(n, _)| n == name);
    found.sort_by_key(|defect| (place(&defect.file), defect.position));
    found.dedup();
    found
}

/// Finds the lines and columns of defects in the texts of the files.
pub(crate) fn locate<'f>(defects: &mut [RuleFileError], files: impl Iterator<Item = (&'f str, &'f str)>) {
    for (name, text) in files {
        let mut open = defects.iter_mut().filter(|d| d.file == name && d.position.is_none()).peekable();
        if open.peek().is_some() {
            let mut places = position::Places::new(text);
            open.for_each(|defect| defect.position = places.of(&defect.pointer, defect.within));
        }
    }
}

/// Files with the loaded ones of their set around them, each in the place of the loaded one of its name.
fn completed<'f>(graph: &'f RuleGraph, url: &str, mut own: Vec<File<'f>>) -> Vec<File<'f>> {
    let last = |name: &str| name.rsplit(['/', '\\', ':']).next().unwrap_or(name).to_owned();
    let mut set = Vec::new();
    for (name, text) in graph.library().rule_files() {
        let Some(content) = RuleFile::read(name, text).ok().filter(|file| file.url == url) else { continue };
        match own.iter().position(|o| last(o.name) == last(name)) {
            Some(at) => set.push(own.remove(at)),
            None => set.push(File { name, content, gaps: form::Gaps::default(), is_asked: false }),
        }
    }
    set.extend(own);
    set
}

/// Checks a rule set.
fn lint_set(files: &[File<'_>], graph: &RuleGraph) -> Vec<RuleFileError> {
    let compiled = files.iter().map(|f| (f.name.to_owned(), f.content.clone())).collect();
    let mut set = Set { files, graph, found: Vec::new() };
    set.found.extend(compile::compile(compiled, graph.names()).into_iter().flat_map(|s| s.errors));
    let known = names::Known::of(files);
    names::check(&mut set, &known);
    expressions::check(&mut set, &known);
    acknowledgement::check(&mut set, &known);
    claims::check(&mut set);
    never::check(&mut set, &known);
    let asked = |name: &str| files.iter().find(|f| f.is_asked && f.name == name);
    let place = |mut defect: RuleFileError| {
        let gaps = &asked(&defect.file)?.gaps;
        defect.pointer = gaps.original(&defect.pointer);
        // Of a part with a fault of form nothing but its name is left.
        let is_consequence = *defect.rule == defect::IDLE && gaps.is_affected(&defect.pointer);
        (!is_consequence).then_some(defect)
    };
    set.found.into_iter().filter_map(place).collect()
}

/// A segment of a JSON pointer.
fn segment(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
