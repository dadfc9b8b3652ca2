//! The command line of hullmark, and the first program that embeds it.

mod args;
mod commands;
mod feeds;
mod progress;
mod target;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};

/// What a command tells the shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Done: 0.
    Done,
    /// A threshold was crossed: 1.
    Crossed,
    /// Some of what was asked for could not be read, and has been named: 2.
    Unreadable,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Scan(scan) => commands::scan::run(&scan),
        Command::Inventory(inventory) => commands::inventory::run(&inventory),
        Command::Match(question) => commands::matching::run(&question),
        Command::Explain(question) => commands::explain::run(&question),
        Command::Db(db) => commands::db::run(&db),
        Command::Version(version) => commands::version::run(&version),
    };
    match outcome {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Crossed) => ExitCode::from(1),
        Ok(Outcome::Unreadable) => ExitCode::from(2),
        Err(error) => {
            progress::say(&format!("hullmark: {error}"));
            ExitCode::from(2)
        }
    }
}
