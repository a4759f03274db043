//! The clocks of this host and of the vendors: a date between two of them is refused.

use super::load::Loaded;
use crate::cli::error::CliError;
use crate::model::call::Reason;
use crate::model::language::localized;
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
            let (cn, tw) = if ahead > 0 { ("慢", "慢") } else { ("快", "快") };
            let (here, there) = (dates.zone.rfc3339(loaded.instant), dates.zone.rfc3339(there));
            let (ahead, name) = (ahead.abs(), &vendor.connection().name);
            let why = localized!(
                "the clock of this host ({here}) is {ahead} s {way} the clock of connection `{name}` ({there}), and a \
                 date lies between the two (of {first}, for one): nothing was changed; set the clock of this host, and \
                 apply again",
                "本机的时钟（{here}）比连接 `{name}` 的时钟（{there}）{cn} {ahead} 秒，两者之间有清单写的日期（例如 \
                 {first} 的）：什么都没有改动；请校准本机的时钟再执行",
                "本機的時鐘（{here}）比連線 `{name}` 的時鐘（{there}）{tw} {ahead} 秒，兩者之間有清單寫的日期（例如 \
                 {first} 的）：什麼都沒有更動；請校準本機的時鐘再執行"
            );
            return Err(CliError::Unreachable(why, Reason::NoAnswer));
        }
    }
    Ok(())
}
