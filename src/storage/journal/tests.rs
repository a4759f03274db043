use super::*;
use crate::model::plan::{Digests, Summary};
use crate::vendors;

fn workspace(name: &str, ledger: &str) -> Option<Workspace> {
    let text =
        format!("apiVersion: rosterctl/v1\nkind: Workspace\nname: {name}\nmanifests: [roster]\n{ledger}");
    crate::config::load::load(&"rosterctl.yaml".into(), text.as_bytes(), &vendors::ALL.specs()).ok()
}

fn desk(folder: &Path, name: &str, ledger: &str) -> io::Result<JournalPath> {
    let workspace = workspace(name, ledger).ok_or(io::ErrorKind::InvalidInput)?;
    let file = folder.join("rosterctl.yaml");
    fs::create_dir_all(folder.join(".rosterctl"))?;
    Ok(JournalPath::for_workspace(
        &workspace,
        &Place { folder: folder.to_owned(), file, shown: "rosterctl.yaml".into() },
    ))
}

fn plan(workspace: &str) -> Arc<Plan> {
    Arc::new(Plan {
        format: String::new(),
        program: String::new(),
        workspace: workspace.to_owned(),
        summary: Summary::default(),
        changes: Vec::new(),
        steps: Vec::new(),
        findings: Vec::new(),
        allowed: Vec::new(),
        assert_unread: false,
        targets: Vec::new(),
        at: None,
        due_since: None,
        good_until: None,
        digests: Digests::default(),
    })
}

#[tokio::test]
async fn concurrent_intents_share_a_sync_and_every_line_is_there() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let desk = desk(folder.path(), "acme", "")?;
    let journal = desk.start(&plan("acme"), 0, None)?;
    let all = (0..50).map(|step| journal.begin(step, Verb::Create));
    futures_util::future::try_join_all(all).await?;
    assert_eq!(*journal.synced.lock().await, 51);
    journal.begin(50, Verb::Edit).await?;
    journal.end(0, &Ok(None));
    assert_eq!((*journal.synced.lock().await, read(&fs::read(&journal.path)?).0.len()), (51, 53));
    Ok(())
}

#[test]
fn a_torn_last_line_is_no_harm() {
    let begin = "{\"entry\":\"begin\",\"step\":0}\n";
    let entries = vec![Entry::Begin { step: 0, at_ms: 0 }];
    assert_eq!(read(format!("{begin}{{\"entry\":\"end\",\"st").as_bytes()), (entries.clone(), None));
    let why = Some("line 2 is none that rosterctl writes".to_owned());
    assert_eq!(read(format!("{begin}garbage\n{begin}").as_bytes()), (entries, why));
    assert_eq!(read(b""), (Vec::new(), None));
}

#[test]
fn a_journal_that_cannot_be_read_is_told_of_and_kept() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let desk = desk(folder.path(), "a", "")?;
    assert_eq!(desk.corruption(), None);
    drop(desk.start(&plan("a"), 0, None)?);
    let whole = fs::read_to_string(&desk.path)?;
    assert_eq!(desk.corruption(), None);
    let begin = "{\"entry\":\"begin\",\"step\":0}\n";
    let cases = [String::new(), "\u{1}garbage".to_owned(), begin.to_owned(), whole[..200].to_owned()];
    let partly = format!("{whole}garbage\n{begin}");
    for (damaged, entries) in cases.iter().map(|case| (case, 0)).chain([(&partly, 1)]) {
        fs::write(&desk.path, damaged)?;
        let why = desk.corruption().map(|why| why.to_string()).unwrap_or_default();
        let kept = desk.aside();
        assert!(why.contains("cannot be read") && why.contains(&*kept.to_string_lossy()), "{why}");
        assert_eq!(desk.unfinished().map(|entries| entries.len()), Ok(entries));
        desk.start(&plan("a"), 0, None)?.finish();
        assert_eq!(fs::read_to_string(kept)?, *damaged);
        assert!(!desk.path.exists());
    }
    fs::create_dir(&desk.path)?;
    assert!(
        desk.corruption().is_some() && desk.start(&plan("a"), 0, None).is_ok() && desk.corruption().is_none()
    );
    Ok(())
}

#[test]
fn a_journal_is_of_one_workspace_and_one_ledger() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let at = |name: &str, ledger: &str| desk(folder.path(), name, ledger).map(|desk| desk.path);
    let other = "ledger: { path: b.json }\n";
    let mut paths = vec![at("a", "")?, at("b", "")?, at("a", other)?];
    // File names may not distinguish these.
    paths.extend([at("A", "")?, at("'a/b'", "")?, at("'a b'", "")?, at("售前", "")?, at("售后", "")?]);
    let long = "x".repeat(300);
    paths.extend([at(&format!("{long}1"), "")?, at(&format!("{long}2"), "")?]);
    assert!(paths.iter().all(|path| path.parent() == Some(&*folder.path().join(".rosterctl"))));
    let mut names: Vec<String> = paths.iter().map(|path| path.to_string_lossy().to_lowercase()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), paths.len());
    assert_eq!(at("a", "ledger: { path: ./.rosterctl/ledger.json }\n")?, at("a", "")?);
    Ok(())
}

#[test]
fn anothers_journal_is_neither_taken_up_nor_removed() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (a, b) = (desk(folder.path(), "a", "")?, desk(folder.path(), "b", "")?);
    let running = a.start(&plan("a"), 0, None)?;
    assert_eq!(b.unfinished(), Ok(Vec::new()));
    b.discard();
    b.start(&plan("b"), 0, None)?.finish();
    assert_eq!(a.unfinished().map(|entries| entries.len()), Ok(1));
    // The journal was moved to the other workspace's path.
    fs::rename(&a.path, &b.path)?;
    let why = b.unfinished().err().unwrap_or_default();
    assert!(
        why.to_string().contains("is of workspace `a`") && why.to_string().contains("move it away"),
        "{why}"
    );
    assert!(b.start(&plan("b"), 0, None).is_err());
    b.discard();
    assert!(b.path.exists());
    fs::rename(&b.path, &a.path)?;
    // A run that lost the lock does not remove the next run's journal.
    let next = a.start(&plan("a"), 0, None)?;
    running.finish();
    assert!(a.path.exists());
    next.finish();
    assert!(!a.path.exists());
    Ok(())
}

#[test]
fn a_journal_of_the_version_before_is_taken_up_by_its_workspace_alone() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let (a, b) = (desk(folder.path(), "a", "")?, desk(folder.path(), "b", "")?);
    drop(a.start(&plan("a"), 0, None)?);
    fs::rename(&a.path, &a.before)?;
    assert_eq!(b.unfinished(), Ok(Vec::new()));
    assert!(b.foreign_journal().is_some_and(|why| why.to_string().contains("workspace `a`")));
    drop(b.start(&plan("b"), 0, None)?);
    b.discard();
    assert_eq!(a.unfinished().map(|entries| entries.len()), Ok(1));
    assert_eq!(a.foreign_journal(), None);
    a.start(&plan("a"), 0, None)?.finish();
    assert!(!a.before.exists());
    // A journal that names no workspace.
    fs::write(&a.before, "{\"entry\":\"ru")?;
    assert_eq!(a.unfinished(), Ok(Vec::new()));
    a.start(&plan("a"), 0, None)?.finish();
    assert!(
        a.before.exists() && a.foreign_journal().is_some_and(|why| why.to_string().contains("remove it"))
    );
    Ok(())
}
