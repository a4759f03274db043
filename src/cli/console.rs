//! The only writer to standard output and standard error.
//!
//! Standard output is for what was asked for; everything else goes to standard error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};
use console::Term;

use super::error::{CliError, INTERRUPTED};
use super::exit::Exit;
use super::session::source_cache::SourceCache;
use crate::model::diagnostic::Diagnostic;
use crate::model::text::sanitize_lines;
use crate::report::snippet;
use crate::report::text::TextStyle;
use crate::runtime::progress::{self, Manner};

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

/// Whether anything went to standard output.
static SAID: AtomicBool = AtomicBool::new(false);

/// Whether anything went to standard output: one document is not followed by another.
pub(super) fn said() -> bool {
    SAID.load(Ordering::Relaxed)
}

/// Whether whoever read standard output has gone away.
static GONE: AtomicBool = AtomicBool::new(false);

/// Whether whoever read standard output has gone away: what goes on and on ends then.
pub(super) fn nobody_reads() -> bool {
    GONE.load(Ordering::Relaxed)
}

/// The terminal, or what stands for it.
#[expect(clippy::struct_excessive_bools, reason = "four independent flags of the command line")]
#[derive(Clone, Debug)]
pub(super) struct Console {
    out_colour: bool,
    err_colour: bool,
    quiet: bool,
    verbose: bool,
    manner: Manner,
}

#[expect(clippy::unused_self, reason = "a command writes through the console that it was given")]
impl Console {
    /// A console as the flags and the environment ask for it.
    pub(super) fn new(colour: Colour, quiet: bool, verbose: bool) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        // Every call is a line with `--verbose`: bars would only be in its way.
        let bars =
            io::stderr().is_terminal() && std::env::var_os("TERM").is_none_or(|v| v != "dumb") && !verbose;
        let manner = match (quiet, bars) {
            (true, _) => Manner::Silent,
            (false, true) => Manner::Bars,
            (false, false) => Manner::Lines,
        };
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
            manner,
        }
    }

    /// Begins to show what is under way.
    pub(super) fn watch(&self) {
        progress::show(self.manner, |line| err(&format!("{line}\n")));
    }

    /// How text is drawn on standard output.
    pub(super) fn look(&self) -> TextStyle {
        let width = Term::stdout().size_checked().map(|(_, width)| usize::from(width));
        TextStyle { colour: self.out_colour, width, places: self.verbose }
    }

    /// Writes what was asked for. A reader that has gone away is no error.
    pub(super) fn out(&self, text: &str) {
        SAID.fetch_or(!text.is_empty(), Ordering::Relaxed);
        let written = progress::aside(|| {
            let mut out = io::stdout().lock();
            out.write_all(text.as_bytes()).and_then(|()| out.flush())
        });
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            GONE.store(true, Ordering::Relaxed);
        }
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
            && !UNWRITTEN.swap(true, Ordering::Relaxed)
        {
            err(&format!("error: standard output cannot be written: {error}\n"));
        }
    }

    /// Writes a text in the place of all that a terminal shows, cut to its height; `false` elsewhere.
    pub(super) fn redraw(&self, text: &str) -> bool {
        let Some((height, _)) = Term::stdout().size_checked() else { return false };
        let most = usize::from(height).saturating_sub(2).max(1);
        let lines: Vec<&str> = text.lines().collect();
        let mut shown = lines.iter().take(most).fold(String::new(), |shown, line| shown + line + "\n");
        if lines.len() > most {
            shown.push_str(&format!("… {} more lines\n", lines.len() - most));
        }
        // From the top left corner, over what is there, and away with the rest.
        self.out(&format!("\u{1b}[H\u{1b}[2J{shown}"));
        true
    }

    /// Writes a line of progress, unless quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            err(&format!("{}\n", sanitize_lines(text)));
        }
    }

    /// Writes the line of a step that went as it should: where bars show the progress, it is no news.
    pub(super) fn step(&self, text: &str) {
        if self.manner == Manner::Lines {
            err(&format!("{}\n", sanitize_lines(text)));
        }
    }

    /// Writes what a person should know, and that is no error.
    pub(super) fn warning(&self, message: &str) {
        let word = self.paint("warning:", AnsiColor::Yellow.on_default().bold());
        err(&format!("{word} {}\n", sanitize_lines(message)));
    }

    /// Writes an error.
    pub(super) fn error(&self, message: &str) {
        let word = self.paint("error:", AnsiColor::Red.on_default().bold());
        err(&format!("{word} {}\n", sanitize_lines(message)));
    }

    /// Writes diagnostics with their lines.
    pub(super) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &SourceCache) {
        err(&snippet::render_all(diagnostics, "error", |source| sources.line(source), self.err_colour));
    }

    /// Writes the error that ends a command, and returns its exit code.
    pub(super) fn fail(&self, error: &CliError) -> Exit {
        match error {
            CliError::Input(diagnostics, sources) => self.diagnostics(diagnostics, sources),
            CliError::Error(error) => self.error(&format!("{error:#}")),
            CliError::Stale(message) | CliError::Locked(message) => self.error(message),
            // One line a system.
            CliError::Unreachable(message, _) => message.lines().for_each(|line| self.error(line)),
            CliError::Interrupted => self.error(INTERRUPTED),
        }
        Exit::for_error(error)
    }

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

/// Writes log lines, between the bars.
pub(super) struct Log;

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        progress::aside(|| io::stderr().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

fn err(text: &str) {
    let _ = progress::aside(|| io::stderr().lock().write_all(text.as_bytes()));
}
