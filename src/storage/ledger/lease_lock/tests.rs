use futures_util::future::join_all;
use object_store::memory::InMemory;
use object_store::path::Path;

use super::*;
use crate::storage::ledger::file_backend::Folder;
use crate::storage::ledger::object_backend::Bucket;

const LEASE: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(1200);

fn memory() -> Arc<Backend> {
    let bucket = Bucket::at(Arc::new(InMemory::new()), "memory://test".to_owned(), &Path::from("a"), LEASE);
    Arc::new(Backend::Bucket(bucket))
}

/// Returns each kind of backend; the folder goes with the guard.
fn shelves() -> (tempfile::TempDir, [Arc<Backend>; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let file = Folder::of_file(folder.path().join("ledger.json"));
    (folder, [Arc::new(Backend::Folder(file)), memory()])
}

fn elsewhere(pid: u32) -> LockOwner {
    LockOwner {
        host: "elsewhere".to_owned(),
        pid,
        boot: Some("another start".to_owned()),
        ..LockOwner::this()
    }
}

/// Returns signs that are never found.
fn no_signs() -> Signs {
    Signs::shared(Vec::new())
}

fn quiet(_: &Localized) {}

/// Takes a lock about whose holder only the lease is known.
async fn take_as(shelf: &Arc<Backend>, lease: Duration, me: LockOwner) -> Result<Lock, LedgerError> {
    Lock::take_as(Arc::clone(shelf), lease, me, &no_signs(), &quiet).await
}

async fn take(shelf: &Arc<Backend>, lease: Duration) -> Result<Lock, LedgerError> {
    take_as(shelf, lease, LockOwner::this()).await
}

async fn free(shelf: &Backend, force: bool) -> Result<LockStatus, LedgerError> {
    super::free(shelf, &no_signs(), SHORT, force, &quiet).await
}

async fn stored(shelf: &Backend) -> Option<Stored> {
    Stored::read(&shelf.read(Document::Lock).await.unwrap()?)
}

async fn put(shelf: &Backend, stored: &Stored) {
    match shelf.read(Document::Lock).await.unwrap() {
        None => shelf.create(Document::Lock, &stored.bytes()).await.unwrap(),
        Some(seen) => shelf.replace(Document::Lock, &stored.bytes(), &seen.version).await.unwrap(),
    };
}

async fn lost(lock: &Lock) -> String {
    let mut lost = lock.lease().lost();
    let lost = timeout(Duration::from_secs(10), lost.wait_for(Option::is_some)).await.unwrap();
    lost.unwrap().clone().unwrap().to_string()
}

#[tokio::test]
async fn a_held_lock_says_who_holds_it_and_is_free_after_its_release() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        let first = take_as(&shelf, LEASE, elsewhere(7)).await.unwrap();
        assert_eq!(first.taken_over(), None);
        let Err(LedgerError::Locked(why)) = take(&shelf, LEASE).await else { panic!("two hold the lock") };
        for part in ["process 7 of ", " on elsewhere, since 20", ", until 20", "rosterctl unlock"] {
            assert!(why.to_string().contains(part), "{why}");
        }
        first.release().await.unwrap();
        let second = take(&shelf, LEASE).await.unwrap();
        assert_eq!(second.taken_over(), None);
        second.release().await.unwrap();
        assert_eq!(free(&shelf, false).await.unwrap(), LockStatus::Nothing);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_take_it_over_one_does() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        let old = Stored {
            format: FORMAT.to_owned(),
            holder: Some(elsewhere(1)),
            since: now(),
            until: now(),
            nonce: "old".to_owned(),
            lease_ms: None,
        };
        put(&shelf, &old).await;
        let taker = |shelf: Arc<Backend>| async move { take(&shelf, SHORT).await };
        let takers: Vec<_> = (0..10).map(|_| tokio::spawn(taker(Arc::clone(&shelf)))).collect();
        let mut winners = Vec::new();
        for taker in takers {
            match taker.await.unwrap() {
                Ok(lock) => winners.push(lock),
                Err(LedgerError::Locked(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        let [winner] = &winners[..] else { panic!("{} hold the lock", winners.len()) };
        let why = winner.taken_over().unwrap().to_string();
        assert!(why.contains("process 1 of") && why.contains("ran out"), "{why}");
    }
}

#[tokio::test]
async fn a_lease_is_renewed_and_is_what_keeps_others_out() {
    let (_folder, shelves) = shelves();
    join_all(shelves.map(async |shelf| {
        let lock = take_as(&shelf, SHORT, elsewhere(1)).await.unwrap();
        let first = stored(&shelf).await.unwrap();
        tokio::time::sleep(SHORT * 2).await;
        let now = stored(&shelf).await.unwrap();
        assert!(now.until > first.until && now.nonce == first.nonce && now.since == first.since);
        assert!(take(&shelf, SHORT).await.is_err());
        assert_eq!(*lock.lease().lost().borrow(), None);
        // The holder vanishes, and its lock is not renewed.
        drop(lock);
        assert!(take(&shelf, SHORT).await.is_err(), "its lease has not run out yet");
        sleep(SHORT + Duration::from_millis(50)).await;
        let next = take(&shelf, SHORT).await.unwrap();
        assert!(next.taken_over().unwrap().to_string().contains("its lease ran out"));
    }))
    .await;
}

#[tokio::test]
async fn a_dead_process_of_this_host_holds_nothing_and_a_live_one_whatever_clocks_say() {
    let (folder, shelves) = shelves();
    let signs = Signs::beside(folder.path());
    let take = |shelf: &Arc<Backend>| {
        let (shelf, signs) = (Arc::clone(shelf), signs.clone());
        async move { Lock::take_as(shelf, LEASE, LockOwner::this(), &signs, &quiet).await }
    };
    for shelf in shelves {
        let lock = take(&shelf).await.unwrap();
        // The clock steps by hours.
        let stepped = Stored { until: Timestamp::UNIX_EPOCH, ..stored(&shelf).await.unwrap() };
        put(&shelf, &stepped).await;
        assert!(matches!(take(&shelf).await, Err(LedgerError::Locked(_))));
        let freed = super::free(&shelf, &signs, SHORT, false, &quiet).await;
        assert!(matches!(freed, Err(LedgerError::Locked(_))));
        drop(lock);
        let next = take(&shelf).await.unwrap();
        assert!(next.taken_over().unwrap().to_string().contains("ended without freeing it"));
        next.release().await.unwrap();
        let names = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("holder")).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

#[tokio::test]
async fn a_lock_of_a_rosterctl_before_signs_is_held_for_its_lease() {
    let (_folder, shelves) = shelves();
    let text = |until: &str| {
        let holder = serde_json::json!({
            "host": LockOwner::this().host, "user": "u", "pid": 0x3fff_fff0, "program": "rosterctl 0.1.0",
            "started": 1, "boot": "b", "processes": "pid:[1]",
        });
        let since = "2026-01-02T03:04:05Z";
        serde_json::json!({
            "format": FORMAT, "holder": holder, "since": since, "until": until, "nonce": "00ff",
        })
    };
    for shelf in shelves {
        let long = text("2999-01-02T03:04:05Z").to_string();
        let version = shelf.create(Document::Lock, long.as_bytes()).await.unwrap();
        assert!(matches!(take(&shelf, SHORT).await, Err(LedgerError::Locked(_))));
        let over = text("2026-01-02T03:04:05Z").to_string();
        shelf.replace(Document::Lock, over.as_bytes(), &version).await.unwrap();
        assert!(take(&shelf, SHORT).await.unwrap().taken_over().is_some());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_renewed_by_a_clock_that_is_behind_is_not_taken_over() {
    let (_folder, shelves) = shelves();
    join_all(shelves.map(async |shelf| {
        let mut behind = Stored {
            format: FORMAT.to_owned(),
            holder: Some(elsewhere(1)),
            since: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH,
            nonce: "behind".to_owned(),
            lease_ms: None,
        };
        put(&shelf, &behind).await;
        let renewing = Arc::clone(&shelf);
        let renewer = tokio::spawn(async move {
            loop {
                sleep(SHORT / 3).await;
                behind.until = after(behind.until, SHORT / 3);
                put(&renewing, &behind).await;
            }
        });
        assert!(matches!(take(&shelf, SHORT).await, Err(LedgerError::Locked(_))));
        assert!(matches!(free(&shelf, false).await, Err(LedgerError::Locked(_))));
        renewer.abort();
        assert!(renewer.await.is_err());
        let why = take(&shelf, SHORT).await.unwrap().taken_over().unwrap().to_string();
        assert!(why.contains("its lease ran out"), "{why}");
    }))
    .await;
}

#[test]
fn a_lease_ends_before_others_may_take_the_lock_and_stays_lost() {
    let now_ms = clock::since_start_ms();
    let lease = Arc::new(Lease::new(now_ms, LEASE));
    assert!(lease.holds());
    // The program was suspended.
    lease.extend(now_ms - 27_001);
    assert!(!lease.holds());
    lease.extend(now_ms);
    assert!(!lease.holds(), "what was lost is not found again");
    assert!(lease.lost().borrow().is_some());
}

#[tokio::test]
async fn a_lock_that_was_taken_over_is_neither_renewed_nor_freed_by_its_old_holder() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        let lock = take(&shelf, SHORT).await.unwrap();
        let other = Stored {
            holder: Some(elsewhere(9)),
            nonce: "another".to_owned(),
            ..stored(&shelf).await.unwrap()
        };
        put(&shelf, &other).await;
        let why = lost(&lock).await;
        assert!(why.contains("taken over by") && why.contains("process 9"), "{why}");
        assert_eq!(stored(&shelf).await, Some(other.clone()));
        lock.release().await.unwrap();
        assert_eq!(stored(&shelf).await, Some(other));
    }
}

#[tokio::test]
async fn unlock_says_who_held_it_and_tells_the_holder() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        assert_eq!(free(&shelf, true).await.unwrap(), LockStatus::Nothing);
        let lock = take_as(&shelf, SHORT, elsewhere(5)).await.unwrap();
        let Err(LedgerError::Locked(why)) = free(&shelf, false).await else { panic!("a live one was freed") };
        assert!(why.to_string().contains("--force"), "{why}");
        let LockStatus::Holder(holding) = free(&shelf, true).await.unwrap() else {
            panic!("nothing was freed")
        };
        assert_eq!(holding.holder, elsewhere(5));
        assert_eq!(lost(&lock).await, "it was freed");
        lock.release().await.unwrap();
        assert_eq!(free(&shelf, true).await.unwrap(), LockStatus::Nothing);
        let next = take(&shelf, LEASE).await.unwrap();
        assert_eq!(next.taken_over(), None);
    }
}

#[tokio::test]
async fn what_is_no_lock_keeps_everybody_out_until_it_is_freed() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        shelf.create(Document::Lock, b"{\"format\": \"rosterctl.lock/v2\"}").await.unwrap();
        let Err(LedgerError::Locked(why)) = take(&shelf, LEASE).await else { panic!("it was taken") };
        assert!(why.to_string().contains("is damaged, or of a newer rosterctl"), "{why}");
        assert!(matches!(free(&shelf, false).await, Err(LedgerError::Locked(_))));
        assert_eq!(free(&shelf, true).await.unwrap(), LockStatus::Unreadable);
        take(&shelf, LEASE).await.unwrap().release().await.unwrap();
    }
}

#[tokio::test]
async fn a_place_that_went_away_loses_the_lock_with_its_lease() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    let shelf = Arc::new(Backend::Folder(Folder::of_folder(&inner)));
    let lock = take(&shelf, SHORT).await.unwrap();
    std::fs::remove_dir_all(&inner).unwrap();
    std::fs::write(&inner, "no folder").unwrap();
    assert_eq!(*lock.lease().lost().borrow(), None);
    let why = lost(&lock).await;
    assert!(why.contains("could not be renewed within its lease"), "{why}");
}
