//! Who holds a lock, and whether that process still runs.
//!
//! Only a process that is surely gone is called dead: of this host (its name, and the boot of its kernel,
//! since names repeat), within this table of processes (a container has one of its own, where another's
//! number means nothing), and not running, or running since another moment (numbers are used again).

use std::fs;

use serde::{Deserialize, Serialize};

/// A process that holds a lock, or wants to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    /// Name of its host.
    pub host: String,
    /// Who runs it.
    pub user: String,
    /// Its number on that host.
    pub pid: u32,
    /// The program and its version.
    pub program: String,
    /// When the process began, as its host counts (on Linux in ticks since the host's start).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// The start of its host that this belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub boot: Option<String>,
    /// The table of processes that its number belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processes: Option<String>,
}

impl Holder {
    /// This process.
    pub(super) fn this() -> Self {
        let uname = rustix::system::uname();
        let user = ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok());
        let pid = std::process::id();
        Self {
            host: uname.nodename().to_string_lossy().into_owned(),
            user: user
                .filter(|user| !user.is_empty())
                .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())),
            pid,
            program: concat!("rosterctl ", env!("CARGO_PKG_VERSION")).to_owned(),
            started: stat(pid).map(|stat| stat.started),
            boot: line("/proc/sys/kernel/random/boot_id"),
            processes: fs::read_link("/proc/self/ns/pid")
                .ok()
                .map(|link| link.to_string_lossy().into_owned()),
        }
    }

    /// The holder in words.
    pub fn words(&self) -> String {
        format!("{}, process {} of {} on {}", self.program, self.pid, self.user, self.host)
    }

    /// Whether it surely runs no more, as this process sees it.
    pub(super) fn is_dead(&self, me: &Self) -> bool {
        if self.host != me.host || self.boot != me.boot || self.processes != me.processes {
            return false;
        }
        if self.started.is_some() && fs::exists("/proc/self/stat").unwrap_or_default() {
            return stat(self.pid).is_none_or(|now| now.ended || Some(now.started) != self.started);
        }
        let pid = i32::try_from(self.pid).ok().and_then(rustix::process::Pid::from_raw);
        pid.is_some_and(|pid| rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH))
    }
}

struct Stat {
    ended: bool,
    started: u64,
}

/// What Linux says of a process; `None` when there is none.
fn stat(pid: u32) -> Option<Stat> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The second field is a name in parentheses, which may hold anything.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let state = fields.first()?;
    // Field 22 of proc(5), of which the first two are behind us.
    let started = fields.get(19)?.parse().ok()?;
    Some(Stat { ended: matches!(*state, "Z" | "X" | "x"), started })
}

fn line(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn this_process_lives_and_its_number_used_again_does_not() {
        let me = Holder::this();
        assert!(!me.is_dead(&me));
        if me.started.is_some() {
            let earlier = Holder { started: me.started.map(|at| at.wrapping_sub(1)), ..me.clone() };
            assert!(earlier.is_dead(&me), "the number belongs to another process now");
        }
    }

    #[test]
    fn a_child_that_was_killed_is_dead_before_and_after_it_is_waited_for() {
        let me = Holder::this();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let holder =
            Holder { pid: child.id(), started: stat(child.id()).map(|stat| stat.started), ..me.clone() };
        assert!(!holder.is_dead(&me));
        child.kill().unwrap();
        if me.started.is_some() {
            let begin = std::time::Instant::now();
            while !holder.is_dead(&me) {
                assert!(begin.elapsed().as_secs() < 10, "a zombie holds nothing");
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
        }
        child.wait().unwrap();
        assert!(holder.is_dead(&me));
    }

    #[test]
    fn nothing_is_said_of_another_host_boot_or_container() {
        let me = Holder::this();
        let gone = Holder { pid: 0x3fff_fff0, ..me.clone() };
        assert!(gone.is_dead(&me));
        let others = [
            Holder { host: "elsewhere".to_owned(), ..gone.clone() },
            Holder { boot: Some("another".to_owned()), ..gone.clone() },
            Holder { processes: Some("pid:[1]".to_owned()), ..gone.clone() },
        ];
        for other in others {
            assert!(!other.is_dead(&me), "{other:?}");
        }
    }
}
