//! Vendors whose reads show changes late.

use rosterctl::sandbox::WebchatQueue;
use rosterctl::sandbox::vendor_state::VendorState;
use serde_json::Value as Json;

use super::world::World;

impl World {
    /// Records the state from now on, if reads show it late.
    pub(super) fn age(&mut self) {
        if self.lag > 0 {
            let shown = self.now - self.lag;
            let old = self.past.iter().rposition(|(since, _)| *since <= shown).unwrap_or(0);
            self.past.drain(..old);
            self.past.push((self.now, self.estate.clone()));
        }
    }

    /// Returns the state that reads show now.
    pub(super) fn what_is_shown(&mut self) -> &mut VendorState {
        let shown = self.now - self.lag;
        match self.past.iter_mut().rev().find(|(since, _)| *since <= shown) {
            Some((_, estate)) => estate,
            None => &mut self.estate,
        }
    }

    /// Lets reads show the current state.
    pub(crate) fn catch_up(&mut self) {
        self.now += self.lag;
        self.past.clear();
        self.age();
    }

    /// Records the queues that a read shows, of one number or of all, and the moment.
    pub(super) fn watch_reading(&mut self, exten: Option<&str>, page: &Json, way_back: Option<i64>) {
        let now = self.now - self.lag;
        let way_back = way_back.map(|way_back| way_back + self.lag);
        if exten.is_none() && *page == 1 {
            self.listed = now;
            self.listings.push((now, now));
        }
        if let Some((_, reached)) = self.listings.last_mut().filter(|_| exten.is_none()) {
            *reached = way_back.map_or(i64::MAX, |way_back| (*reached).max(now + way_back));
        }
        let extens: Vec<String> =
            self.estate.get::<WebchatQueue>().queues.iter().map(|q| q.exten.clone()).collect();
        for queue in extens.into_iter().filter(|q| exten.is_none_or(|exten| exten == q)) {
            // A listing shows all queues over a period; the earliest moment counts.
            let at = if exten.is_none() { self.listed } else { now };
            if let Some(way_back) = way_back {
                self.shown.insert(queue, (at, now + way_back));
            }
        }
    }
}
