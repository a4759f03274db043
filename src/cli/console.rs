//! The only writer to standard output and standard error.
//!
//! Standard output is for the requested content; everything else goes to standard error.

use std::io::{self, BufWriter, IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::{AnsiColor, Style};
use console::Term;

use super::error::CliError;
use super::exit::Exit;
use super::session::load;
use super::session::source_cache::SourceCache;
use crate::model::diagnostic::Diagnostic;
use crate::model::language::{Language, say};
use crate::model::source::Source;
use crate::model::text::sanitize_lines;
use crate::report::snippet;
use crate::report::text::TextStyle;
use crate::runtime::progress::{self, Manner};

/// Choice of colours.
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

/// Bytes of standard output that are written at once.
const BUFFER: usize = 1 << 16;

/// True once requested content could not be written.
static UNWRITTEN: AtomicBool = AtomicBool::new(false);

/// Returns true if requested content could not be written. Then the run is no success.
pub(super) fn unwritten() -> bool {
    UNWRITTEN.load(Ordering::Relaxed)
}

/// True once anything was written to standard output.
static SAID: AtomicBool = AtomicBool::new(false);

/// Returns true if standard output has content. Then no second document follows.
pub(super) fn said() -> bool {
    SAID.load(Ordering::Relaxed)
}

/// True once the reader of standard output has gone away.
static GONE: AtomicBool = AtomicBool::new(false);

/// Returns true if the reader of standard output has gone away. Then endless output stops.
pub(super) fn reader_is_gone() -> bool {
    GONE.load(Ordering::Relaxed)
}

/// Returns the language of the locale, as POSIX orders its variables.
fn locale() -> Language {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"];
    let set = names.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    set.map_or(Language::En, |locale| Language::of_locale(&locale))
}

/// Terminal, or the streams in its place.
#[expect(clippy::struct_excessive_bools, reason = "four independent flags of the command line")]
#[derive(Clone, Debug)]
pub(super) struct Console {
    out_colour: bool,
    err_colour: bool,
    quiet: bool,
    verbose: bool,
    manner: Manner,
    /// The language of the command line, or of the locale of a terminal.
    asked: Option<Language>,
    locale: Language,
    /// Messages that wait for their turn; `None` if each is written at once.
    kept: Option<Arc<Mutex<String>>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Console {
    /// Returns a console for the flags and the environment.
    pub(super) fn new(colour: Colour, quiet: bool, verbose: bool, asked: Option<Language>) -> Self {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
            || std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        // With `--verbose` every call is a line, and bars would be in the way.
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
            asked,
            locale: if io::stdout().is_terminal() { locale() } else { Language::En },
            kept: None,
        }
    }

    /// Returns the language of what people read: that of the command line, else of the workspace, else of the locale
    /// of a terminal.
    pub(super) fn language(&self, workspace: Option<Language>) -> Language {
        self.asked.or(workspace).unwrap_or(self.locale)
    }

    /// Starts the progress display.
    pub(super) fn watch(&self) {
        progress::show(self.manner, |line| err(&format!("{line}\n")));
    }

    /// Returns the style of text on standard output.
    pub(super) fn look(&self) -> TextStyle {
        let width = Term::stdout().size_checked().map(|(_, width)| usize::from(width));
        TextStyle { colour: self.out_colour, width, places: self.verbose }
    }

    /// Writes requested content. A closed pipe is no error.
    pub(super) fn out(&self, text: &str) {
        self.write(|out| out.write_all(text.as_bytes()));
    }

    /// Writes requested content as it is made. A closed pipe is no error.
    pub(super) fn write(&self, make: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) {
        let written = progress::aside(|| {
            let mut out = BufWriter::with_capacity(BUFFER, Content(io::stdout().lock()));
            let written = make(&mut out).and_then(|()| out.flush());
            // What could not be written is not written again when the buffer is dropped.
            drop(out.into_parts());
            written
        });
        if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            GONE.store(true, Ordering::Relaxed);
        }
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
            && !UNWRITTEN.swap(true, Ordering::Relaxed)
        {
            self.err(&format!("error: standard output cannot be written: {error}\n"));
        }
    }

    /// Replaces the screen of a terminal with a text, cut to its height. Returns false if there is no terminal.
    pub(super) fn redraw(&self, text: &str, language: Language) -> bool {
        let Some((height, _)) = Term::stdout().size_checked() else { return false };
        let most = usize::from(height).saturating_sub(2).max(1);
        let lines: Vec<&str> = text.lines().collect();
        let mut shown = lines.iter().take(most).fold(String::new(), |shown, line| shown + line + "\n");
        if lines.len() > most {
            let more = lines.len() - most;
            shown.push_str(&say!(
                language,
                "… {more} more lines\n",
                "… 还有 {more} 行\n",
                "… 還有 {more} 行\n"
            ));
        }
        // Move to the top left corner, clear the screen, and write.
        self.out(&format!("\u{1b}[H\u{1b}[2J{shown}"));
        true
    }

    /// Writes a line of progress, unless quiet.
    pub(super) fn note(&self, text: &str) {
        if !self.quiet {
            self.err(&format!("{}\n", sanitize_lines(text)));
        }
    }

    /// Writes the line of a successful step, unless bars show the progress or the console is quiet.
    pub(super) fn step(&self, text: &str) {
        if self.manner == Manner::Lines {
            self.err(&format!("{}\n", sanitize_lines(text)));
        }
    }

    /// Writes a warning, in a language.
    pub(super) fn warning(&self, message: &str, language: Language) {
        let word = language.choose("warning: ", "警告：", "警告：");
        self.headed(word, AnsiColor::Yellow, message);
    }

    /// Writes an error, in a language.
    pub(super) fn error(&self, message: &str, language: Language) {
        let word = language.choose("error: ", "错误：", "錯誤：");
        self.headed(word, AnsiColor::Red, message);
    }

    /// Writes a message behind a coloured word.
    fn headed(&self, word: &str, colour: AnsiColor, message: &str) {
        let (word, gap) = word.strip_suffix(' ').map_or((word, ""), |word| (word, " "));
        let word = self.paint(word, colour.on_default().bold());
        self.err(&format!("{word}{gap}{}\n", sanitize_lines(message)));
    }

    /// Writes diagnostics with their lines.
    pub(super) fn diagnostics(&self, diagnostics: &[Diagnostic], sources: &SourceCache, language: Language) {
        let line = |source: &Source| sources.line(source);
        self.err(&snippet::render_all(diagnostics, language, line, self.err_colour));
    }

    /// Writes the error that ends a command, and returns its exit code.
    pub(super) fn fail(&self, error: &CliError) -> Exit {
        match error {
            CliError::Input(diagnostics, sources) | CliError::Refused(diagnostics, sources) => {
                let language = self.language(sources.language().or_else(load::language));
                self.diagnostics(diagnostics, sources, language);
            }
            // One line per system.
            CliError::Unreachable(message, _) => {
                let language = self.language(load::language());
                message.text(language).lines().for_each(|line| self.error(line, language));
            }
            CliError::Error(_) | CliError::Stale(_) | CliError::Locked(_) | CliError::Interrupted => {
                let language = self.language(load::language());
                self.error(error.message().text(language), language);
            }
        }
        Exit::for_error(error)
    }

    /// Asks a question. Returns `None` without a terminal.
    pub(super) fn ask(&self, question: &str) -> Option<String> {
        if !io::stdin().is_terminal() {
            return None;
        }
        self.err(question);
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).ok()?;
        Some(answer.trim().to_owned())
    }

    /// Returns a console that keeps its messages until [`Console::tell`].
    pub(super) fn keeping(&self) -> Self {
        Self { kept: Some(Arc::default()), ..self.clone() }
    }

    /// Writes the messages that another console kept.
    pub(super) fn tell(&self, other: &Self) {
        let kept = other.kept.as_ref().map(|kept| std::mem::take(&mut *lock(kept)));
        if let Some(text) = kept.filter(|text| !text.is_empty()) {
            self.err(&text);
        }
    }

    fn err(&self, text: &str) {
        match &self.kept {
            Some(kept) => lock(kept).push_str(text),
            None => err(text),
        }
    }

    fn paint(&self, text: &str, style: Style) -> String {
        if self.err_colour { format!("{style}{text}{style:#}") } else { text.to_owned() }
    }
}

/// Standard output. It records that it has content.
struct Content(io::StdoutLock<'static>);

impl io::Write for Content {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        SAID.fetch_or(!bytes.is_empty(), Ordering::Relaxed);
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writer of log lines, which go between the bars.
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
