//! The command line: one file a command. The only room that prints, and the only one with anyhow.

mod check;
mod diff;
mod eval;
mod fault;
mod folder;
mod generate;
mod input;
mod materials;
mod output;
mod policies;
mod schema;
mod simulate;
mod test;
mod values;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use output::Printer;

/// Azure API Management policies that fail over between Azure OpenAI regions: generate them, check them, watch them fail over, compare them.
#[derive(Debug, Parser)]
#[command(name = "openai-failover", version, propagate_version = true, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Writes the policy document and the Named Values manifest of a spec
    Gen(generate::Arguments),
    /// Says what is wrong with policy documents
    Check(check::Arguments),
    /// Shows what changed between two policy documents
    Diff(diff::Arguments),
    /// Evaluates a policy expression, or many
    Eval(eval::Arguments),
    /// Runs Front Door, gateways and Azure OpenAI resources on loopback, with live faults
    Simulate(simulate::Arguments),
    /// Injects a fault into a running simulation, or clears it
    Fault(fault::Arguments),
    /// Runs scenarios in virtual time and holds them against what is expected of them
    Test(test::Arguments),
    /// Lists every policy element and how far it is simulated
    Policies(policies::Arguments),
    /// Prints the JSON Schema of a file format
    Schema(schema::Arguments),
}

/// How a command ended; the numbers are the exit codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// All is well.
    Fine = 0,
    /// There are findings, or expectations that failed.
    Findings = 1,
    /// It could not run: bad usage, unreadable input.
    CannotRun = 2,
}

/// Runs the command that the process's arguments name.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are no errors; clap knows where each belongs.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    let printer = Printer::new();
    let result = match cli.command {
        Command::Gen(arguments) => generate::run(&arguments, &printer),
        Command::Check(arguments) => check::run(&arguments, &printer),
        Command::Diff(arguments) => diff::run(&arguments, &printer),
        Command::Eval(arguments) => eval::run(&arguments, &printer),
        Command::Simulate(arguments) => simulate::run(arguments, &printer),
        Command::Fault(arguments) => fault::run(arguments, &printer),
        Command::Test(arguments) => test::run(&arguments, &printer),
        Command::Policies(arguments) => policies::run(&arguments, &printer),
        Command::Schema(arguments) => schema::run(&arguments, &printer),
    };
    let outcome = result.unwrap_or_else(|error| {
        // Whoever reads our output has gone: `| head` is no error.
        if error
            .chain()
            .any(|cause| cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe))
        {
            return Outcome::Fine;
        }
        printer.error(&format!("{error:#}"));
        Outcome::CannotRun
    });
    ExitCode::from(outcome as u8)
}
