//! Reads that failed, and listings that are not proved complete.

use super::call::Failure;
use super::id::{Kind, OperatorId, ResourceId};
use super::language::Localized;
use super::message::{Word, messages};

messages! {
    /// The reason why a listing is not proved complete.
    text ListingDoubt {
        /// A page has no total.
        NoTotal,
        /// The total changed from page to page.
        TotalChanged { before: usize, now: usize },
        /// A resource was listed twice.
        ListedTwice { key: OperatorId },
        /// The number of rows is not the total.
        OtherTotal { rows: usize, total: usize },
        /// A queue came without its members.
        NoMembers { exten: Word },
        /// A queue of the ledger is not listed, and a query for it failed.
        NotListed { queue: ResourceId, exten: Word, why: FailedCall },
        /// Some resources were read one by one, and one of them could not be read.
        OneUnread { why: Box<Unread> },
        /// The listing of a snapshot covers less than the workspace does now.
        NarrowerSnapshot,
        /// A sentence of a saved document.
        Saved { text: String },
    }
}

messages! {
    /// The reason of a failed read.
    read Unread {
        /// No connection holds such resources.
        NoConnection { kind: Kind },
        /// The resource was not read.
        NotRead,
        /// The listing is not proved complete.
        Incomplete { doubt: ListingDoubt },
        /// The response lacks the members of a queue: an absent list is no empty one.
        NoMembers { exten: Word },
        /// The call failed.
        Failed { why: FailedCall },
    }
}

messages! {
    /// A call that failed, with the words of the vendor or of this machine.
    text FailedCall {
        /// It never reached the vendor.
        NotSent { words: Localized },
        /// It never reached the vendor, whose certificate or proxy is not trusted.
        Untrusted { words: Localized },
        /// The vendor limits the rate.
        Throttled { words: Localized },
        /// It was sent, and nothing tells its outcome.
        Unknown { words: Localized },
        /// No response came in time.
        Late { words: Localized },
        /// The vendor refused it.
        Refused { words: Localized },
        /// The vendor refused the sign-in.
        SignIn { words: Localized },
        /// It was not sent: the vendor refused the sign-in before.
        Shut { words: Localized },
        /// The response is unusable.
        Garbled { words: Localized },
        /// The operator stopped the run before it was sent.
        Halted,
        /// A sentence of a saved document, or of a call that this machine did not make.
        Saved { text: Localized },
    }
}

impl From<&Failure> for FailedCall {
    fn from(failure: &Failure) -> Self {
        let words = failure.words().cloned().unwrap_or_default();
        match failure {
            Failure::NotSent(_) => FailedCall::NotSent { words },
            Failure::Untrusted(_) => FailedCall::Untrusted { words },
            Failure::Throttled { .. } => FailedCall::Throttled { words },
            Failure::Unknown(_) => FailedCall::Unknown { words },
            Failure::Late(_) => FailedCall::Late { words },
            Failure::Refused(_) => FailedCall::Refused { words },
            Failure::SignIn(_) => FailedCall::SignIn { words },
            Failure::Shut(_) => FailedCall::Shut { words },
            Failure::Garbled(_) => FailedCall::Garbled { words },
            Failure::Halted => FailedCall::Halted,
        }
    }
}

impl From<&str> for FailedCall {
    fn from(text: &str) -> Self {
        FailedCall::Saved { text: text.to_owned().into() }
    }
}

impl From<&Failure> for Unread {
    fn from(failure: &Failure) -> Self {
        Unread::Failed { why: failure.into() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::messages::Message as _;
    use crate::model::language::Language;

    #[test]
    fn a_failed_call_is_one_text_in_json_and_names_its_kind_in_chinese() {
        let words = || Localized::from("HTTP 503: busy".to_owned());
        let failures = [
            Failure::NotSent(words()),
            Failure::Untrusted(words()),
            Failure::Throttled { after: None, message: words() },
            Failure::Unknown(words()),
            Failure::Late(words()),
            Failure::Refused(words()),
            Failure::SignIn(words()),
            Failure::Shut(words()),
            Failure::Garbled(words()),
            Failure::Halted,
        ];
        let mut said: Vec<String> = Vec::new();
        for failure in &failures {
            let call = FailedCall::from(failure);
            assert_eq!(call.to_string(), failure.message());
            assert_eq!(serde_json::to_value(&call).unwrap(), failure.message());
            said.extend([Language::ZhCn, Language::ZhTw].map(|language| call.say(language)));
        }
        said.sort();
        said.dedup();
        assert_eq!(said.len(), 2 * failures.len(), "{said:#?}");
        let saved: FailedCall = serde_json::from_value("HTTP 503: busy".into()).unwrap();
        assert_eq!(saved, words().to_string().as_str().into());
    }
}
