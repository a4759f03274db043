//! Reads manifests: bytes → Desired. It opens no file and prints nothing; a run reports all errors.

mod ahead;
mod dated;
mod earlier;
pub mod edit;
mod find;
pub mod format;
pub mod import;
mod layers;
mod members;
mod names;
mod reserved_secrets;
mod resolve;
mod roster_document;
pub mod schema;
mod scope_check;
mod shared_password_check;
mod timeline;
mod turn;

pub use self::ahead::floors;
pub use self::find::find;
use self::roster_document::{Documents, Reading};
pub use self::timeline::{Dates, QueueStep, Timeline, TimelineStep};
pub use self::turn::AgentStep;
use crate::yaml;
use crate::yaml::{Piece, placeholder};

use jiff::Timestamp;

use crate::config::workspace::Workspace;
use crate::model::desired::Desired;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::SyntaxProblem;
use crate::model::source::{File, Source};

/// The content of one file, before references to other files are resolved.
pub struct ParsedFile {
    read: Documents,
    complaints: Diagnostics,
}

/// The content of a piece of a file; `None` if it cannot be read on its own.
pub struct ParsedPiece(Option<Reading>);

impl ParsedFile {
    /// Returns true if the file has no error of its own.
    pub fn is_sound(&self) -> bool {
        self.complaints.is_empty() && self.read.problems.is_empty()
    }
}

/// The roster of the manifests.
pub struct Roster {
    /// What is wanted at an instant.
    pub desired: Desired,
    /// The dates; `None` if the manifests hold none.
    pub dates: Option<Box<Dates>>,
}

/// Reads manifests: bytes → nodes → documents → the desired roster at an instant.
///
/// # Errors
/// All errors of the files; then none of them is used.
pub fn load_at(files: &[File], workspace: &Workspace, at: Timestamp) -> Result<Roster, Diagnostics> {
    resolve(files.iter().map(read).collect(), workspace, at)
}

/// Reads manifests without a date like [`load_at`].
///
/// # Errors
/// All errors of the files; then none of them is used.
pub fn load(files: &[File], workspace: &Workspace) -> Result<Desired, Diagnostics> {
    load_at(files, workspace, Timestamp::UNIX_EPOCH).map(|roster| roster.desired)
}

/// Reads one file on its own; files may be read in parallel.
pub fn read(file: &File) -> ParsedFile {
    let mut read = Reading::new(placeholder::may_be_in(&file.bytes));
    let complaints = yaml::read_into(&file.name, &file.bytes, &mut read);
    let mut read = read.finish();
    if complaints.is_empty() && read.problems.is_empty() && read.read.is_empty() {
        read.problems.push(Diagnostic::at(&Source::new(&file.name, 1, 1), SyntaxProblem::NoDocument));
    }
    ParsedFile { read, complaints }
}

/// Cuts a file between its agents into at most so many pieces, which may be read in parallel; none if it has no list of
/// agents.
pub fn split(file: &File, most: usize) -> Vec<Piece<'_>> {
    yaml::split(&file.name, &file.bytes, roster_document::AGENTS, most)
}

/// Reads a piece of a file on its own.
pub fn read_piece(file: &File, piece: &Piece<'_>) -> ParsedPiece {
    let mut read = Reading::new(placeholder::may_be_in(piece.text.as_bytes()));
    ParsedPiece(yaml::read_piece(&file.name, piece, &mut read).then_some(read))
}

/// Joins the pieces of a file, in their order. Returns `None` if the file has to be read whole.
pub fn join(pieces: Vec<ParsedPiece>) -> Option<ParsedFile> {
    let whole = pieces.into_iter().map(|piece| piece.0).reduce(|all, next| all?.join(next?))??;
    Some(ParsedFile { read: whole.finish(), complaints: Diagnostics::default() })
}

/// Resolves the roster at an instant from the files, in their order.
///
/// # Errors
/// All errors of the files; then none of them is used.
pub fn resolve(files: Vec<ParsedFile>, workspace: &Workspace, at: Timestamp) -> Result<Roster, Diagnostics> {
    let mut out = Diagnostics::default();
    let mut documents = Vec::new();
    // True if all declarations of the files are known. If not, an absent name proves nothing.
    let mut whole = true;
    for ParsedFile { read, complaints } in files {
        whole &= complaints.is_empty() && !read.lost;
        out.extend(complaints);
        out.extend(read.problems);
        documents.extend(read.read);
    }
    let resolved = resolve::expand(documents, whole, workspace, at, &mut out);
    if out.is_empty() { Ok(Roster { desired: resolved.desired, dates: resolved.dates }) } else { Err(out) }
}

#[cfg(test)]
mod tests;
