//! `rosterctl import`: writes live state as manifests.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::console::Console;
use super::error::CliError;
use super::exit::Exit;
use super::session::load;
use super::session::load::Loaded;
use super::session::planning::{self, PlanningInput};
use crate::config::secret_key;
use crate::manifest;
use crate::manifest::edit::name_comments::AgentNames;
use crate::manifest::import;
use crate::manifest::import::{LostPart, Manifest, Options, Origin};
use crate::messages::Message as _;
use crate::messages::zh::{Region, words};
use crate::model::agent::NAME;
use crate::model::call::Reason;
use crate::model::desired::Desired;
use crate::model::diagnostic::did_you_mean;
use crate::model::id::{OperatorId, safe};
use crate::model::language::{Language, localized, say};
use crate::model::ledger::Ledger;
use crate::model::live::Live;
use crate::model::rule::Effect;
use crate::model::source::File;
use crate::plan;
use crate::report::phrases::comma;
use crate::runtime::clock;
use crate::storage::files;
use crate::storage::ledger::Store;
use crate::storage::paths;

/// Write what is live as manifests, one file a main skill group; the next plan is empty.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Folder that holds rosterctl.yaml, or that file.
    #[arg(default_value = ".", value_name = "WORKSPACE")]
    workspace: PathBuf,
    /// Folder to write to; made when it is not there.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Write over files that are there, and remove those that an earlier import wrote and this one does not.
    #[arg(long)]
    force: bool,
    /// Refer to a password of each agent in this store; without it passwords are not managed.
    #[arg(long, value_name = "NAME")]
    password_store: Option<String>,
    /// The role of every agent of which none is known: no system tells roles, and without one no agent can be made.
    #[arg(long, value_name = "NAME")]
    role: Option<String>,
    /// Write each agent's SIP number instead of `sip: auto`.
    #[arg(long)]
    sip_numbers: bool,
}

pub(super) async fn run(arguments: &Arguments, console: &Console) -> Result<Exit, CliError> {
    let loaded = load::bare(&arguments.workspace)?;
    paths::unlinked(&arguments.out).map_err(|error| CliError::nothing_written(&error))?;
    let store = Store::open(&loaded.workspace, &loaded.place)?;
    let PlanningInput { live, ledger, .. } = planning::read(&loaded, &store).await?;
    if let Some((what, doubt)) = live.doubts().first() {
        let doubt = doubt.localized();
        let (cn, tw) = (words::kind(Region::Cn, *what), words::kind(Region::Tw, *what));
        let what = what.plural();
        let why = localized!(
            doubt;
            "the listing of {what} could not be proved complete ({doubt}), so nothing was written; run again while \
             {what} are not edited",
            "{cn}的列表不能证明是全的（{doubt}），所以什么都没有写入；请在没人改动{cn}时再运行",
            "{tw}的清單不能證明是全的（{doubt}），所以什麼都沒有寫入；請在沒有人更動{tw}時再執行"
        );
        return Err(CliError::Unreachable(why, Reason::Incomplete));
    }
    let taken = clock::timestamp();
    let origin = Origin {
        workspace: &loaded.workspace.name,
        taken: &taken,
        program: env!("CARGO_PKG_VERSION"),
        agents: loaded.workspace.supports().agents,
    };
    let password = match &arguments.password_store {
        Some(name) => Some(password(&loaded, name, &live)?),
        None => None,
    };
    if let Some(role) = &arguments.role
        && let Some(objection) = import::role_objection(role)
    {
        let role = safe(role);
        return Err(CliError::Error(localized!(
            objection;
            "--role {role}: {objection}",
            "--role {role}：{objection}",
            "--role {role}：{objection}"
        )));
    }
    let role = arguments.role.as_deref().map(Arc::from);
    let options = Options { password, role, sip_numbers: arguments.sip_numbers };
    let mut manifests = import::emit(&live, &ledger, origin, &options);
    let agents = live.agents.iter().flat_map(|listing| &listing.items);
    let names = agents.filter_map(|(id, record)| Some((id.clone(), record.text(&NAME)?.into())));
    let names = names.collect::<AgentNames>();
    for manifest in &mut manifests {
        manifest.text = names.comment(&manifest.text);
    }
    let desired = prove(&loaded, &manifests, &live, &ledger)?;
    let language = console.language(loaded.workspace.language);
    let lost = lost(&loaded, &manifests, &desired, &names, arguments, language);
    write(&loaded, &manifests, arguments)?;
    for Manifest { name, .. } in &manifests {
        let path = arguments.out.join(name);
        let path = path.display();
        console.note(&say!(language, "wrote {path}", "已写入 {path}", "已寫入 {path}"));
    }
    if arguments.force && !manifests.is_empty() {
        for path in outdated(&loaded, &manifests, &arguments.out) {
            fs::remove_file(&path).map_err(|error| CliError::unwritable(&path, &error))?;
            let path = path.display();
            console.note(&say!(
                language,
                "removed {path}, which an earlier import wrote",
                "已删除 {path}，那是以前导入时写的",
                "已刪除 {path}，那是以前匯入時寫的"
            ));
        }
    }
    for lost in lost {
        console.warning(&lost, language);
    }
    for warning in warnings(&loaded, &manifests, &live, &arguments.out, language) {
        console.warning(&warning, language);
    }
    Ok(Exit::Success)
}

/// Returns the store and the key pattern of all passwords.
fn password(loaded: &Loaded, name: &str, live: &Live) -> Result<(Arc<str>, Arc<str>), CliError> {
    let stores = &loaded.workspace.stores;
    let Some(store) = stores.get(name) else {
        let known: Vec<&str> = stores.keys().map(|known| &**known).collect();
        let (name, file, all) = (safe(name), &loaded.place.shown, known.join(", "));
        let help = match did_you_mean(&name, known.iter().copied()) {
            Some(near) => {
                localized!("did you mean `{near}`?", "是不是想写 `{near}`？", "是不是想寫 `{near}`？")
            }
            None if known.is_empty() => localized!(
                "declare one under `secrets:` in {file}",
                "请在 {file} 的 `secrets:` 下声明一个",
                "請在 {file} 的 `secrets:` 下宣告一個"
            ),
            None => localized!("{file} declares: {all}", "{file} 声明了 {all}", "{file} 宣告了 {all}"),
        };
        return Err(CliError::Error(localized!(
            help;
            "--password-store {name}: there is no such store; {help}",
            "--password-store {name}：没有这个密钥库；{help}",
            "--password-store {name}：沒有這個密鑰庫；{help}"
        )));
    };
    let key = if store.kind == "env" { "AGENT_{operatorId}" } else { "agents/{operatorId}" };
    let ids = live.agents.iter().flat_map(|listing| listing.items.keys());
    for id in ids.filter(|id| OperatorId::objection(id.as_str()).is_none()) {
        let own = key.replace("{operatorId}", id.as_str());
        if let Some(objection) = secret_key::key_objection(store, &own) {
            let objection = objection.localized();
            return Err(CliError::Error(localized!(
                objection;
                "--password-store {name}: agent {id} cannot have a password there: the key would be `{own}`, and \
                 {objection}",
                "--password-store {name}：坐席 {id} 的密码不能放在那里：键会是 `{own}`，而{objection}",
                "--password-store {name}：客服人員 {id} 的密碼不能放在那裡：鍵會是 `{own}`，而{objection}"
            )));
        }
    }
    Ok((Arc::from(name), key.into()))
}

/// Proves before any write that the manifests are sound and leave nothing to do.
fn prove(loaded: &Loaded, manifests: &[Manifest], live: &Live, ledger: &Ledger) -> Result<Desired, CliError> {
    let files: Vec<File> = manifests
        .iter()
        .map(|manifest| File {
            name: manifest.name.as_str().into(),
            bytes: manifest.text.clone().into_bytes(),
        })
        .collect();
    let wrong = |what: String| {
        CliError::Error(localized!(
            "nothing was written: {what}; this is an error of rosterctl, please report it with the shape of what is live",
            "什么都没有写入（{what}）；这是 rosterctl 的错误，请连同线上数据的样子一起报告",
            "什麼都沒有寫入（{what}）；這是 rosterctl 的錯誤，請連同線上資料的樣子一起回報"
        ))
    };
    let desired = manifest::load(&files, &loaded.workspace).map_err(|out| {
        let first = out.into_sorted().into_iter().next();
        let first = first.map(|d| match d.source {
            Some(source) => format!("{source}: {}", d.problem),
            None => d.message(),
        });
        wrong(format!("the manifests could not be read again ({})", first.unwrap_or_default()))
    })?;
    let plan = plan::plan(&loaded.workspace, &desired, live, ledger, &plan::Options::default())
        .map_err(CliError::other)?;
    if let Some(change) = plan.changes.first() {
        return Err(wrong(format!("the manifests would change {}", change.id)));
    }
    let worst = plan.findings.iter().find(|finding| finding.effect() != Effect::None);
    match worst {
        Some(finding) => Err(wrong(format!("the manifests differ: {finding}"))),
        None => Ok(desired),
    }
}

/// Returns the content of overwritten or removed files that the new manifests lack.
fn lost(
    loaded: &Loaded,
    manifests: &[Manifest],
    desired: &Desired,
    names: &AgentNames,
    arguments: &Arguments,
    language: Language,
) -> Vec<String> {
    let over = manifests.iter().map(|manifest| arguments.out.join(&manifest.name));
    let gone = outdated(loaded, manifests, &arguments.out);
    let old: Vec<File> = over
        .chain(gone)
        .filter_map(|path| {
            Some(File { name: path.display().to_string().into(), bytes: fs::read(path).ok()? })
        })
        .collect();
    if old.is_empty() {
        return Vec::new();
    }
    let held = |what: &str| {
        say!(
            language,
            "the earlier manifests held what the new ones do not: {what}",
            "原来的清单有、新的清单没有：{what}",
            "原來的清單有、新的清單沒有：{what}"
        )
    };
    let mut former = AgentNames::default();
    let mut lost: Vec<String> = Vec::new();
    if let Ok(before) = manifest::load_at(&old, &loaded.workspace, loaded.instant) {
        former = AgentNames::of_roster(&before, loaded.instant);
        let parts = import::lost(&before, desired).into_iter();
        lost.extend(parts.map(|(part, ids)| held(&lost_words(&part, &ids, language))));
    } else {
        let text = language.choose(
            "the earlier manifests are not sound, so what they declared was not compared",
            "原来的清单有错误，所以没有比对它声明了什么",
            "原來的清單有錯誤，所以沒有比對它宣告了什麼",
        );
        lost.push(text.to_owned());
    }
    for file in &old {
        let text = String::from_utf8_lossy(&file.bytes);
        let remarks = import::lost_remarks(&text, manifests.iter().map(|manifest| manifest.text.as_str()));
        let remarks = remarks.iter().filter(|remark| !names.is_name(remark) && !former.is_name(remark));
        lost.extend(remarks.map(|remark| held(&format!("{}: {}", file.name, safe(remark)))));
    }
    lost
}

/// Most resources that one line names.
const NAMED: usize = 5;

/// Describes a lost declaration, with the resources that lose it.
fn lost_words(part: &LostPart, ids: &[String], language: Language) -> String {
    let part = match part {
        LostPart::Key(key) => key,
        LostPart::All => language.choose("all that was declared", "全部声明", "全部宣告"),
        LostPart::Password => language.choose(
            "another reference of `password`",
            "`password` 的另一个引用",
            "`password` 的另一個參照",
        ),
        LostPart::Dates => language.choose("dates", "日期", "日期"),
    };
    let ids = listed(ids, language);
    say!(language, "{part} of {ids}", "{ids} 的{part}", "{ids} 的{part}")
}

/// Writes the first texts of a list, with the number of the others.
fn listed<T: AsRef<str>>(texts: &[T], language: Language) -> String {
    let shown: Vec<&str> = texts.iter().take(NAMED).map(AsRef::as_ref).collect();
    let (shown, all) = (shown.join(comma(language)), texts.len());
    match all.saturating_sub(NAMED) {
        0 => shown,
        more => say!(language, "{shown} and {more} more", "{shown} 等 {all} 个", "{shown} 等 {all} 個"),
    }
}

/// Writes all manifests, or none if a file exists already.
fn write(loaded: &Loaded, manifests: &[Manifest], arguments: &Arguments) -> Result<(), CliError> {
    let out = &arguments.out;
    let there: Vec<String> = manifests
        .iter()
        .map(|manifest| out.join(&manifest.name))
        .filter(|path| fs::symlink_metadata(path).is_ok())
        .map(|path| path.display().to_string())
        .collect();
    if !there.is_empty() && !arguments.force {
        let there = there.join(", ");
        return Err(CliError::Error(localized!(
            "nothing was written, since there is already {there}; name an empty folder, or pass --force to write over",
            "什么都没有写入，因为已经有 {there}；请指定一个空目录，或用 --force 覆盖",
            "什麼都沒有寫入，因為已經有 {there}；請指定一個空資料夾，或用 --force 覆寫"
        )));
    }
    for manifest in manifests {
        let path = out.join(&manifest.name);
        paths::unlinked(&path).map_err(|error| CliError::nothing_written(&error))?;
    }
    for manifest in manifests {
        let path = out.join(&manifest.name);
        if files::same(&path, &loaded.place.file) {
            let path = path.display();
            return Err(CliError::Error(localized!(
                "{path} is the workspace file and is not written over",
                "{path} 是工作区文件，不覆盖",
                "{path} 是工作區檔案，不覆寫"
            )));
        }
        paths::unlinked(&path)
            .and_then(|()| files::replace(&path, manifest.text.as_bytes()))
            .map_err(|error| CliError::unwritable(&path, &error))?;
    }
    Ok(())
}

/// Returns the files of this workspace's earlier imports that this import did not write. Their header identifies
/// them.
fn outdated(loaded: &Loaded, manifests: &[Manifest], out: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(out).into_iter().flatten().filter_map(Result::ok);
    let plain = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()));
    let mut paths: Vec<PathBuf> = plain.map(|entry| entry.path()).collect();
    let kept = |path: &PathBuf| {
        files::same(path, &loaded.place.file)
            || manifests.iter().any(|manifest| files::same(path, &out.join(&manifest.name)))
    };
    paths.retain(|path| {
        let named = path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
        let says =
            || fs::read_to_string(path).is_ok_and(|text| import::is_generated(&text, &loaded.workspace.name));
        named && says() && !kept(path)
    });
    paths.sort();
    paths
}

/// Returns warnings for the user before the next plan.
fn warnings(
    loaded: &Loaded,
    manifests: &[Manifest],
    live: &Live,
    out: &Path,
    language: Language,
) -> Vec<String> {
    let mut warnings = Vec::new();
    if manifests.is_empty() {
        let text = language.choose(
            "nothing is live, so nothing was written",
            "线上什么也没有，所以什么也没写",
            "線上什麼也沒有，所以什麼也沒寫",
        );
        warnings.push(text.to_owned());
        return warnings;
    }
    let folder = fs::canonicalize(out).unwrap_or_else(|_| out.to_owned());
    let covered = loaded.workspace.manifests.iter().any(|(name, _)| {
        fs::canonicalize(loaded.place.folder.join(&**name)).is_ok_and(|named| folder.starts_with(named))
    });
    if !covered {
        let (own, out) = (&loaded.place.shown, out.display());
        warnings.push(say!(
            language,
            "{own} reads no manifest from {out}: add that folder to its `manifests`",
            "{own} 没有读 {out} 里的清单：请把这个文件夹加进 `manifests`",
            "{own} 沒有讀 {out} 裡的清單：請把這個資料夾加進 `manifests`"
        ));
    }
    let own: Vec<PathBuf> =
        manifests.iter().filter_map(|manifest| fs::canonicalize(out.join(&manifest.name)).ok()).collect();
    let others =
        loaded.sources.manifests().iter().filter(|found| found.real.exists() && !own.contains(&found.real));
    let others: Vec<&str> = others.map(|found| &*found.name).collect();
    if !others.is_empty() && covered {
        let shown = listed(&others, language);
        warnings.push(say!(
            language,
            "the workspace has other manifests, {shown}; what they declare too is an error: see `rosterctl validate`",
            "工作区还有别的清单：{shown}；两边都声明的算错误：见 `rosterctl validate`",
            "工作區還有別的清單：{shown}；兩邊都宣告的算錯誤：見 `rosterctl validate`"
        ));
    }
    let unnamed = live.agents.iter().flat_map(|listing| listing.items.keys());
    let unnamed: Vec<String> = unnamed
        .filter(|id| OperatorId::objection(id.as_str()).is_some())
        .map(|id| safe(id.as_str()))
        .collect();
    if !unnamed.is_empty() {
        let unnamed = unnamed.join(comma(language));
        warnings.push(say!(
            language,
            "no manifest can name these live agents, so no plan ever changes them: {unnamed}",
            "清单没法写这些线上坐席的工号，所以计划从不改动他们：{unnamed}",
            "清單沒法寫這些線上客服人員的工號，所以計畫從不更動他們：{unnamed}"
        ));
    }
    warnings
}
