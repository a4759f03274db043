//! The read request. Source: cms-agent, 表2 and 样例报文.
//!
//! The table lists `ccId`, `vdn` and `agentId` flat, the sample puts them under `queryParam`. The connector follows
//! the sample.

use serde_json::json;

use crate::config::workspace::Connection;
use crate::model::call::{Call, Method};
use crate::model::id::OperatorId;

/// The valid work numbers: "101-59999" in the document, and 70000 to 999999 in its newer edition.
const WORK_NUMBERS: [std::ops::RangeInclusive<u32>; 2] = [101..=59_999, 70_000..=999_999];

/// Builds the request for one agent; `None` if its number is no work number (`003`, `tom`).
pub fn agent(connection: &Connection, agent: &OperatorId) -> Option<Call> {
    let number = work_number(agent)?;
    let setting = |key: &str| connection.settings.number(key).unwrap_or(1);
    let body = json!({
        "queryParam": { "ccId": setting("ccId"), "vdn": setting("vdn"), "agentId": number },
    });
    Some(Call {
        operation: "agentbyworkno",
        method: Method::Post,
        path: "/rest/cmsapp/v1/openapi/agent/agentbyworkno".to_owned(),
        query: Vec::new(),
        // The document prints it with and without a blank after the semicolon. The sample's form is sent and signed.
        headers: vec![("Content-Type", "application/json;charset=UTF-8".to_owned())],
        body: body.to_string().into_bytes(),
    })
}

/// Returns an agent's number as a work number, without leading zeros.
pub(super) fn work_number(agent: &OperatorId) -> Option<u32> {
    let digits = Some(agent.as_str()).filter(|id| id.bytes().all(|byte| byte.is_ascii_digit()))?;
    let number: u32 = digits.parse().ok()?;
    WORK_NUMBERS.iter().any(|range| range.contains(&number)).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_can_be_a_work_number_is_asked_for() {
        assert_eq!(work_number(&"101".into()), Some(101));
        for (id, number) in
            [("59999", 59_999), ("70000", 70_000), ("999999", 999_999), ("08002", 8002), ("0101", 101)]
        {
            assert_eq!(work_number(&id.into()), Some(number));
        }
        for id in
            ["100", "60000", "69999", "003", "+101", "-101", "tom", "８００２", "", "1000000", "99999999999"]
        {
            assert_eq!(work_number(&id.into()), None, "{id}");
        }
    }
}
