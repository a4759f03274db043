//! Voice seats: reads them whole with their calls, and compares their passwords with the stores.

use std::collections::BTreeMap;

use super::resources::{READINGS, each};
use crate::model::call::{Failure, Reply};
use crate::model::desired::Desired;
use crate::model::language::localized;
use crate::model::live::{LiveSeats, SeatPassword};
use crate::model::value::Value;
use crate::model::{id::OperatorId, seat};
use crate::provider::seats;
use crate::provider::{SeatPage, SeatReader, Window};
use crate::runtime::client::Client;
use crate::runtime::ports::PasswordStore;
use crate::runtime::progress;

const DAY_MS: i64 = 24 * 3_600_000;

/// Number of days, until now, for which the calls of a seat are counted. They tell whether the seat is in use.
pub const RECENT_DAYS: u32 = 7;

/// Reads all seats and their recent calls, and repeats that while the listing shifts. With `against`, compares the
/// passwords that manifests name with the stores.
///
/// # Errors
/// The first page that cannot be read; an incomplete listing is no failure.
pub async fn read(
    reader: &dyn SeatReader,
    link: &Client,
    against: Option<(&Desired, &dyn PasswordStore)>,
) -> Result<LiveSeats, Failure> {
    let seats = listing(reader, link, RECENT_DAYS).await?;
    let passwords = match against {
        Some((desired, secrets)) => compare(&seats, desired, secrets).await,
        None => BTreeMap::new(),
    };
    Ok(LiveSeats { listing: seats.listing, passwords, days: RECENT_DAYS })
}

async fn listing(reader: &dyn SeatReader, link: &Client, days: u32) -> Result<seats::Seats, Failure> {
    let mut reading = 1;
    loop {
        let now = link.clock().now_ms();
        let mut windows = Vec::new();
        for window in reader.windows(link.connection(), now - i64::from(days) * DAY_MS, now) {
            windows.push(pages(reader, link, &window).await?);
        }
        let seats = seats::seats(windows, reader.page_size());
        if seats.listing.incomplete.is_none() || reading == READINGS {
            return Ok(seats);
        }
        reading += 1;
    }
}

/// Reads all pages of a window.
async fn pages(reader: &dyn SeatReader, link: &Client, window: &Window) -> Result<Vec<SeatPage>, Failure> {
    let task = progress::begin(format!("reading {}", link.connection().name), "pages");
    let mut pages = Vec::new();
    let parse = |reply: &Reply| reader.parse_page(link.connection(), reply);
    let read = |page| link.read(move || Some(reader.page_request(window, page)), parse);
    let at_once = link.connection().concurrency();
    each(at_once, reader.page_size(), &task, read, seats::head, |page| pages.push(page)).await?;
    Ok(pages)
}

/// Compares the passwords that manifests name for live seats.
async fn compare(
    seats: &seats::Seats,
    desired: &Desired,
    secrets: &dyn PasswordStore,
) -> BTreeMap<OperatorId, SeatPassword> {
    let named = desired.seats.iter().filter(|(account, _)| seats.listing.items.contains_key(*account));
    let named: BTreeMap<_, _> = named
        .filter_map(|(account, seat)| match seat.record.get(&seat::PASSWORD) {
            Some(Value::Password(secret)) => Some((account, secret)),
            _ => None,
        })
        .collect();
    let values = secrets.get_all(named.values().map(|secret| (***secret).clone()).collect()).await;
    let told = named.into_iter().map(|(account, secret)| {
        let told = match (seats.passwords.get(account), values.get(secret.as_ref())) {
            (_, None) => SeatPassword::Unknown(localized!("it was not read", "没有读", "沒有讀")),
            (_, Some(Err(error))) => SeatPassword::Unknown(error.clone()),
            (_, Some(Ok(value))) if let Some(why) = value.line_objection() => {
                SeatPassword::Unknown(format!("the password {secret} {why}").into())
            }
            (None, Some(Ok(_))) => SeatPassword::Untold,
            (Some(md5), Some(Ok(secret))) if md5.is_of(secret) => SeatPassword::Same,
            (Some(_), Some(Ok(_))) => SeatPassword::Other,
        };
        (account.clone(), told)
    });
    told.collect()
}
