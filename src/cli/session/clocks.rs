//! The clocks of this host and of the vendors: a date between two of them is refused.

use super::load::Loaded;
use crate::cli::error::CliError;
use crate::model::call::Reason;
use crate::runtime::vendor::Vendors;

/// Lead of a vendor's clock, in seconds, from which on dates between both clocks count.
const APART: i64 = 120;

/// Refuses a run if a wanted change lies between this host's clock and a vendor's.
///
/// # Errors
/// A vendor's clock differs by more than two minutes, and dates lie between the two.
pub(crate) fn check(loaded: &Loaded, vendors: &Vendors) -> Result<(), CliError> {
    let Some(dates) = loaded.dates.as_deref() else { return Ok(()) };
    for (_, vendor) in vendors.iter() {
        let Some(ahead) = vendor.ahead_ms().map(|ahead| ahead / 1000).filter(|ahead| ahead.abs() > APART)
        else {
            continue;
        };
        let there = jiff::SignedDuration::from_secs(ahead);
        let there = loaded.instant.checked_add(there).unwrap_or(loaded.instant);
        let ids = dates.changed(&loaded.desired, loaded.instant, there);
        if let Some(first) = ids.first() {
            let way = if ahead > 0 { "behind" } else { "ahead of" };
            return Err(CliError::Unreachable(
                format!(
                    "the clock of this host ({}) is {} s {way} the clock of connection `{}` ({}), and a date lies between \
                     the two (of {first}, for one): nothing was changed; set the clock of this host, and apply again",
                    dates.zone.rfc3339(loaded.instant),
                    ahead.abs(),
                    vendor.connection().name,
                    dates.zone.rfc3339(there),
                ),
                Reason::NoAnswer,
            ));
        }
    }
    Ok(())
}
