//! Reads manifests: bytes → Desired. It opens no file and prints nothing; a run reports all errors.

pub mod format;
pub mod import;
mod reserved_secrets;
mod resolve;
mod roster_document;
pub mod schema;
mod shared_password_check;

use crate::yaml;
use crate::yaml::placeholder;

use crate::config::workspace::Workspace;
use crate::model::desired::Desired;
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::problem::SyntaxProblem;
use crate::model::source::{File, Source};

/// The content of one file, before references to other files are resolved.
pub struct ParsedFile {
    read: roster_document::Reading,
    complaints: Diagnostics,
}

impl ParsedFile {
    /// Returns true if the file has no error of its own.
    pub fn is_sound(&self) -> bool {
        self.complaints.is_empty() && self.read.problems.is_empty()
    }
}

/// Reads manifests: bytes → nodes → documents → the desired roster.
///
/// # Errors
/// All errors of the files; then none of them is used.
pub fn load(files: &[File], workspace: &Workspace) -> Result<Desired, Diagnostics> {
    resolve(files.iter().map(read).collect(), workspace)
}

/// Reads one file on its own; files may be read in parallel.
pub fn read(file: &File) -> ParsedFile {
    let mut read = roster_document::Reading::new(placeholder::may_be_in(&file.bytes));
    let complaints = yaml::read_into(&file.name, &file.bytes, &mut read);
    if complaints.is_empty() && read.problems.is_empty() && read.documents.is_empty() {
        read.problems.push(Diagnostic::at(&Source::new(&file.name, 1, 1), SyntaxProblem::NoDocument));
    }
    ParsedFile { read, complaints }
}

/// Resolves the roster from the files, in their order.
///
/// # Errors
/// All errors of the files; then none of them is used.
pub fn resolve(files: Vec<ParsedFile>, workspace: &Workspace) -> Result<Desired, Diagnostics> {
    let mut out = Diagnostics::default();
    let mut documents = Vec::new();
    // True if all declarations of the files are known. If not, an absent name proves nothing.
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
