//! Commands of exec stores whose `{key}` would be code: a script of a shell or of another interpreter.

use std::sync::Arc;

/// Placeholder of the key in the command of an exec store.
const KEY: &str = "{key}";

/// Programs that run another program, which their arguments name.
const WRAPPERS: &[&str] = &[
    "env",
    "sudo",
    "doas",
    "nice",
    "nohup",
    "timeout",
    "stdbuf",
    "setsid",
    "time",
    "command",
    "exec",
    "chroot",
    "unshare",
    "nsenter",
    "flock",
    "ionice",
    "taskset",
    "busybox",
    "toybox",
    "xargs",
    "script",
    "su",
    "runuser",
    "docker",
    "podman",
    "kubectl",
    "nix-shell",
    "direnv",
    "cmd",
];

/// Wrappers that hand the value of `-c` to a shell, wherever the option stands.
const TO_A_SHELL: &[&str] = &["su", "runuser", "flock", "script"];

/// Options by which an interpreter takes code on its command line.
struct Interpreter {
    names: &'static [&'static str],
    /// Letters of options that take code.
    code: &'static str,
    /// Letters of other options that take a value of their own.
    values: &'static str,
}

static SHELLS: Interpreter = Interpreter {
    names: &[
        "sh",
        "bash",
        "dash",
        "ash",
        "zsh",
        "ksh",
        "mksh",
        "fish",
        "csh",
        "tcsh",
        "rbash",
        "yash",
        "nu",
        "elvish",
        "xonsh",
        "pwsh",
        "powershell",
        "cmd",
    ],
    code: "c",
    values: "oO",
};

static OTHERS: &[Interpreter] = &[
    Interpreter { names: &["python", "pypy"], code: "c", values: "WX" },
    Interpreter { names: &["perl"], code: "eE", values: "I" },
    Interpreter { names: &["ruby"], code: "e", values: "IrC" },
    Interpreter { names: &["node", "nodejs", "bun", "deno"], code: "ep", values: "rC" },
    Interpreter { names: &["php"], code: "rBRE", values: "cdz" },
    Interpreter {
        names: &["lua", "luajit", "osascript", "julia", "rscript", "groovy"],
        code: "eE",
        values: "l",
    },
    Interpreter { names: &["guile", "tclsh", "expect"], code: "c", values: "" },
    Interpreter { names: &["awk", "gawk", "mawk", "nawk"], code: "ef", values: "vF" },
    Interpreter { names: &["sed", "gsed"], code: "ef", values: "l" },
];

/// Long options that take code.
const LONG: &[&str] =
    &["--eval", "--print", "--command", "--execute", "--source", "--expression", "--file", "--split-string"];

/// Returns true if the key would name a program, or stand in code that an interpreter runs.
pub(crate) fn takes_key_as_code(command: &[Arc<str>]) -> bool {
    let Some(program) = command.first() else { return false };
    let is_env = name(program) == "env";
    let (mut words, mut splits): (Vec<&str>, bool) = (Vec::new(), false);
    for word in command {
        // `env -S` splits its text into arguments.
        let text = match word.strip_prefix("--split-string").or_else(|| word.strip_prefix("-S")) {
            _ if splits => Some(&**word),
            Some(text) if is_env => Some(text.trim_start_matches('=')),
            _ => None,
        };
        let Some(text) = text else {
            words.push(word);
            continue;
        };
        if text.contains(KEY) {
            return true;
        }
        splits = !splits && text.is_empty();
        words.extend(text.split_whitespace());
    }
    takes(&words)
}

fn takes(words: &[&str]) -> bool {
    let Some(program) = words.first() else { return false };
    let asks = |option: &str| is_cluster(option) && option.contains('c') || option == "--command";
    let hands_on = words.windows(2).any(|pair| asks(pair[0]) && pair[1].contains(KEY))
        || words.iter().any(|word| word.starts_with("--command=") && word.contains(KEY));
    if hands_on && TO_A_SHELL.contains(&&*name(program)) {
        return true;
    }
    let wrapped = WRAPPERS.contains(&&*name(program));
    program.contains(KEY)
        || words.iter().enumerate().any(|(at, word)| {
            let name = name(word);
            let rest = &words[at + 1..];
            let is_run = at == 0 || wrapped;
            if SHELLS.names.contains(&&*name) {
                let asks = rest.first().is_some_and(|option| is_cluster(option) && option.contains('c'));
                (is_run || asks) && code_holds_key(&SHELLS, rest)
            } else {
                let known = OTHERS.iter().find(|known| known.names.contains(&&*name));
                known.is_some_and(|known| is_run && code_holds_key(known, rest))
            }
        })
}

/// Returns the name of a program without its folder and version: `/usr/bin/python3.12` is `python`.
fn name(program: &str) -> String {
    let file = program.rsplit(['/', '\\']).next().unwrap_or(program).to_lowercase();
    let file = file.strip_suffix(".exe").unwrap_or(&file);
    file.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-')).to_owned()
}

fn is_cluster(option: &str) -> bool {
    option.len() > 1 && option.starts_with(['-', '+']) && !option.starts_with("--")
}

/// Returns true if the key stands in an option, in code or in a script's name.
fn code_holds_key(interpreter: &Interpreter, arguments: &[&str]) -> bool {
    let is_shell = std::ptr::eq(interpreter.names, SHELLS.names);
    let (mut at, mut had_code) = (0, false);
    while let Some(argument) = arguments.get(at) {
        at += 1;
        if argument.starts_with("--") && argument.len() > 2 {
            if argument.contains(KEY) {
                return true;
            }
            if LONG.contains(argument) {
                had_code = true;
                if arguments.get(at).is_some_and(|code| code.contains(KEY)) {
                    return true;
                }
                at += 1;
            }
        } else if is_cluster(argument) {
            let letters = &argument[1..];
            let code = letters.find(|c| interpreter.code.contains(c));
            let value = letters.find(|c| interpreter.values.contains(c));
            // `awk -v name={key}` is data.
            let is_value = value.is_some_and(|value| code.is_none_or(|code| value < code));
            if argument.contains(KEY) && !is_value {
                return true;
            }
            if is_value {
                at += usize::from(value.is_some_and(|value| value + 1 == letters.len()));
                had_code |= code.is_some() && is_shell;
            } else if code.is_some() && !is_shell {
                had_code = true;
                // The code follows its letter, or is the next argument.
                if code.is_some_and(|code| code + 1 == letters.len()) {
                    if arguments.get(at).is_some_and(|code| code.contains(KEY)) {
                        return true;
                    }
                    at += 1;
                }
            }
        } else if *argument == "--" || *argument == "eval" {
            // The script follows.
        } else {
            // A shell's script, a program of awk or the name of a script. The arguments after it are data.
            return argument.contains(KEY) && (is_shell || !had_code);
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn takes(command: &str) -> bool {
        let words: Vec<Arc<str>> = command.split('|').map(Arc::from).collect();
        takes_key_as_code(&words)
    }

    #[test]
    fn a_key_in_code_is_found() {
        for command in [
            "sh|-c|echo {key}",
            "/bin/sh|-c|echo {key}|sh",
            "bash|-lc|pass show {key}",
            "bash|-ec|pass show {key}",
            "bash|--noprofile|-euo|pipefail|-c|x {key}",
            "bash|-o|pipefail|-c|x {key}",
            "sh|-c|-e|x {key}",
            "dash|-c|{key}",
            "zsh|-fc|{key}",
            "ksh|-c|{key}",
            "fish|-c|{key}",
            "fish|--command|x {key}",
            "fish|--command=x {key}",
            "busybox|sh|-c|x {key}",
            "env|sh|-c|x {key}",
            "env|A=b|-i|bash|-c|x {key}",
            "env|-S|sh -c|x {key}",
            "env|-Ssh -c {key}",
            "sudo|-u|me|sh|-c|x {key}",
            "timeout|5|sh|-c|x {key}",
            "su|me|-c|x {key}",
            "docker|exec|box|sh|-c|x {key}",
            "anything|sh|-c|x {key}",
            "python3|-c|print('{key}')",
            "python3.12|-W|ignore|-c|print('{key}')",
            "python|-cprint('{key}')",
            "perl|-e|{key}",
            "perl|-ne|{key}",
            "perl|-w|-e|1|-e|{key}",
            "node|-e|{key}",
            "node|--eval|{key}",
            "node|--eval={key}",
            "node|-p|{key}",
            "deno|eval|{key}",
            "ruby|-e|{key}",
            "php|-r|{key}",
            "awk|/{key}/ { print }|file",
            "awk|-F|:|/{key}/|file",
            "sed|-n|/{key}/p|file",
            "sed|-e|/{key}/p|file",
            "sh|{key}",
            "sh|scripts/{key}.sh",
            "{key}|x",
            "bin/{key}",
            "pwsh|-Command|{key}",
        ] {
            assert!(takes(command), "{command}");
        }
    }

    #[test]
    fn a_key_that_is_an_argument_is_none() {
        for command in [
            "pass|show|cc/{key}",
            "pass|show|sh|{key}",
            "op|read|op://vault/node/{key}",
            "sh|-c|pass show \"$1\"|sh|{key}",
            "bash|-euo|pipefail|-c|pass show \"$1\"|bash|cc/{key}",
            "sh|get.sh|{key}",
            "sh|get.sh|-c|{key}",
            "env|PASSWORD_STORE_DIR=x|pass|show|{key}",
            "python3|get.py|{key}",
            "python3|-c|import sys; print(sys.argv[1])|{key}",
            "perl|-e|print $ARGV[0]|{key}",
            "awk|-v|key={key}|$1 == key|file",
            "awk|$1 == ARGV[1]|{key}",
            "cat|secrets/{key}",
            "echo|{key}",
        ] {
            assert!(!takes(command), "{command}");
        }
    }
}
