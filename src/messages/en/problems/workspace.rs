//! Problems of the workspace file.

use super::values::address;
use super::words::{did_you_mean, element, key_objection, say};
use crate::messages::en::list;
use crate::model::message::Word;
use crate::model::problem::{KeyForm, WorkspaceProblem};

pub(super) fn problem(problem: &WorkspaceProblem) -> (String, String) {
    use WorkspaceProblem as P;
    match problem {
        P::EmptyWorkspace => say("the workspace file is empty", "see the README for an example"),
        P::SecondDocument => say(
            "a workspace file holds one document",
            "put manifests into files of their own and name them under `manifests`",
        ),
        P::ManifestOutside { path } => say(
            format!("`{path}` is not beside the workspace file"),
            "name files and folders below the folder of rosterctl.yaml",
        ),
        P::NoManifestNamed => say(
            "`manifests` names no file or folder",
            "name the folder of the manifests, like `manifests: [roster]`",
        ),
        P::StoreNeedsItself { store } => say(
            format!("store `{store}` needs a secret of its own"),
            "take what opens it from another store, like one of type env",
        ),
        P::UnknownProvider { provider, near, known } => say(
            format!("unknown provider `{provider}`"),
            did_you_mean(near.as_ref(), || format!("there are: {}", list(known))),
        ),
        P::SecondConnection { provider } => say(
            format!("a second connection of provider `{provider}`"),
            "a workspace has at most one connection of a provider; use a workspace for each tenant",
        ),
        P::SecondHolder { kind } => say(
            format!("a second connection that holds {}", kind.plural()),
            "a workspace has at most one connection for a kind; use a workspace for each system",
        ),
        P::NoAddress { key, sandbox } => say(format!("`{key}` is no address"), address(*sandbox)),
        P::AddressHoldsMore { key } => say(
            format!("`{key}` holds more than scheme, host, port and path"),
            "credentials belong into a store",
        ),
        P::InsecureAddress { key, lifted } => say(
            format!("`{key}` is http:// to another host: passwords would cross the network in clear"),
            if *lifted {
                "use https://, or set `allowInsecure: true` on this connection"
            } else {
                "use https://"
            },
        ),
        P::KeyAsCode { key, store } => say(
            format!("`{key}` of store `{store}` puts `{{key}}` into code that it runs"),
            "pass it as an argument, like [sh, -c, 'pass show \"$1\"', sh, \"{key}\"]",
        ),
        P::UnknownStore { store, near, declared } => say(
            format!("unknown store `{store}`"),
            did_you_mean(near.as_ref(), || {
                if declared.is_empty() {
                    "declare one under `secrets:` in rosterctl.yaml".to_owned()
                } else {
                    format!("rosterctl.yaml declares: {}", list(declared))
                }
            }),
        ),
        P::BadKey { store, key, form, why } => say(
            format!("store `{store}` cannot have the key `{key}`: {}", key_objection(why)),
            match form {
                KeyForm::Variable => "write it like CC_TOKEN",
                KeyForm::Field => "write it like agents/8001, or agents/8001#password for another field",
                KeyForm::Path => "write names with `/` between them, like agents/8001",
            },
        ),
        P::NotWritable { store } => say(
            format!("`generate: true` needs a store that can be written, and `{store}` cannot"),
            "use a store of type dir, vault, or exec with `put`",
        ),
        P::MoreThanOne { what, keys } => {
            say(format!("{} has more than one of {}", element(what), list(quoted(keys))), "keep one of them")
        }
        P::NoneGiven { what, keys } => {
            let keys: Vec<_> = quoted(keys).collect();
            say(format!("{} has neither {}", element(what), keys.join(" nor ")), "add one of them")
        }
        P::NeededBy { what, key, setting, word } => say(
            format!("{} has no `{key}`, which `{setting}: {word}` needs", element(what)),
            format!("add `{key}: …`"),
        ),
        P::UnknownUrl { key, schemes } => {
            say(format!("`{key}` is of no known kind"), format!("begin it with one of {}", list(schemes)))
        }
        P::ZeroDuration { key } => say(
            format!("`{key}` must be greater than zero"),
            "write a length of time such as 30s, or leave it out",
        ),
        P::NoDuration { key } => say(
            format!("`{key}` is not a length of time"),
            "write a number and its unit, up to a week: 500ms, 30s, 2m, 1h",
        ),
        P::OnlyWith { key, setting, word } => say(
            format!("`{key}` has no effect without `{setting}: {word}`"),
            format!("write `{setting}: {word}`, or take `{key}` away"),
        ),
        P::NoDays { key, min, most, never } => say(
            format!("`{key}` is not a number of days"),
            format!(
                "write a number of days from {min} to {most}, like 30d{}",
                if *never { ", or `never`" } else { "" }
            ),
        ),
        P::UnknownZone { zone, near } => say(
            format!("unknown time zone `{zone}`"),
            did_you_mean(near.as_ref(), || "write its IANA name, like Asia/Shanghai".to_owned()),
        ),
        P::NoOffset { key } => say(
            format!("`{key}` is not an offset from UTC"),
            "write it in quotes with sign, hours and minutes: \"+08:00\"",
        ),
        P::IgnoredTwice { id } => say(format!("{id} is ignored twice"), "remove one of the two entries"),
    }
}

fn quoted(keys: &[Word]) -> impl Iterator<Item = String> {
    keys.iter().map(|key| format!("`{key}`"))
}
