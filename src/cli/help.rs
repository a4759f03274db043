//! Text below the options in `--help`: examples of each command, and the exit codes.
//! The tests parse each line.

use clap::Command;

/// Text below the help of the program.
const PROGRAM: &str = "\
A first run, without an account and without a variable:
  rosterctl init demo
  rosterctl apply demo

Exit codes:
  0    success; `drift` and `plan --detailed-exitcode`: no difference
  1    bad usage, a bad manifest, a failed call
  2    `drift` and `plan --detailed-exitcode`: there are differences
  3    a saved plan is stale: plan again
  4    refused by policy
  5    applied in part; what was not done is listed
  6    a system could not be reached or fully read; nothing was changed
  7    another apply holds the lock
  130  interrupted: calls in flight were finished and recorded";

/// Uses of each command with examples; one row per command.
const EXAMPLES: &[(&str, &[(&str, &str)])] = &[
    ("init", &[("A first workspace in a folder of its own", "rosterctl init demo")]),
    (
        "validate",
        &[
            ("Before a commit, in the folder of the workspace", "rosterctl validate"),
            ("Several workspaces at once", "rosterctl validate rosters/east rosters/west"),
            (
                "For code scanning, in a pipeline",
                "rosterctl validate --write sarif=rosterctl.sarif --format github",
            ),
        ],
    ),
    (
        "plan",
        &[
            ("What would change", "rosterctl plan"),
            (
                "Save the plan, with a page for the review",
                "rosterctl plan --out plan.json --write html=plan.html",
            ),
            ("One agent and one queue", "rosterctl plan --target agent/8001 --target queue/在线售前"),
            ("Twelve people do leave today", "rosterctl plan --allow deletes=12"),
            (
                "Where no credential may go, from a snapshot",
                "rosterctl plan --live snapshot.json --format markdown",
            ),
        ],
    ),
    (
        "apply",
        &[
            ("Plan, ask, carry out", "rosterctl apply"),
            ("Exactly the plan that was reviewed", "rosterctl apply --plan plan.json --auto-approve"),
            ("All that did not move since", "rosterctl apply --plan plan.json --auto-approve --skip-stale"),
        ],
    ),
    (
        "drift",
        &[
            ("On a schedule; the exit code is 2 when something differs", "rosterctl drift"),
            (
                "Figures for Prometheus beside the text",
                "rosterctl drift --write prometheus=/var/lib/node_exporter/rosterctl.prom",
            ),
            (
                "The third of eight shares of many workspaces",
                "rosterctl drift --shard 3/8 rosters/east rosters/west",
            ),
            ("Sixteen workspaces at a time", "rosterctl drift --jobs 16 rosters/*"),
            ("What the consoles changed, for a merge request", "rosterctl drift --write patch=adopt.patch"),
        ],
    ),
    (
        "import",
        &[
            ("Begin with what is live", "rosterctl import --out roster"),
            (
                "With references to passwords in the store `vault`",
                "rosterctl import --out roster --password-store vault",
            ),
        ],
    ),
    (
        "adopt",
        &[
            ("Keep what the consoles changed", "rosterctl adopt"),
            ("One field of one agent", "rosterctl adopt agent/8001.name"),
            ("An emergency that ends by itself", "rosterctl adopt queue/在线售前 --until 2030-12-31"),
            ("An agent that no manifest names", "rosterctl adopt agent/8009"),
        ],
    ),
    (
        "undo",
        &[("Take a run back, for a review", "rosterctl undo 20261201T093000125Z --write patch=undo.patch")],
    ),
    ("snapshot", &[("For the pull requests of forks", "rosterctl snapshot --out snapshot.json")]),
    (
        "status",
        &[
            ("Who is where, now and again every few seconds", "rosterctl status --watch"),
            ("Who serves a queue, for a spreadsheet", "rosterctl status --queue 在线售前 --format csv"),
            ("Everybody named 张 in a skill group", "rosterctl status --group 售前 --name 张"),
        ],
    ),
    (
        "find",
        &[
            ("Where a person stands, and what comes from where", "rosterctl find 张三"),
            ("What holds for a number on another day", "rosterctl find 8001 --at 2030-12-24"),
            ("Who serves a queue, and how each came in", "rosterctl find 在线售前"),
        ],
    ),
    (
        "calendar",
        &[
            ("Who joins, leaves and is lent in the next weeks", "rosterctl calendar"),
            (
                "December as a page for team leaders",
                "rosterctl calendar --from 2026-12-01 --until 2026-12-31 --format html",
            ),
            ("For the calendar program of a team", "rosterctl calendar --format ics"),
        ],
    ),
    ("doctor", &[("Is everything set up", "rosterctl doctor")]),
    (
        "fmt",
        &[
            ("Canonical layout, comments kept", "rosterctl fmt"),
            ("Only look, in a pipeline", "rosterctl fmt --check"),
            ("Names behind the numbers in lists", "rosterctl fmt --names"),
        ],
    ),
    (
        "explain",
        &[
            ("All kinds", "rosterctl explain"),
            ("What a field means, and whether it can be changed", "rosterctl explain agent.wrapUpSeconds"),
        ],
    ),
    (
        "ledger",
        &[
            ("All that the ledger knows of an agent", "rosterctl ledger show agent/8001"),
            ("Let go of an agent that another workspace manages now", "rosterctl ledger forget agent/8002"),
            ("The workspace has a new name in rosterctl.yaml", "rosterctl ledger rename acme-prod"),
            ("The tenant is the same under another address", "rosterctl ledger rebind"),
            ("From this disk to an object store", "rosterctl ledger copy s3://acme-rosters/prod"),
        ],
    ),
    (
        "history",
        &[
            ("Every run that wrote", "rosterctl history"),
            ("Who changed an agent since a day", "rosterctl history --agent 8001 --since 2026-11-01"),
        ],
    ),
    (
        "show",
        &[
            ("What a pull request's job saved", "rosterctl show plan.json --format markdown"),
            ("The page of a run", "rosterctl show 20261201T093000125Z --write html=run.html"),
        ],
    ),
    (
        "unlock",
        &[
            ("After a runner was lost", "rosterctl unlock"),
            ("Although its apply may still run", "rosterctl unlock --force"),
        ],
    ),
    ("schema", &[("For an editor", "rosterctl schema roster")]),
    (
        "sandbox",
        &[(
            "A server that keeps what it is told",
            "rosterctl sandbox --listen 127.0.0.1:8080 --state state.json",
        )],
    ),
    ("completions", &[("For bash", "rosterctl completions bash")]),
    ("man", &[("Where `man` looks for them", "rosterctl man --out ~/.local/share/man/man1")]),
];

/// Adds the examples and the exit codes to the command line.
pub(super) fn with_examples(program: Command) -> Command {
    let with_examples = |command: Command| match examples(command.get_name()) {
        Some(text) => command.after_long_help(text),
        None => command,
    };
    program.after_help(PROGRAM).mut_subcommands(with_examples)
}

fn examples(name: &str) -> Option<String> {
    let (_, examples) = EXAMPLES.iter().find(|(of, _)| *of == name)?;
    let lines: Vec<String> = examples.iter().map(|(what, line)| format!("  {what}:\n    {line}\n")).collect();
    (!lines.is_empty()).then(|| format!("Examples:\n{}", lines.concat()))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn command() -> Command {
        with_examples(Cli::command())
    }

    #[test]
    fn each_command_has_its_row_and_each_example_is_understood() {
        let all = command();
        for sub in all.get_subcommands() {
            assert!(EXAMPLES.iter().any(|(of, _)| *of == sub.get_name()), "{}", sub.get_name());
        }
        let there = |of: &str| all.get_subcommands().any(|sub| sub.get_name() == of);
        let lines = EXAMPLES.iter().filter(|(of, _)| there(of)).flat_map(|(_, examples)| examples.iter());
        let program = PROGRAM.lines().filter(|line| line.starts_with("  rosterctl "));
        let mut seen = 0;
        for line in lines.map(|(_, line)| *line).chain(program) {
            let parsed = command().try_get_matches_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{line}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
            seen += 1;
        }
        assert!(seen > 15, "the examples are found");
    }

    #[test]
    fn it_reads_on_eighty_columns() {
        for sub in command().get_subcommands_mut() {
            let help = sub.clone().term_width(80).render_long_help().to_string();
            for line in help.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= 80, "{}: {line}", sub.get_name());
            }
        }
    }
}
