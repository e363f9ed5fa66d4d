//! The Debian package, built from the binary of this test run and unpacked into a root of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use crate::debian::{done, root, tool};
use crate::running::{arg, run};

/// The package in a folder; `None` where the tools for it are missing.
fn built(folder: &tempfile::TempDir) -> Option<PathBuf> {
    for name in ["dpkg-deb", "strip", "python3"] {
        tool(name)?;
    }
    let mut command = Command::new(root().join("scripts/package"));
    command.arg(env!("CARGO_BIN_EXE_antrean"));
    command.env("ANTREAN_PACKAGE_DIR", folder.path()).env("ANTREAN_PACKAGE_FAST", "1");
    let told = done(&mut command);
    Some(PathBuf::from(told.lines().last().expect("the file's name")))
}

#[test]
fn the_package_is_well_formed_installs_runs_and_keeps_the_data_when_it_goes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(package) = built(&folder) else { return };
    let field = |name: &str| done(Command::new("dpkg-deb").args(["--field", arg(&package), name])).trim().to_owned();
    assert_eq!(format!("antrean {}", field("Version")), run(&["--version"]).out.trim());
    assert!(field("Depends").contains("libc6") && field("Depends").contains("adduser"));

    if let Some(lintian) = tool("lintian") {
        let ran =
            Command::new(lintian).args(["--allow-root", "--fail-on", "error,warning", arg(&package)]).output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
    }

    let target = folder.path().join("root");
    for place in ["var/lib/dpkg/updates", "var/lib/dpkg/info", "var/log", "etc"] {
        fs::create_dir_all(target.join(place)).unwrap();
    }
    for list in ["status", "available"] {
        fs::write(target.join("var/lib/dpkg").join(list), "").unwrap();
    }
    let dpkg = |args: &[&str]| {
        let mut command = Command::new("dpkg");
        // The scripts run outside of the root and are told where it is; nothing of this machine is touched.
        command.args(["--root", arg(&target), "--force-not-root", "--force-depends", "--force-script-chrootless"]);
        command
            .arg("--log=/dev/null")
            .args(args)
            .env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        done(&mut command)
    };
    let told = dpkg(&["--install", arg(&package)]);
    assert!(told.contains("nothing was started"), "{told}");
    let at = |path: &str| target.join(path);
    let mode = |path: &str| {
        fs::metadata(at(path)).unwrap_or_else(|error| panic!("{path}: {error}")).permissions().mode() & 0o777
    };
    assert_eq!((mode("var/lib/antrean"), mode("var/backups/antrean")), (0o700, 0o700));
    assert_eq!((mode("etc/antrean"), mode("etc/antrean/antrean.toml")), (0o750, 0o640));
    assert!(!at("etc/antrean/master.key").exists(), "a key is made by a person, who puts a copy into the safe");

    let binary = at("usr/bin/antrean");
    let help = done(Command::new(&binary).arg("--help"));
    assert!(help.contains("doctor"), "{help}");
    // The configuration that is installed is right but for the key that nobody has made yet.
    let mut doctor = Command::new(&binary);
    doctor.args(["doctor", "--offline", "--json", "--config"]).arg(at("etc/antrean/antrean.toml"));
    let ran = doctor.env_clear().output().unwrap();
    let report: serde_json::Value = serde_json::from_slice(&ran.stdout).unwrap();
    let wrong: Vec<_> =
        report["findings"].as_array().unwrap().iter().filter(|found| found["grade"] == "wrong").collect();
    assert_eq!((wrong.len(), wrong[0]["area"].as_str()), (1, Some("master key")), "{wrong:?}");
    assert!(wrong[0]["do"].as_str().unwrap().contains("antrean key new /etc/antrean/master.key"), "{wrong:?}");

    let page = done(Command::new("gzip").arg("-dc").arg(at("usr/share/man/man1/antrean.1.gz")));
    assert!(page.contains(".SH ANTREAN SERVE") && page.contains(".SS antrean release plan"), "every command is in it");
    if let Some(man) = tool("man") {
        let file = folder.path().join("antrean.1");
        fs::write(&file, &page).unwrap();
        let ran = Command::new(man).args(["--warnings", "-l", arg(&file)]).env("MANPAGER", "cat").output().unwrap();
        assert_eq!(String::from_utf8_lossy(&ran.stderr), "", "man has nothing to complain about");
    }
    let notices = done(Command::new("gzip").arg("-dc").arg(at("usr/share/doc/antrean/third-party.gz")));
    assert!(notices.contains("tokio 1.") && notices.contains("Permission is hereby granted"));
    assert!(
        notices.contains("qr 0.7.0") && notices.contains("Copyright (c) 2023 Paul Miller"),
        "what browsers are sent"
    );
    assert!(!notices.contains("proptest "), "what only tests it is not in it");

    fs::write(at("var/lib/antrean/antrean.db"), "people").unwrap();
    fs::write(at("etc/antrean/master.key"), "key").unwrap();
    let again = dpkg(&["--install", arg(&package)]);
    assert!(!again.contains("nothing was started"), "{again}");
    dpkg(&["--purge", "antrean"]);
    assert!(!binary.exists() && !at("etc/antrean/antrean.toml").exists());
    assert!(at("var/lib/antrean/antrean.db").exists() && at("etc/antrean/master.key").exists());
    dpkg(&["--install", arg(&package)]);
    fs::write(at("var/lib/antrean/DELETE-ON-PURGE"), "").unwrap();
    dpkg(&["--purge", "antrean"]);
    assert!(!at("var/lib/antrean").exists() && !at("etc/antrean").exists());
}
