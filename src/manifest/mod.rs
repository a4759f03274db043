//! Bytes → Desired. No file is read here and nothing is printed; a run shows all that is wrong.

pub mod format;
pub mod import;
mod reserved_secrets;
mod resolve;
mod roster_document;
pub mod schema;
mod shared_password_check;

use crate::yaml;
use crate::yaml::placeholder;

pub use self::resolve::declares;

use crate::config::workspace::Workspace;
use crate::model::desired::Desired;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::SyntaxProblem;
use crate::model::source::{File, Source};

/// What one file says, before anything in it is looked up elsewhere.
pub struct ParsedFile {
    read: roster_document::Reading,
    complaints: Diagnostics,
}

impl ParsedFile {
    /// Whether nothing is wrong with the file on its own.
    pub fn is_sound(&self) -> bool {
        self.complaints.is_empty() && self.read.problems.is_empty()
    }
}

/// Reads manifests: bytes → nodes → documents → the desired roster.
///
/// # Errors
/// All that is wrong with them, or nothing of them is used.
pub fn load(files: &[File], workspace: &Workspace) -> Result<Desired, Diagnostics> {
    resolve(files.iter().map(read).collect(), workspace)
}

/// Reads one file, on its own: files may be read side by side.
pub fn read(file: &File) -> ParsedFile {
    let mut read = roster_document::Reading::new(placeholder::may_be_in(&file.bytes));
    let complaints = yaml::read_into(&file.name, &file.bytes, &mut read);
    if complaints.is_empty() && read.problems.is_empty() && read.documents.is_empty() {
        read.problems.push(Diagnostic::at(&Source::new(&file.name, 1, 1), SyntaxProblem::NoDocument));
    }
    ParsedFile { read, complaints }
}

/// Makes the roster of what the files say, in their order.
///
/// # Errors
/// All that is wrong with them, or nothing of them is used.
pub fn resolve(files: Vec<ParsedFile>, workspace: &Workspace) -> Result<Desired, Diagnostics> {
    let mut out = Diagnostics::default();
    let mut documents = Vec::new();
    // Whether everything that the files declare is known; if not, what is missing proves nothing.
    let mut whole = true;
    for ParsedFile { read, complaints } in files {
        whole &= complaints.is_empty() && !read.lost;
        out.extend(complaints);
        out.extend(read.problems);
        documents.extend(read.documents);
    }
    let desired = resolve::expand(documents, whole, workspace, &mut out);
    if out.is_empty() { Ok(desired) } else { Err(out) }
}
