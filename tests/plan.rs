//! Named plans: each folder holds the roster, the live state and the whole plan. Where they matter, it also holds the
//! ledger, the workspace and the options.
#![allow(clippy::expect_used, reason = "a test may panic")]
#![allow(dead_code, reason = "the readers are shared with the model of the vendors")]

#[path = "support/cases.rs"]
mod cases;
#[path = "support/planning.rs"]
mod planning;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use cases::FOLDER;
use rosterctl::apply::replan;
use rosterctl::model::id::Kind;

macro_rules! cases {
    ($($name:ident $folder:literal)+) => {
        $(#[test] fn $name() { check($folder); })+

        #[test]
        fn every_folder_is_a_case() {
            let folders: BTreeSet<String> = fs::read_dir(FOLDER)
                .expect("the folder of cases")
                .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
                .collect();
            assert_eq!(folders, [$($folder.to_owned()),+].into());
        }
    };
}

cases! {
    dates_move_what_is_wanted_and_say_why "dates"
    what_moved_live_says_when_and_by_whom "last-changed"
    agents_name_their_queues_and_take_no_other_member_out "agent-queues"
    a_queue_that_an_agent_names_is_declared_or_live "agent-queues-unknown"
    a_successor_is_not_owned_before_a_clean_run "identity-succeeded"
    protection_outlives_its_line_in_a_replacement "protect-replace"
    a_pending_queue_that_left_the_files_makes_no_second_one "queue-pending-left"
    a_pending_queue_with_a_new_name_is_still_pending "queue-pending-was"
    a_former_name_that_found_nothing_explains_nothing "queue-was-spent"
    both_names_of_a_renamed_queue_make_no_second_one "queue-both-names"
    a_number_that_another_agent_has_is_not_known "identity-successor"
    an_agent_of_another_workspace_is_not_deleted "elsewhere"
    prune_owned_spares_another_agent "identity-successor-owned"
    a_row_without_identity_is_the_same_agent "identity-untold"
    protection_outlives_its_line "protect-outlives"
    a_field_that_leaves_the_files_is_told_of "field-released"
    a_queue_renamed_in_the_console_is_the_same "queue-renamed-live"
    a_queue_that_was_let_go_is_not_the_new_one "queue-let-go"
    a_queue_keeps_its_ledger_under_its_new_name "queue-follows"
    a_queue_renamed_in_the_manifest_makes_no_second_one "queue-renamed-manifest"
    a_former_name_finds_the_queue "queue-was"
    a_former_name_and_a_new_one_that_are_live_are_two_queues "queue-was-both"
    a_name_and_the_ledger_that_disagree_are_ambiguous "queue-conflict"
    a_name_that_looks_like_a_live_one_makes_no_queue "queue-lookalike"
    a_queue_that_was_answered_and_not_shown_is_not_made_again "queue-pending"
    a_queue_that_was_shown_and_is_gone_is_made_again "queue-gone"
    create_makes_pools_and_sets_the_rest_by_second_calls "create"
    create_batches_a_run_of_a_pool "create-batch"
    update_edits_once "update"
    tombstone_leaves_queues_that_nobody_manages "tombstone"
    protected_tombstone_stays "tombstone-protected"
    prune_owned_deletes_what_the_ledger_knows "prune-owned"
    prune_all_refuses_a_member "prune-all-member"
    immutable_fields_are_reported "immutable-report"
    immutable_fields_force_replacement "immutable-replace"
    two_queues_of_a_name_are_ambiguous "queue-ambiguous"
    a_pinned_queue_is_told_apart "queue-pinned"
    a_pinned_number_must_be_live "queue-pinned-missing"
    a_queue_is_declared_once "queue-claimed-twice"
    members_must_exist "member-unknown"
    members_who_are_no_agents_are_told_of "strangers"
    an_incomplete_listing_calls_nobody_a_stranger "strangers-unknown"
    limits_refuse "limits"
    limits_are_lifted "limits-allowed"
    a_queue_keeps_its_fewest_members "min-members"
    incomplete_agents_withhold "incomplete-agents"
    incomplete_queues_withhold "incomplete-queues"
    unread_fields_are_unknown "unread"
    unread_fields_are_asserted "unread-asserted"
    unread_fields_are_known_by_the_ledger "unread-ledger"
    a_password_is_rotated_by_its_version "password-version"
    a_password_that_was_adopted_is_rotated_by_its_version "password-version-seen"
    a_password_that_is_gone_is_told_of_or_made_anew "password-gone"
    a_rotation_overwrites_no_foreign_key "password-foreign"
    passwords_without_a_fingerprint_are_told_of "password-unprinted"
    passwords_without_a_fingerprint_are_set_when_asked "password-unprinted-asserted"
    at_least_only_adds "at-least"
    a_queue_says_what_its_list_means "list-modes"
    a_target_takes_in_what_it_needs "target-queue"
    a_target_that_is_deleted_leaves_its_queues "target-delete"
    sip_numbers_move "sip-moves"
    one_that_was_deleted_and_cannot_be_made_is_left_out "left-out"
    an_agent_of_another_company_is_left_out "foreign"
    a_selector_says_why_it_does_not_choose "selector-reason"
    sip_numbers_that_are_held_are_told_of "sip-held"
    seats_are_compared_and_never_written "seats"
    a_drift_needs_every_seat "seats-incomplete"
    a_plan_does_not_need_the_seats "seats-unread"
    agents_whom_no_guard_can_ask_about_are_named "presence-unasked"
    what_a_vendor_hides_is_not_known "masked"
}

fn check(case: &str) {
    let plan = cases::read(case).plan();
    assert_eq!(replan::disorder(&plan), None);
    let plan = serde_json::to_string_pretty(&plan).expect("a plan is JSON");
    insta::with_settings!({
        snapshot_path => Path::new(FOLDER).join(case),
        prepend_module_to_snapshot => false,
        omit_expression => true,
        filters => [(r#""plan": "[0-9a-f]{64}""#, r#""plan": "…""#)],
    }, {
        insta::assert_snapshot!("plan", plan);
    });
}

#[test]
fn calls_that_a_shared_window_holds_count_in_an_estimate() {
    let workspace = planning::workspace_with("", "{}");
    let queue = |n| format!("{{ displayName: 队列{n}, assignMembers: [\"8001\"] }}");
    let queues = (1..=7).map(queue).collect::<Vec<_>>().join(", ");
    let roster = format!("apiVersion: rosterctl/v1\nkind: Roster\nqueues: [{queues}]\n");
    let desired = planning::desired(&[("a.yaml".to_owned(), roster)], &workspace);
    let live = planning::live(&serde_json::json!({ "agents": { "8001": {} }, "queues": {} }));
    let plan = rosterctl::plan::plan(
        &workspace,
        &desired,
        &live,
        &rosterctl::model::ledger::Ledger::default(),
        &rosterctl::plan::Options::default(),
    )
    .expect("no target is named");
    let observed = |used: usize| rosterctl::plan::Observed {
        used: BTreeMap::from([("addQueue", used)]),
        ..rosterctl::plan::Observed::default()
    };
    let after = |used: usize| rosterctl::plan::seconds(&workspace, &plan.steps, &observed(used));
    assert_eq!((plan.summary.estimated_seconds, after(13), after(20)), (0, 0, 60));
    // Without a creation, the plan does not wait for that window.
    assert_eq!(rosterctl::plan::seconds(&workspace, &[], &observed(20)), 0);
    // Seven calls, eight of which may be in flight at a time.
    let slow = BTreeMap::from([(Kind::Queue, Duration::from_secs(3))]);
    let slow = rosterctl::plan::Observed { latency: slow, ..rosterctl::plan::Observed::default() };
    let distances = rosterctl::plan::seconds(&workspace, &plan.steps, &slow);
    assert!((3..=9).contains(&distances), "{distances}");
}
