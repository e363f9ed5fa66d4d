//! The container file, as far as it can be judged without building it: no engine runs where these tests do.

use crate::debian::{root, text};

/// Instructions with their words, continued lines joined.
fn instructions() -> Vec<(String, String)> {
    let whole = text("Containerfile");
    let lines = whole.lines().filter(|line| !line.trim_start().starts_with('#') && !line.trim().is_empty());
    let joined = lines.collect::<Vec<_>>().join("\n").replace("\\\n", " ");
    let split = joined.lines().map(|line| line.split_once(' ').expect("an instruction and its words"));
    split.map(|(name, words)| (name.to_owned(), words.trim().to_owned())).collect()
}

#[test]
fn every_instruction_is_known_and_every_source_is_there_and_not_ignored() {
    let known = [
        "FROM",
        "WORKDIR",
        "COPY",
        "RUN",
        "USER",
        "VOLUME",
        "ENV",
        "EXPOSE",
        "STOPSIGNAL",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    ];
    let ignored = text(".containerignore");
    for (name, words) in instructions() {
        assert!(known.contains(&name.as_str()), "{name}");
        if name == "COPY" && !words.starts_with("--from") {
            let words: Vec<&str> = words.split_whitespace().collect();
            for source in &words[..words.len() - 1] {
                assert!(root().join(source).exists(), "{source}");
                assert!(ignored.lines().any(|line| line == format!("!{source}")), "{source} is ignored");
            }
        }
        if let Some(json) = words.find('[').filter(|_| ["ENTRYPOINT", "CMD", "HEALTHCHECK"].contains(&name.as_str())) {
            serde_json::from_str::<Vec<String>>(&words[json..]).expect("words as JSON");
        }
    }
}

#[test]
fn images_have_short_names_and_the_server_is_nobody_with_a_health_check() {
    let all = instructions();
    let of = |wanted: &str| {
        all.iter().filter(|(name, _)| name == wanted).map(|(_, words)| words.as_str()).collect::<Vec<_>>()
    };
    let images = of("FROM");
    assert_eq!(images.len(), 2);
    for image in &images {
        let name = image.split_whitespace().next().unwrap();
        assert!(!name.contains('/') && name.contains(':'), "{name}: a short name with a version");
    }
    let version =
        text("Cargo.toml").lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap().replace('"', "");
    assert!(
        images[0].starts_with(&format!("rust:{version}-")),
        "{}: the version that the workspace asks for",
        images[0]
    );
    assert_eq!(of("USER"), ["10001:10001"]);
    assert!(of("HEALTHCHECK")[0].contains("--live") && of("VOLUME") == ["/var/lib/antrean"]);
}

/// What the build reads from outside of `crates` must be copied too.
#[test]
fn what_the_program_includes_is_copied() {
    let copied: Vec<String> = instructions()
        .into_iter()
        .filter(|(name, words)| name == "COPY" && !words.starts_with("--from"))
        .flat_map(|(_, words)| words.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let mut folders = vec![root().join("crates")];
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            let shown = file.display().to_string();
            if file.is_dir() {
                // Nor is the crate that makes clusters for tests a part of the program.
                if !["/tests", "/benches", "/cluster"].iter().any(|apart| shown.ends_with(apart)) {
                    folders.push(file);
                }
            } else if file.extension().is_some_and(|ending| ending == "rs") {
                let code = std::fs::read_to_string(&file).unwrap();
                for part in code.split("include_str!(\"../../../").skip(1) {
                    let top = part.split(['/', '"']).next().unwrap();
                    assert!(copied.iter().any(|source| source == top), "{shown} includes {top}, which is not copied");
                }
            }
        }
    }
}
