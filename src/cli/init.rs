//! `rosterctl init`: a first workspace against the sandbox, with remarks. It is the example `quickstart`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load::registry;
use crate::manifest::schema;
use crate::model::id::safe;
use crate::model::language::{Language, localized, say};
use crate::storage::files;
use crate::storage::paths::{self, WORKSPACE_FILE};
use crate::yaml::placeholder;
use crate::yaml::quoting;

/// Write a first workspace against the sandbox, with remarks.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder to write to; made when it is not there.
    #[arg(default_value = ".", value_name = "DIR")]
    folder: PathBuf,
}

/// Name of the example's workspace.
const NAME: &str = "quickstart";

/// The workspace file of the example.
const WORKSPACE: &str = include_str!("../../examples/quickstart/rosterctl.yaml");

/// The manifests of the example.
const MANIFESTS: [(&str, &str); 4] = [
    ("roster/catalogue.yaml", include_str!("../../examples/quickstart/roster/catalogue.yaml")),
    ("roster/presales.yaml", include_str!("../../examples/quickstart/roster/presales.yaml")),
    ("roster/aftersales.yaml", include_str!("../../examples/quickstart/roster/aftersales.yaml")),
    ("roster/queues.yaml", include_str!("../../examples/quickstart/roster/queues.yaml")),
];

/// The files that stay out of Git.
const GITIGNORE: &str = "\
# The ledger, the journal and the sandbox of rosterctl.
.rosterctl/
# Files of a secret store, like `{ type: dir, path: secrets }`.
secrets/
";

pub(super) fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let folder = &arguments.folder;
    let files = files(&name(folder));
    let there: Vec<String> = files
        .iter()
        .map(|(name, _)| folder.join(name))
        .filter(|path| fs::symlink_metadata(path).is_ok())
        .map(|path| safe(&files::shown(&path)))
        .collect();
    if !there.is_empty() {
        let there = there.join(", ");
        return Err(CliError::Error(localized!(
            "nothing was written, since there is already {there}; name an empty folder",
            "什么都没有写入，因为已经有 {there}；请指定一个空目录",
            "什麼都沒有寫入，因為已經有 {there}；請指定一個空資料夾"
        )));
    }
    for (name, _) in &files {
        paths::unlinked(&folder.join(name)).map_err(|error| CliError::nothing_written(&error))?;
    }
    // A new workspace names no language.
    let language = console.language(None);
    for (name, text) in &files {
        let path = folder.join(name);
        let written = fs::create_dir_all(path.parent().unwrap_or(folder))
            .and_then(|()| files::create(&path, text.as_bytes()));
        let shown = safe(&files::shown(&path));
        match written {
            Ok(true) => console.note(&say!(language, "wrote {shown}", "已写入 {shown}", "已寫入 {shown}")),
            Ok(false) => {
                return Err(CliError::Error(localized!(
                    "{shown} was made by another program meanwhile",
                    "{shown} 刚才被另一个程序创建了",
                    "{shown} 剛才被另一個程式建立了"
                )));
            }
            Err(error) => return Err(CliError::unwritable(&path, &error)),
        }
    }
    console.out(&next(folder, language));
    Ok(Exit::Success)
}

/// Returns the files of a workspace of a name, by their paths.
fn files(name: &str) -> Vec<(&'static str, String)> {
    let schema = |schema: Json| format!("{schema:#}\n");
    // The schemas of the example are those of the repository.
    let workspace = WORKSPACE
        .replace("../../schema/", "schema/")
        .replace(&format!("name: {NAME}"), &format!("name: {}", quoting::scalar(name)));
    let mut files = vec![(WORKSPACE_FILE, workspace), (".gitignore", GITIGNORE.to_owned())];
    files.extend(MANIFESTS.map(|(name, text)| (name, text.replace("../../../schema/", "../schema/"))));
    files.push(("schema/roster.schema.json", schema(schema::roster().to_value())));
    files.push(("schema/workspace.schema.json", schema(schema::workspace(&registry().specs()).to_value())));
    files
}

/// Returns the name of a workspace: that of its folder, if it can be one.
fn name(folder: &Path) -> String {
    let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let name = real.file_name().and_then(|name| name.to_str());
    let name = name.filter(|name| !name.trim().is_empty() && placeholder::unfilled(name).is_none());
    name.unwrap_or(NAME).to_owned()
}

/// Returns the commands that follow.
fn next(folder: &Path, language: Language) -> String {
    let shown = safe(&files::shown(folder));
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_');
    let argument = match &*shown {
        "." => String::new(),
        plain if plain.chars().all(is_plain) => format!(" {plain}"),
        other => format!(" '{}'", other.replace('\'', r"'\''")),
    };
    let head = language.choose("Next:", "接下来：", "接下來：");
    format!(
        "{head}\n  \
         rosterctl plan{argument}\n  \
         rosterctl apply{argument}\n  \
         rosterctl status{argument}\n"
    )
}
