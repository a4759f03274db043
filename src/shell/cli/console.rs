//! The only writer to standard output and standard error.
//!
//! Standard output is for what was asked for; everything else goes to standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};

use super::input::Input;
use crate::model::diagnostic::Diagnostic;
use crate::report::excerpt;
use crate::report::text::Look;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether something that was asked for could not be written.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// Whether something that was asked for could not be written: then the run is no success.
pub(super) fn unwritten() -> bool {
    UNWRITTEN.load(Ordering::Relaxed)
}

/// The terminal, or what stands for it.
#[expect(clippy::struct_excessive_bools, reason = "four independent flags of the command line")]
#[derive(Clone, Debug)]
pub(super) struct Console {
    out_colour: bool,
    err_colour: bool,
    quiet: bool,
    verbose: bool,
}

impl Console {
    /// A console as the flags and the environment ask for it.
    pub(super) fn new(colour: Colour, quiet: bool, verbose: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        let on = |terminal: bool| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !unwanted,
        };
        Self {
            out_colour: on(io::stdout().is_terminal()),
            err_colour: on(io::stderr().is_terminal()),
            quiet,
            verbose,
        }
    }

    /// How text is drawn on standard output.
    pub(super) fn look(&self) -> Look {
        let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
        Look { colour: self.out_colour, width, places: self.verbose }
    }

    #[expect(clippy::unused_self, reason = "whoever writes holds the console")]
    /// Writes what was asked for. A reader that has gone away is no error.
    pub(super) fn out(&self, text: &str) {
        let mut out = io::stdout().lock();
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
            && !UNWRITTEN.swap(true, Ordering::Relaxed)
        {
            err(&format!("error: standard output cannot be written: {error}\n"));
        }
    }

    /// Writes a line of progress, unless quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            err(&format!("{text}\n"));
        }
    }

    /// Writes an error.
    pub(super) fn error(&self, message: &str) {
        let word = self.paint("error:", AnsiColor::Red.on_default().bold());
        err(&format!("{word} {message}\n"));
    }

    /// Writes diagnostics with their lines.
    pub(super) fn diagnostics(&self, diagnostics: &[Diagnostic], input: &Input) {
        err(&excerpt::render_all(diagnostics, "error", |source| input.line(source), self.err_colour));
    }

    #[expect(clippy::unused_self, reason = "whoever asks holds the console")]
    /// Asks a question; `None` when nobody is there to answer.
    pub(super) fn ask(&self, question: &str) -> Option<String> {
        if !io::stdin().is_terminal() {
            return None;
        }
        err(question);
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    fn paint(&self, text: &str, style: Style) -> String {
        if self.err_colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

fn err(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}
