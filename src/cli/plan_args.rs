//! Options that narrow a plan: targets, allowances, unread fields.

use crate::model::id::ResourceId;
use crate::model::plan::{Allowance, Plan};

/// Options that `plan` and `apply` share.
#[derive(Clone, Debug, Default, clap::Args)]
pub(super) struct PlanArgs {
    /// Only this resource, and what it cannot do without; repeatable.
    #[arg(long = "target", value_name = "KIND/ID", value_parser = target)]
    pub(super) targets: Vec<ResourceId>,
    /// Lift a rule for this run up to a number: deletes, changes, members or presence; repeatable.
    #[arg(long = "allow", value_name = "RULE=N", value_parser = allowance)]
    pub(super) allow: Vec<Allowance>,
    /// Set fields again that no system returns and rosterctl has not set yet (role, password).
    #[arg(long)]
    pub(super) assert_unread: bool,
    /// True if only what dates brought about is planned.
    #[arg(skip)]
    pub(super) due: bool,
    /// True if the read-only systems must be readable.
    #[arg(skip)]
    pub(super) watch: bool,
}

impl PlanArgs {
    /// Returns the options of `drift`: everything, including read-only systems.
    pub(super) fn everything() -> Self {
        Self { watch: true, ..Self::default() }
    }

    /// Returns the options under which a saved plan was made.
    pub(super) fn from_saved(saved: &Plan) -> Self {
        Self {
            targets: saved.targets.clone(),
            allow: saved.allowed.clone(),
            assert_unread: saved.assert_unread,
            due: false,
            watch: false,
        }
    }

    /// Returns true if no option is set.
    pub(super) fn is_empty(&self) -> bool {
        self.targets.is_empty() && self.allow.is_empty() && !self.assert_unread
    }
}

/// Parses `KIND/ID`.
fn target(text: &str) -> Result<ResourceId, String> {
    ResourceId::parse(text).ok_or_else(|| "write KIND/ID, like agent/8001 or queue/NAME".to_owned())
}

/// Parses `RULE=N`.
fn allowance(text: &str) -> Result<Allowance, String> {
    let rules = ["deletes", "changes", "members", "presence"];
    let help = "write RULE=N, where RULE is deletes, changes, members or presence";
    let (rule, number) = text.split_once('=').ok_or(help)?;
    if !rules.contains(&rule) {
        return Err(help.to_owned());
    }
    let up_to = number.parse().map_err(|_| help.to_owned())?;
    Ok(Allowance { rule: rule.to_owned(), up_to })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_lifted_up_to_a_number_only() {
        assert!(allowance("deletes=12").is_ok());
        assert!(allowance("deletes").is_err());
        assert!(allowance("everything=1").is_err());
    }
}
