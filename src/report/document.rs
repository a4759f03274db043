//! A document of several workspaces, made workspace by workspace.
//!
//! ```text
//! begin ─▶ add a workspace: its text, and what the end needs of it ─▶ … ─▶ end
//! ```
//!
//! Workspaces may be added side by side, each into a writer of its own; their texts stand in the document in order.
//! A format whose head depends on all workspaces keeps their parts of it, rendered, until the end.

use std::io::{self, Write};

use super::text::TextStyle;
use super::{Format, Part, Report, github, html, json, junit, markdown, prometheus, sarif, text};

/// A document in one format.
#[derive(Debug)]
pub struct Document {
    format: Format,
    look: TextStyle,
    masked: bool,
    /// The report without its parts.
    report: Report,
    /// Name of each workspace.
    names: Vec<String>,
}

/// The part of a workspace that a document keeps until its end.
#[derive(Default)]
pub struct Kept(Keep);

#[derive(Default)]
enum Keep {
    #[default]
    Nothing,
    Markdown(markdown::Entry),
    Html(html::Entry),
    Github(github::Entry),
    Junit(junit::Entry),
    Prometheus(prometheus::Entry),
}

impl Document {
    /// Returns a document on workspaces of these names; `look` applies to text only. `report` is the report without
    /// its parts.
    pub fn new(report: Report, names: Vec<String>, format: Format, look: TextStyle) -> Self {
        Self { format, look, masked: format.masks(), report, names }
    }

    /// Returns the document without phone numbers and e-mail addresses.
    #[must_use]
    pub fn masked(self) -> Self {
        Self { masked: true, ..self }
    }

    /// Returns true if the document holds no phone numbers and e-mail addresses.
    pub fn is_masked(&self) -> bool {
        self.masked
    }

    /// Returns the document's format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Writes the whole document.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, parts: &mut [Part], out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        self.complete(0, parts, out)
    }

    /// Writes the last parts, of which the first has a number, and the end. All parts are kept that the end needs.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn complete(&self, first: usize, parts: &mut [Part], out: &mut dyn Write) -> io::Result<()> {
        let add = |(number, part)| self.add(number, part, out);
        let kept = (first..).zip(parts).map(add).collect::<Result<_, _>>()?;
        self.end(kept, out)
    }

    /// Writes the beginning.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn begin(&self, out: &mut dyn Write) -> io::Result<()> {
        match self.format {
            Format::Json if self.report.several => json::begin(self.report.command, out),
            Format::Sarif => sarif::begin(out),
            Format::Json
            | Format::Text
            | Format::Markdown
            | Format::Html
            | Format::Github
            | Format::Junit
            | Format::Prometheus => Ok(()),
        }
    }

    /// Writes the text of a workspace, and returns the part that the end needs. `number` counts workspaces from 0.
    ///
    /// A masked document masks the workspace in place, so that it comes after all others.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn add(&self, number: usize, part: &mut Part, out: &mut dyn Write) -> io::Result<Kept> {
        if self.masked {
            if self.format == Format::Json {
                part.seal();
            }
            part.mask();
        }
        let part = &*part;
        let report = &self.report;
        let keep = match self.format {
            Format::Text => {
                out.write_all(text::part(report, part, self.look).as_bytes())?;
                Keep::Nothing
            }
            Format::Json => {
                if report.several {
                    json::entry(report.command, part, number == 0, out)?;
                } else {
                    json::part(report.command, part, out)?;
                }
                Keep::Nothing
            }
            Format::Sarif => {
                let alone = self.names.iter().filter(|name| *name == part.name()).count() < 2;
                sarif::part(report, part, alone, number == 0, out)?;
                Keep::Nothing
            }
            Format::Markdown => Keep::Markdown(markdown::part(report, part)),
            Format::Html => Keep::Html(html::part(report, number, part)),
            Format::Github => Keep::Github(github::part(report, part)),
            Format::Junit => Keep::Junit(junit::part(report, part)),
            Format::Prometheus => Keep::Prometheus(prometheus::part(report, part)),
        };
        Ok(Kept(keep))
    }

    /// Writes the rest, in the order of `kept`.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn end(&self, kept: Vec<Kept>, out: &mut dyn Write) -> io::Result<()> {
        // The kept parts of one format.
        macro_rules! parts {
            ($format:ident) => {{
                let parts = kept.into_iter().filter_map(|Kept(keep)| match keep {
                    Keep::$format(part) => Some(part),
                    _ => None,
                });
                parts.collect::<Vec<_>>()
            }};
        }
        let report = &self.report;
        let text = match self.format {
            Format::Json if report.several => return json::end(kept.is_empty(), out),
            Format::Text | Format::Json => return Ok(()),
            Format::Sarif => return sarif::end(kept.is_empty(), out),
            Format::Markdown => markdown::document(report, parts!(Markdown)),
            Format::Html => return html::document(report, &parts!(Html), out),
            Format::Github => github::document(report, parts!(Github)),
            Format::Junit => return junit::document(report, &parts!(Junit), out),
            Format::Prometheus => prometheus::document(&parts!(Prometheus)),
        };
        out.write_all(text.as_bytes())
    }
}

/// Renders a report; `look` applies to text only.
///
/// # Errors
/// Those of the writer.
pub fn render(report: &Report, format: Format, look: TextStyle, out: &mut dyn Write) -> io::Result<()> {
    let names = report.parts.iter().map(|part| part.name().to_owned()).collect();
    let document = Document::new(report.without_parts(), names, format, look);
    document.write(&mut report.parts.clone(), out)
}
