//! The voice seat. One row a field. The key, `account`, is no row.

use std::sync::Arc;

use super::field::{Record, kind};
use super::last_change::VendorChange;
use super::presence::State;
use super::value::Type;

const FREE_TEXT: Type = Type::Text { required: false };

#[rustfmt::skip]
kind! {
    /// The seat's name.
    NAME           "name" "名称" "名稱": FREE_TEXT;
    /// The name shown to colleagues.
    NICKNAME       "nickname" "昵称" "昵稱": FREE_TEXT;
    /// Work number.
    EMPLOYEE       "employeeNumber" "工号" "工號": FREE_TEXT;
    /// Whether the seat may be used.
    ENABLED        "enabled" "启用" "啟用": Type::Flag;
    /// The seat group.
    GROUP_NAME     "groupName" "坐席组" "坐席組": FREE_TEXT;
    /// Number shown to the customer.
    DISPLAY_NUMBER "displayNumber" "显示号码" "顯示號碼": FREE_TEXT, Phone;
    /// Country code of the displayed number.
    COUNTRY_CODE   "countryCode" "国家码" "國家碼": FREE_TEXT;
    /// Priority; the vendor's default is 1.
    PRIORITY       "priority" "优先级" "優先順序": Type::Number;
    /// Password, as a secret reference; compared by the MD5 that the vendor returns, never shown.
    PASSWORD       "password" "密码" "密碼": Type::Password;
}

/// A live seat, without the password's MD5.
#[derive(Clone, Debug, Default)]
pub struct LiveSeat {
    /// Its fields.
    pub record: Record,
    /// Its state.
    pub state: Option<State>,
    /// Its calls in the requested span of time.
    pub figures: Figures,
    /// Its last change.
    pub changed: Option<VendorChange>,
}

/// Calls of a seat in a span of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// All calls.
    pub calls: u64,
    /// The connected calls.
    pub connected: u64,
    /// The share of connected calls, as the vendor writes it: `66.67%`.
    pub connect_rate: Option<Arc<str>>,
    /// The calls that lasted long enough to count.
    pub valid: Option<u64>,
    /// The share of counted calls, as the vendor writes it.
    pub valid_rate: Option<Arc<str>>,
    /// The shortest call that counts, in seconds.
    pub valid_seconds: Option<u64>,
}

impl Figures {
    /// Adds the calls of another span. If both have calls, the shares are recomputed.
    pub fn add(&mut self, other: &Figures) {
        if self.calls == 0 {
            *self = other.clone();
            return;
        }
        if other.calls == 0 {
            return;
        }
        self.calls += other.calls;
        self.connected += other.connected;
        self.valid = self.valid.zip(other.valid).map(|(a, b)| a + b);
        self.connect_rate = Some(share(self.connected, self.calls).into());
        self.valid_rate = self.valid.map(|valid| share(valid, self.calls).into());
        self.valid_seconds = other.valid_seconds.or(self.valid_seconds);
    }
}

/// Returns a share in per cent, with up to two decimals.
fn share(part: u64, whole: u64) -> String {
    let parts = (u128::from(part) * 10_000 + u128::from(whole) / 2) / u128::from(whole.max(1));
    let text = format!("{}.{:02}", parts / 100, parts % 100);
    format!("{}%", text.trim_end_matches('0').trim_end_matches('.'))
}
