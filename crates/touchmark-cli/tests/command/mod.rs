//! Runs the program as a user does, and reads its answers.
#![allow(dead_code, reason = "each test file uses its part")]

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

/// A folder that is gone after the test.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// The program, to be run.
pub fn touchmark() -> Program {
    Program { arguments: Vec::new(), input: Vec::new(), memory: None, folder: None, variables: Vec::new() }
}

pub struct Program {
    arguments: Vec<OsString>,
    input: Vec<u8>,
    memory: Option<u32>,
    folder: Option<PathBuf>,
    variables: Vec<(&'static str, PathBuf)>,
}

impl Program {
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    /// What it reads from standard input.
    pub fn input(mut self, input: impl AsRef<[u8]>) -> Self {
        self.input = input.as_ref().to_owned();
        self
    }

    /// How much address space it may use, in KiB.
    pub fn memory(mut self, kib: u32) -> Self {
        self.memory = Some(kib);
        self
    }

    /// The folder in which it runs.
    pub fn within(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// A folder that a variable of its environment names.
    pub fn variable(mut self, name: &'static str, folder: PathBuf) -> Self {
        self.variables.push((name, folder));
        self
    }

    pub fn run(self) -> Answer {
        let program = env!("CARGO_BIN_EXE_touchmark");
        let mut command = match self.memory {
            None => Command::new(program),
            Some(kib) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", &format!("ulimit -v {kib} && exec \"$0\" \"$@\""), program]);
                shell
            }
        };
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.envs(self.variables);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // What does not read its input closes it.
        drop(child.stdin.take().unwrap().write_all(&self.input));
        let output = child.wait_with_output().unwrap();
        Answer {
            status: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

pub struct Answer {
    pub status: i32,
    pub out: String,
    pub err: String,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let cut = |text: &str| text.chars().take(1500).collect::<String>();
        write!(f, "status {}\n{}\n{}", self.status, cut(&self.out), cut(&self.err))
    }
}

impl Answer {
    /// The lines of NDJSON.
    pub fn lines(&self) -> Vec<Line> {
        self.out.lines().map(|line| Line(serde_json::from_str(line).unwrap())).collect()
    }

    /// The rule code of the first issue of the first line.
    pub fn first_code(&self) -> String {
        self.lines().first().and_then(|l| l.issues().next().map(|i| i.code().to_owned())).unwrap_or_default()
    }
}

/// A document's line.
pub struct Line(pub Value);

impl Line {
    pub fn source(&self) -> &str {
        self.0["source"].as_str().unwrap()
    }

    pub fn issues(&self) -> impl Iterator<Item = Issue<'_>> {
        self.0["outcome"]["issue"].as_array().unwrap().iter().map(Issue)
    }
}

/// An issue of an OperationOutcome.
pub struct Issue<'l>(pub &'l Value);

impl<'l> Issue<'l> {
    pub fn severity(&self) -> &'l str {
        self.0["severity"].as_str().unwrap()
    }

    pub fn code(&self) -> &'l str {
        self.0["details"]["coding"][0]["code"].as_str().unwrap()
    }

    pub fn text(&self) -> &'l str {
        self.0["details"]["text"].as_str().unwrap()
    }

    pub fn line(&self) -> Option<u64> {
        self.0["extension"][0]["valueInteger"].as_u64()
    }
}
