//! What stops a run from outside: Ctrl-C, SIGTERM, a lock that was lost.

use tokio::sync::watch;

use super::console::Console;
use super::exit::Exit;

/// Turns the first Ctrl-C or SIGTERM into a request to stop; the second ends the program at once.
pub(super) async fn listen(stop: watch::Sender<bool>, console: Console) {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()).ok();
    loop {
        let term = async {
            match &mut terminate {
                Some(signal) => {
                    signal.recv().await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            () = term => {}
        }
        if *stop.borrow() {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
        console.note(
            "Stopping: calls in flight are finished and recorded. Once more ends at once, and leaves them open.",
        );
        let _ = stop.send(true);
    }
}

/// Says that the lock was lost, and asks to stop.
pub(super) async fn heed(
    mut lost: watch::Receiver<Option<String>>,
    stop: watch::Sender<bool>,
    console: Console,
) {
    let Ok(why) = lost.wait_for(Option::is_some).await.map(|why| why.clone().unwrap_or_default()) else {
        return;
    };
    console.error(&format!("the lock of this workspace was lost, and no further step is started: {why}"));
    let _ = stop.send(true);
}
