//! An editor with the shipped schemas: what yaml-language-server completes, shows and refuses.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it leaves out")]

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// The language server, which ends on drop.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    sent: u64,
}

/// The first lines of a file in the quickstart.
const ROSTER: &str = "# yaml-language-server: $schema=../../../schema/roster.schema.json\napiVersion: rosterctl/v1\nkind: Roster\n";
const WORKSPACE: &str = "# yaml-language-server: $schema=../../schema/workspace.schema.json
apiVersion: rosterctl/v1\nkind: Workspace\nname: x\nmanifests: [roster]\n";

impl Editor {
    /// Starts the server; prints a note and returns `None` if the machine lacks it.
    fn new() -> Option<Self> {
        let server = Command::new("yaml-language-server")
            .arg("--stdio")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let Ok(mut server) = server else {
            eprintln!("skipped: there is no yaml-language-server");
            return None;
        };
        let (input, output) = (server.stdin.take().unwrap(), server.stdout.take().unwrap());
        let mut editor = Self { server, input, output: BufReader::new(output), sent: 0 };
        let capabilities = json!({ "textDocument": { "completion": { "completionItem": { "snippetSupport": true } },
            "hover": { "contentFormat": ["markdown"] } } });
        editor.request(
            "initialize",
            &json!({ "processId": null, "rootUri": uri(""), "capabilities": capabilities }),
        );
        editor.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        Some(editor)
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the server ended");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", value)) => length = value.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut text = vec![0; length];
        self.output.read_exact(&mut text).unwrap();
        serde_json::from_slice(&text).unwrap()
    }

    /// Reads the server's messages up to one that fits; answers its questions about settings with none.
    fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.receive();
            if fits(&message) {
                return message;
            }
            if !message["id"].is_null() && message["method"].is_string() {
                let none: Vec<Value> =
                    message["params"]["items"].as_array().into_iter().flatten().map(|_| json!({})).collect();
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": none }));
            }
        }
    }

    fn request(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let id = self.sent;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        self.until(|message| message["id"] == id && message["method"].is_null())["result"].clone()
    }

    /// Opens a file of the quickstart; returns its diagnostics as `LINE:COLUMN message`, in order.
    fn open(&mut self, name: &str, text: &str) -> Vec<String> {
        let document = json!({ "uri": uri(name), "languageId": "yaml", "version": 1, "text": text });
        let parameters = json!({ "textDocument": document });
        self.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": parameters }));
        let told = self.until(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == uri(name)
        });
        let one = |wrong: &Value| {
            let start = &wrong["range"]["start"];
            let place = (start["line"].as_u64().unwrap() + 1, start["character"].as_u64().unwrap() + 1);
            (place, wrong["message"].as_str().unwrap().to_owned())
        };
        let mut all: Vec<_> = told["params"]["diagnostics"].as_array().unwrap().iter().map(one).collect();
        all.sort();
        all.into_iter().map(|((line, column), message)| format!("{line}:{column} {message}")).collect()
    }

    /// Opens a file that holds `|` once; returns what is offered there.
    fn offered(&mut self, name: &str, text: &str) -> Vec<String> {
        let at = text.find('|').unwrap();
        self.open(name, &text.replace('|', ""));
        let parameters = json!({ "textDocument": { "uri": uri(name) }, "position": position(&text[..at]) });
        let answer = self.request("textDocument/completion", &parameters);
        let label = |item: &Value| item["label"].as_str().unwrap().to_owned();
        answer["items"].as_array().unwrap().iter().map(label).collect()
    }

    /// Returns what is shown where a text begins in a file that was opened.
    fn hover(&mut self, name: &str, text: &str, word: &str) -> String {
        let at = text.find(word).unwrap() + 1;
        let parameters = json!({ "textDocument": { "uri": uri(name) }, "position": position(&text[..at]) });
        self.request("textDocument/hover", &parameters)["contents"]["value"].as_str().unwrap().to_owned()
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Returns the address of a file in the quickstart, which need not exist.
fn uri(name: &str) -> String {
    format!("file://{}/{name}", Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart").display())
}

/// Returns the position after a text.
fn position(before: &str) -> Value {
    let last = before.rsplit('\n').next().unwrap();
    json!({ "line": before.matches('\n').count(), "character": last.encode_utf16().count() })
}

#[test]
fn the_shipped_files_are_sound_in_an_editor() {
    let Some(mut editor) = Editor::new() else { return };
    for name in ["rosterctl.yaml", "roster/presales.yaml", "roster/queues.yaml", "roster/catalogue.yaml"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/quickstart").join(name);
        let text = std::fs::read_to_string(file).unwrap();
        assert_eq!(editor.open(name, &text), Vec::<String>::new(), "{name}");
    }
}

const NUMBER: &str = "An agent's number is a text: write it in quotes, like \"8001\".";
const SECRET: &str =
    "A secret is a reference: write { store: NAME, key: KEY }. A value in clear text is refused.";

#[test]
fn an_editor_says_what_is_wrong_in_words_of_our_own() {
    let Some(mut editor) = Editor::new() else { return };
    let roster = format!("{ROSTER}agents:\n  - operatorId: 8001\n    password: hunter2\n    nmae: x\n");
    let wrong = editor.open("roster/a.yaml", &roster);
    assert_eq!(
        wrong,
        [format!("5:17 {NUMBER}"), format!("6:15 {SECRET}"), "7:5 Property nmae is not allowed.".to_owned()]
    );
    let roster = format!(
        "{ROSTER}queues:\n  - displayName: a\n    assignMembers:\n      - 8001\n      - {{ agentNumber: 8002 }}\n"
    );
    let wrong = editor.open("roster/b.yaml", &roster);
    assert_eq!(wrong, [format!("7:9 {NUMBER}"), format!("8:24 {NUMBER}")]);

    let workspace = format!(
        "{WORKSPACE}connections:\n  a: {{ provider: agent-config, baseUrl: 'https://a.example', abbreviate: a, token: literal }}\n"
    );
    let wrong = editor.open("a.yaml", &workspace);
    assert!(wrong.len() == 1 && wrong[0].ends_with(SECRET), "{wrong:?}");
    // An entry that a person only begins to write has one error, not one of each kind.
    let workspace = format!("{WORKSPACE}connections:\n  a:\nsecrets:\n  ci:\n");
    let wrong = editor.open("b.yaml", &workspace);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    for message in wrong {
        assert!(!message.contains("||") && !message.contains("rosterctl roster"), "{message}");
    }
}

#[test]
fn an_editor_completes_each_key_once() {
    let Some(mut editor) = Editor::new() else { return };
    let places = [
        ("roster/a.yaml", format!("{ROSTER}|\n"), "agents"),
        ("roster/b.yaml", format!("{ROSTER}agents:\n  - operatorId: \"8001\"\n    |\n"), "wrapUpSeconds"),
        ("roster/c.yaml", format!("{ROSTER}queues:\n  - displayName: a\n    |\n"), "assignMembers"),
        (
            "roster/d.yaml",
            format!("{ROSTER}queues:\n  - displayName: a\n    assignMembers:\n      - |\n"),
            "agentNumber",
        ),
        ("roster/e.yaml", format!("{ROSTER}agents:\n  - operatorId: \"8001\"\n    type: |\n"), "leader"),
        ("a.yaml", format!("{WORKSPACE}|\n"), "policy"),
        ("b.yaml", format!("{WORKSPACE}connections:\n  a:\n    provider: |\n"), "webchat-queue"),
        (
            "c.yaml",
            format!("{WORKSPACE}connections:\n  a:\n    provider: agent-config\n    |\n"),
            "companyId",
        ),
        ("d.yaml", format!("{WORKSPACE}secrets:\n  a:\n    type: vault\n    |\n"), "address"),
    ];
    for (name, text, wanted) in places {
        let offered = editor.offered(name, &text);
        let once: BTreeSet<&String> = offered.iter().collect();
        assert_eq!(once.len(), offered.len(), "{text}{offered:?}");
        assert!(offered.iter().any(|label| label == wanted), "{text}{offered:?}");
    }
}

#[test]
fn an_editor_shows_what_a_key_is_for() {
    let Some(mut editor) = Editor::new() else { return };
    let text = format!("{ROSTER}agents:\n  - operatorId: \"8001\"\n    wrapUpSeconds: 15\n");
    editor.open("roster/a.yaml", &text);
    for (word, wanted) in [
        ("agents", "The agents, one by one or as pools."),
        ("operatorId", "#### agent\n"),
        ("wrapUpSeconds", "After-call work, in seconds."),
    ] {
        let shown = editor.hover("roster/a.yaml", &text, word);
        assert!(shown.contains(wanted) && !shown.contains("||"), "{word}: {shown}");
    }
    let text = format!("{WORKSPACE}connections:\n  a: {{ provider: agent-config, baseUrl: sandbox }}\n");
    editor.open("a.yaml", &text);
    let shown = editor.hover("a.yaml", &text, "provider:");
    assert!(shown.contains("`webchat-queue`: Queues"), "{shown}");
}
