//! The Kubernetes example: what a cluster accepts, and which exit codes of a job are tried again.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "a test may panic, and says what it leaves out")]

#[path = "support/bench.rs"]
mod bench;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench::{Bench, TOKEN};
use serde_json::{Value, json};

/// Returns the files of the example that hold objects of a cluster.
fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kubernetes");
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = all
        .filter(|path| path.extension().is_some_and(|end| end == "yaml"))
        .filter(|path| path.file_name().unwrap() != "kustomization.yaml")
        .collect();
    found.sort();
    assert!(found.len() > 4, "the objects are found");
    found
}

/// Returns the jobs of the example with their names.
fn jobs() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for file in files() {
        for text in fs::read_to_string(&file).unwrap().split("\n---\n") {
            let object: Value = serde_yaml::from_str(text).unwrap();
            let spec = match object["kind"].as_str().unwrap() {
                "CronJob" => &object["spec"]["jobTemplate"]["spec"],
                "Job" => &object["spec"],
                _ => continue,
            };
            found.push((object["metadata"]["name"].as_str().unwrap().to_owned(), spec.clone()));
        }
    }
    assert_eq!(found.len(), 3);
    found
}

#[test]
fn the_schemas_of_kubernetes_accept_each_object() {
    for version in ["1.29", "1.33", "1.37"] {
        let mut command = Command::new("kubernetes-validate");
        let Ok(output) = command.args(["--strict", "-k", version]).args(files()).output() else {
            eprintln!("skipped: there is no kubernetes-validate");
            return;
        };
        let said =
            [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        assert!(output.status.success() && !said.contains("WARN"), "{version}: {said}");
    }
}

/// Returns what the level `restricted` of the Pod Security Standards forbids in a pod.
fn forbidden(pod: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut refuse = |is: bool, what: &str| {
        if is {
            wrong.push(what.to_owned());
        }
    };
    for key in ["hostNetwork", "hostPID", "hostIPC"] {
        refuse(pod[key] == true, key);
    }
    let volumes = [
        "configMap",
        "csi",
        "downwardAPI",
        "emptyDir",
        "ephemeral",
        "persistentVolumeClaim",
        "projected",
        "secret",
    ];
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        let kinds = volume.as_object().unwrap().keys().filter(|key| *key != "name");
        kinds.for_each(|kind| refuse(!volumes.contains(&kind.as_str()), &format!("volume {kind}")));
    }
    let of_pod = &pod["securityContext"];
    refuse(of_pod["sysctls"].is_array(), "sysctls");
    refuse(of_pod["windowsOptions"]["hostProcess"] == true, "hostProcess");
    let lists = ["containers", "initContainers", "ephemeralContainers"];
    for container in lists.iter().filter_map(|list| pod[*list].as_array()).flatten() {
        let own = &container["securityContext"];
        let of = |key: &str| if own[key].is_null() { &of_pod[key] } else { &own[key] };
        refuse(own["privileged"] == true, "privileged");
        refuse(own["allowPrivilegeEscalation"] != false, "allowPrivilegeEscalation");
        let dropped = own["capabilities"]["drop"].as_array();
        refuse(!dropped.is_some_and(|all| all.contains(&json!("ALL"))), "capabilities that are not dropped");
        let added = own["capabilities"]["add"].as_array();
        refuse(
            added.is_some_and(|all| all.iter().any(|one| one != "NET_BIND_SERVICE")),
            "capabilities that are added",
        );
        refuse(of("runAsNonRoot") != true, "runAsNonRoot");
        refuse(of("runAsUser") == 0, "runAsUser");
        let profile = of("seccompProfile")["type"].as_str();
        refuse(!matches!(profile, Some("RuntimeDefault" | "Localhost")), "seccompProfile");
        refuse(!matches!(own["procMount"].as_str(), None | Some("Default")), "procMount");
        let ports = container["ports"].as_array();
        refuse(ports.is_some_and(|all| all.iter().any(|port| port["hostPort"] != Value::Null)), "hostPort");
    }
    wrong
}

#[test]
fn each_pod_is_as_restricted_as_the_namespace_demands() {
    let namespace =
        fs::read_to_string(files().into_iter().find(|file| file.ends_with("namespace.yaml")).unwrap());
    assert!(namespace.unwrap().contains("pod-security.kubernetes.io/enforce: restricted"));
    for (name, job) in jobs() {
        let pod = &job["template"]["spec"];
        assert_eq!(forbidden(pod), Vec::<String>::new(), "{name}");
        assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
        let broken =
            json!({ "hostPID": true, "volumes": [{ "name": "a", "hostPath": {} }], "containers": [{}] });
        assert_eq!(forbidden(&broken).len(), 6, "the check sees what is forbidden");
    }
}

/// Runs a job's container with a workspace and a program; returns its exit code.
fn run(job: &Value, folder: &Path, program: &Path, token: &str) -> i32 {
    let container = &job["template"]["spec"]["containers"][0];
    let script = container["args"][1].as_str().unwrap();
    let here = folder.display().to_string();
    let script = script.replace("/tmp/", &format!("{here}/"));
    let script = script.replace("/rosters/acme-prod", &here).replace("/rosters/*/", &here);
    let output = Command::new("sh")
        .args(["-c", &script])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{}", program.display(), std::env::var("PATH").unwrap()))
        .env("XDG_STATE_HOME", folder.join("state"))
        .env("BENCH_TOKEN", token)
        .env("BENCH_API_SECRET", bench::API_SECRET)
        .env("JOB_COMPLETION_INDEX", "0")
        .output()
        .unwrap();
    output.status.code().unwrap()
}

/// Returns what the cluster does after an exit code, by the job's rules.
fn after(job: &Value, code: i32) -> &str {
    let rules = job["podFailurePolicy"]["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| {
        let codes = &rule["onExitCodes"];
        assert!(codes.is_null() || (codes["operator"] == "In" && codes["containerName"] == "rosterctl"));
        codes["values"].as_array().is_some_and(|all| all.contains(&json!(code)))
    });
    match rule.map(|rule| rule["action"].as_str().unwrap()) {
        _ if code == 0 => "done",
        Some("FailJob" | "FailIndex") => "failed",
        Some(other) => panic!("{other}"),
        None => "tried again",
    }
}

#[test]
fn exit_codes_end_a_job_or_are_tried_again() {
    let bench = Bench::new("agents: []\n");
    for (name, job) in jobs() {
        for (code, reason, wanted) in [
            (0, "", "done"),
            (1, "", "failed"),
            (2, "", if name == "roster-due" { "tried again" } else { "failed" }), // apply has no such code
            (4, "", "failed"),
            (5, "", if name == "roster-due" { "failed" } else { "tried again" }), // drift has no such code
            (6, "unreachable", "tried again"),
            (6, "signIn", "failed"),
            (7, "", "tried again"),
            (130, "", "tried again"),
        ] {
            let told = format!(
                "{{\n  \"reason\": \"{reason}\",\n  \"name\": \"\\\"reason\\\": \\\"signIn\\\"\"\n}}"
            );
            let program = format!(
                "#!/bin/sh\nfor word in \"$@\"; do case \"$word\" in json=*) cat >\"${{word#json=}}\" <<'END'\n{told}\nEND\n;; esac; done\nexit {code}\n"
            );
            bench.write("stand-in/rosterctl", &program);
            let stand_in = bench.path("stand-in");
            assert!(
                Command::new("chmod").arg("+x").arg(stand_in.join("rosterctl")).status().unwrap().success()
            );
            let ended = run(&job, bench.folder.path(), &stand_in, TOKEN);
            assert_eq!(after(&job, ended), wanted, "{name}: {code} {reason}");
        }
        assert!(job["backoffLimit"].is_u64() || job["backoffLimitPerIndex"].is_u64(), "{name}: tries end");
        assert_eq!(job["template"]["spec"]["restartPolicy"], "Never", "{name}: the rules need it");
    }
}

#[test]
fn the_program_itself_is_told_apart_by_its_exit_codes() {
    let own = Path::new(env!("CARGO_BIN_EXE_rosterctl")).parent().unwrap();
    let bench = Bench::new("agents: [{ operatorId: '8001', name: 张三 }]\n");
    bench.roster("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    let jobs = jobs();
    let told = |folder: &Path, token: &str| -> Vec<&str> {
        jobs.iter().map(|(_, job)| after(job, run(job, folder, own, token))).collect()
    };
    let all = |token: &str| told(bench.folder.path(), token);
    bench.run(&["apply", "--auto-approve"]).exits(0);
    assert_eq!(all(TOKEN), ["done", "done", "done"]);
    bench.roster("agents: [{ operatorId: \"8001\", name: 李四 }]\n");
    assert_eq!(all(TOKEN), ["failed", "failed", "done"], "drift, drift, due");
    assert_eq!(all("wrong"), ["failed", "failed", "failed"], "a refused sign-in");
    bench.roster("agents: [{ operatorId: 8001 }]\n");
    assert_eq!(all(TOKEN), ["failed", "failed", "failed"], "bad input");
    // The same workspace and ledger after the vendors are gone.
    bench.roster("agents: [{ operatorId: \"8001\", name: 张三 }]\n");
    let copy = tempfile::tempdir().unwrap();
    let copied = Command::new("cp").arg("-R").arg(bench.folder.path()).arg(copy.path().join("copy")).status();
    assert!(copied.unwrap().success());
    drop(bench);
    assert_eq!(told(&copy.path().join("copy"), TOKEN), ["tried again", "tried again", "tried again"]);
}
