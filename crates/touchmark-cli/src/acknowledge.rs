//! `touchmark acknowledge`: writes the response that a receiver owes to a message.

use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::{Args, ValueEnum};
use touchmark::Options;
use touchmark::acknowledge::{Response, acknowledge};
use touchmark::document::Format;

use crate::arguments::{Definitions, Judging};
use crate::check::instant;
use crate::definitions;
use crate::inputs::{reason, shown};
use crate::{Failure, Status, print};

/// Write the response to a message: the infrastructure response that fits what is found in it, or a business response.
#[derive(Args, Debug)]
#[command(after_help = "\
Nothing is written where the message asks for no such response.

Examples:
  touchmark acknowledge message.xml > response.xml
  touchmark acknowledge message.xml --business CODE --format json")]
pub struct Acknowledge {
    /// The message to answer
    #[arg(value_name = "MESSAGE")]
    message: PathBuf,
    /// The code of a business response
    #[arg(long, value_name = "CODE")]
    business: Option<String>,
    /// The UUID of the response [default: made from the message and the time]
    #[arg(long, value_name = "UUID")]
    id: Option<String>,
    /// The time of the response [default: now]
    #[arg(long, value_name = "INSTANT")]
    timestamp: Option<String>,
    /// The code of the organisation that answers, where the message names no receiver
    #[arg(long, value_name = "CODE")]
    from: Option<String>,
    /// The format of the response [default: that of the message]
    #[arg(long, value_enum)]
    format: Option<Form>,
    #[command(flatten)]
    judging: Judging,
    #[command(flatten)]
    definitions: Definitions,
}

#[derive(ValueEnum, Clone, Copy, Debug)]
enum Form {
    Json,
    Xml,
}

/// Runs the command.
pub fn run(arguments: &Acknowledge) -> Result<Status, Failure> {
    let graph = definitions::load(&arguments.definitions)?;
    let bytes = fs::read(&arguments.message).map_err(|e| format!("{}: {}", shown(&arguments.message), reason(&e)))?;
    let now = arguments.timestamp.clone().unwrap_or_else(|| instant(SystemTime::now()));
    let id = arguments.id.clone().unwrap_or_else(|| uuid(&bytes));
    let options = Options { judging: arguments.judging.judging(&graph)?, now: Some(&now), ..Options::default() };
    let response = Response {
        business: arguments.business.as_deref(),
        id: &id,
        timestamp: &now,
        from: arguments.from.as_deref(),
        format: arguments.format.map(|f| match f {
            Form::Json => Format::Json,
            Form::Xml => Format::Xml,
        }),
    };
    match acknowledge(&graph, &bytes, &options, &response)? {
        Some(text) => print(&text),
        None => eprintln!("the message asks for no such response"),
    }
    Ok(Status::Fine)
}

/// A UUID that no other run makes: of the time in nanoseconds and the message.
fn uuid(bytes: &[u8]) -> String {
    let nanoseconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
    touchmark::uuid::made_of(&[&nanoseconds.to_le_bytes(), bytes])
}
