//! Printing: results to standard output, everything else to standard error; colour on a terminal, unless `NO_COLOR` is set.

use std::{
    io::{self, IsTerminal, Write},
    path::Path,
};

use crate::{
    diagnostic::Diagnostic,
    generate::{self, Artefact},
    report::{Colour, diagnostics},
};

/// Where a command prints.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    /// For standard output.
    pub colour: Colour,
    /// For standard error.
    pub error_colour: Colour,
}

impl Printer {
    pub fn new() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let colour = |terminal: bool| if terminal && wanted { Colour::Always } else { Colour::Never };
        Self { colour: colour(io::stdout().is_terminal()), error_colour: colour(io::stderr().is_terminal()) }
    }

    /// Text of a result, as it is.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// A line of a result.
    pub fn line(&self, line: &str) -> io::Result<()> {
        self.print(&format!("{line}\n"))
    }

    /// A result as a file, whole or not at all.
    pub fn file(&self, path: &Path, contents: String) -> anyhow::Result<()> {
        let (Some(folder), Some(name)) = (path.parent(), path.file_name().and_then(|name| name.to_str())) else {
            anyhow::bail!("`{}` names no file", path.display())
        };
        generate::write(folder, &[Artefact { path: name.to_owned(), contents }])?;
        self.note(&format!("wrote {}", path.display()));
        Ok(())
    }

    /// Diagnostics for people.
    pub fn diagnostics(&self, found: &[Diagnostic]) {
        if found.is_empty() {
            return;
        }
        let text = diagnostics::text(found, self.error_colour);
        let _ = writeln!(io::stderr().lock(), "{text}{}", diagnostics::count(found));
    }

    /// A line about what is going on.
    pub fn note(&self, line: &str) {
        let _ = writeln!(io::stderr().lock(), "{line}");
    }

    /// Why the command cannot run.
    pub fn error(&self, message: &str) {
        let label = match self.error_colour {
            Colour::Always => "\u{1b}[1;31merror\u{1b}[0m",
            Colour::Never => "error",
        };
        let _ = writeln!(io::stderr().lock(), "{label}: {message}");
    }
}
