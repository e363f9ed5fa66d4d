//! The guide and the alarms: links that lead somewhere, rules that Prometheus understands.

use std::fs;
use std::process::Command;

use crate::debian::{done, root, text, tool};
use crate::running::{arg, run};

#[test]
fn prometheus_understands_the_alarms_and_each_says_what_to_do() {
    let alerts = text("deploy/alerts.yml");
    let count = |what: &str| alerts.matches(what).count();
    assert!(count("- alert: ") > 10);
    assert_eq!(count("- alert: "), count("summary: "), "each has a sentence");
    assert_eq!(count("- alert: "), count(" do: "), "and a first thing to do");
    let Some(promtool) = tool("promtool") else { return };
    done(Command::new(promtool).args(["check", "rules"]).arg(root().join("deploy/alerts.yml")));
}

#[test]
fn every_link_in_the_documents_leads_to_a_file_or_a_heading() {
    let documents = fs::read_dir(root().join("docs")).unwrap().map(|file| file.unwrap().path());
    for path in
        documents.chain([root().join("README.md")]).filter(|path| path.extension().is_some_and(|end| end == "md"))
    {
        let document = fs::read_to_string(&path).unwrap();
        let headings: Vec<String> = document
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .map(|heading| heading.trim_start_matches('#').trim().to_lowercase())
            .map(|heading| {
                heading.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-').collect::<String>()
            })
            .map(|heading| heading.replace(' ', "-"))
            .collect();
        for target in document.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if target.starts_with("http") {
                continue;
            }
            if let Some(heading) = target.strip_prefix('#') {
                assert!(headings.iter().any(|known| known == heading), "{}: #{heading}", path.display());
            } else {
                let file = target.split('#').next().unwrap();
                assert!(path.parent().unwrap().join(file).exists(), "{}: {file}", path.display());
            }
        }
    }
}

/// Paths of the sources and of the package that the guide names.
#[test]
fn files_that_the_guide_names_are_there() {
    let guide = text("docs/operating.md");
    for file in ["deploy/nginx.conf", "deploy/alerts.yml", "Containerfile", "data/README.md", "scripts/package"] {
        assert!(guide.contains(file), "{file} is not named any more");
        assert!(root().join(file).exists(), "{file}");
    }
    let package = text("scripts/package");
    for path in ["usr/share/doc/antrean/examples/", "etc/antrean/antrean.toml"] {
        assert!(
            guide.contains(&format!("/{path}").trim_end_matches('/').to_owned()) && package.contains(path),
            "{path}"
        );
    }
}

/// The boxes of a language in a document.
fn boxes(document: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    document.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_configuration_in_the_guide_is_right() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("antrean.toml");
    let guide = boxes(&text("docs/operating.md"), "toml");
    assert!(!guide.is_empty());
    for configuration in guide {
        fs::write(&file, &configuration).unwrap();
        let ran = run(&["doctor", "--offline", "--config", arg(&file), "--data", arg(&folder.path().join("data"))]);
        let told = ran.out.split("\ndata directory").next().unwrap();
        assert!(told.contains("can be read") && !told.contains("WRONG") && !told.contains("WARNING"), "{told}");
    }
}

#[test]
fn every_measure_that_is_named_is_told_by_the_server() {
    let told = text("crates/antrean/src/metrics.rs");
    for document in ["deploy/alerts.yml", "docs/operating.md", "docs/operasi.md"] {
        let named = text(document);
        let words = named.split(|c: char| !(c.is_ascii_lowercase() || c == '_')).filter(|word| !word.ends_with('_'));
        let ours = words.filter(|word| word.starts_with("antrean_") || word.starts_with("process_"));
        for word in ours.filter(|word| !word.starts_with("antrean_sesi")) {
            let bare = word.trim_start_matches("antrean_");
            let family =
                ["_bucket", "_count", "_sum", "_total"].iter().find_map(|end| bare.strip_suffix(end)).unwrap_or(bare);
            assert!(told.contains(&format!("\"{family}\"")), "{document}: {word}");
        }
    }
}
