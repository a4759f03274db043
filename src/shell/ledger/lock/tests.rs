use object_store::memory::InMemory;
use object_store::path::Path;

use super::super::file::Folder;
use super::super::object::Bucket;
use super::*;

const LEASE: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(1200);

fn memory() -> Arc<Shelf> {
    let bucket = Bucket::at(Arc::new(InMemory::new()), "memory://test".to_owned(), &Path::from("a"));
    Arc::new(Shelf::Bucket(bucket))
}

/// Each kind of place; the folder goes with the guard.
fn shelves() -> (tempfile::TempDir, [Arc<Shelf>; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let file = Folder::of_file(folder.path().join("ledger.json"));
    (folder, [Arc::new(Shelf::Folder(file)), memory()])
}

fn elsewhere(pid: u32) -> Holder {
    Holder { host: "elsewhere".to_owned(), pid, ..Holder::this() }
}

async fn stored(shelf: &Shelf) -> Option<Stored> {
    Stored::read(&shelf.read(Document::Lock).await.unwrap()?)
}

async fn put(shelf: &Shelf, stored: &Stored) {
    match shelf.read(Document::Lock).await.unwrap() {
        None => shelf.create(Document::Lock, &stored.bytes()).await.unwrap(),
        Some(seen) => shelf.replace(Document::Lock, &stored.bytes(), &seen.version).await.unwrap(),
    };
}

async fn lost(lock: &Lock) -> String {
    let mut lost = lock.lost();
    let lost = timeout(Duration::from_secs(10), lost.wait_for(Option::is_some)).await.unwrap();
    lost.unwrap().clone().unwrap()
}

#[tokio::test]
async fn a_held_lock_says_who_holds_it_and_is_free_after_its_release() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        let first = Lock::take_as(Arc::clone(&shelf), LEASE, elsewhere(7)).await.unwrap();
        assert_eq!(first.taken_over(), None);
        let Err(LedgerError::Locked(why)) = Lock::take(Arc::clone(&shelf), LEASE).await else {
            panic!("two hold the lock")
        };
        for part in ["process 7 of ", " on elsewhere, since 20", ", until 20", "rosterctl unlock"] {
            assert!(why.contains(part), "{why}");
        }
        first.release().await.unwrap();
        let second = Lock::take(Arc::clone(&shelf), LEASE).await.unwrap();
        assert_eq!(second.taken_over(), None);
        second.release().await.unwrap();
        assert_eq!(free(&shelf).await.unwrap(), Freed::Nothing);
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
        };
        put(&shelf, &old).await;
        let takers: Vec<_> = (0..10).map(|_| tokio::spawn(Lock::take(Arc::clone(&shelf), LEASE))).collect();
        let mut winners = Vec::new();
        for taker in takers {
            match taker.await.unwrap() {
                Ok(lock) => winners.push(lock),
                Err(LedgerError::Locked(_)) => {}
                Err(other) => panic!("{other}"),
            }
        }
        let [winner] = &winners[..] else { panic!("{} hold the lock", winners.len()) };
        let why = winner.taken_over().unwrap();
        assert!(why.contains("process 1 of") && why.contains("ran out"), "{why}");
    }
}

#[tokio::test]
async fn a_lease_is_renewed_and_is_what_keeps_others_out() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        let lock = Lock::take_as(Arc::clone(&shelf), SHORT, elsewhere(1)).await.unwrap();
        let first = stored(&shelf).await.unwrap();
        tokio::time::sleep(SHORT * 2).await;
        let now = stored(&shelf).await.unwrap();
        assert!(now.until > first.until && now.nonce == first.nonce && now.since == first.since);
        assert!(Lock::take(Arc::clone(&shelf), SHORT).await.is_err());
        assert_eq!(*lock.lost().borrow(), None);
        // A holder that is gone without a word: nobody renews.
        drop(lock);
        assert!(Lock::take(Arc::clone(&shelf), SHORT).await.is_err(), "its lease has not run out yet");
        tokio::time::sleep(SHORT + Duration::from_millis(50)).await;
        let next = Lock::take(Arc::clone(&shelf), SHORT).await.unwrap();
        assert!(next.taken_over().unwrap().contains("its lease ran out"));
    }
}

#[tokio::test]
async fn a_dead_process_of_this_host_holds_nothing() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        let dead = Holder { pid: 0x3fff_fff0, ..Holder::this() };
        drop(Lock::take_as(Arc::clone(&shelf), LEASE, dead).await.unwrap());
        let lock = Lock::take(Arc::clone(&shelf), LEASE).await.unwrap();
        assert!(lock.taken_over().unwrap().contains("ended without freeing it"));
    }
}

#[tokio::test]
async fn a_lock_that_was_taken_over_is_neither_renewed_nor_freed_by_its_old_holder() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        let lock = Lock::take(Arc::clone(&shelf), SHORT).await.unwrap();
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
        assert_eq!(free(&shelf).await.unwrap(), Freed::Nothing);
        let lock = Lock::take_as(Arc::clone(&shelf), SHORT, elsewhere(5)).await.unwrap();
        let Freed::Holder(holding) = free(&shelf).await.unwrap() else { panic!("nothing was freed") };
        assert_eq!(holding.holder, elsewhere(5));
        assert_eq!(lost(&lock).await, "it was freed");
        lock.release().await.unwrap();
        assert_eq!(free(&shelf).await.unwrap(), Freed::Nothing);
        let next = Lock::take(Arc::clone(&shelf), LEASE).await.unwrap();
        assert_eq!(next.taken_over(), None);
    }
}

#[tokio::test]
async fn what_is_no_lock_keeps_everybody_out_until_it_is_freed() {
    let (_folder, shelves) = shelves();
    for shelf in shelves {
        shelf.create(Document::Lock, b"{\"format\": \"rosterctl.lock/v2\"}").await.unwrap();
        let Err(LedgerError::Locked(why)) = Lock::take(Arc::clone(&shelf), LEASE).await else {
            panic!("it was taken")
        };
        assert!(why.contains("is damaged, or of a newer rosterctl"), "{why}");
        assert_eq!(free(&shelf).await.unwrap(), Freed::Unreadable);
        Lock::take(shelf, LEASE).await.unwrap().release().await.unwrap();
    }
}

#[tokio::test]
async fn a_place_that_went_away_loses_the_lock_with_its_lease() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("inner");
    let shelf = Arc::new(Shelf::Folder(Folder::of_folder(&inner)));
    let lock = Lock::take(shelf, SHORT).await.unwrap();
    std::fs::remove_dir_all(&inner).unwrap();
    std::fs::write(&inner, "no folder").unwrap();
    assert_eq!(*lock.lost().borrow(), None);
    let why = lost(&lock).await;
    assert!(why.contains("could not be renewed within its lease"), "{why}");
}
