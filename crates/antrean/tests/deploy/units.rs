//! The units for the service manager: well-formed, hardened, and the nightly backup that keeps the newest.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::process::Command;

use crate::debian::{done, root, text, tool};
use crate::running::{Server, arg, run};
use crate::site::with;

const SERVICES: [&str; 2] = ["antrean.service", "antrean-backup.service"];

#[test]
fn the_service_manager_understands_the_units() {
    let Some(analyze) = tool("systemd-analyze") else { return };
    let folder = tempfile::tempdir().unwrap();
    let backup = root().join("deploy/backup-nightly").canonicalize().unwrap();
    for unit in ["antrean.service", "antrean-backup.service", "antrean-backup.timer"] {
        // The programs are where this test has them, not where the package puts them.
        let unit_text = text(&format!("deploy/systemd/{unit}"));
        let here = unit_text.replace("/usr/bin/antrean", env!("CARGO_BIN_EXE_antrean"));
        fs::write(folder.path().join(unit), here.replace("/usr/lib/antrean/backup-nightly", arg(&backup))).unwrap();
    }
    for unit in ["antrean.service", "antrean-backup.timer"] {
        let ran = Command::new(&analyze).args(["verify", "--man=no", arg(&folder.path().join(unit))]).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stderr);
        // Some machines have faults of their own; ours is what names our unit.
        assert!(!told.lines().any(|line| line.contains("antrean")), "{told}");
    }
    let calendar = text("deploy/systemd/antrean-backup.timer");
    let when = calendar.lines().find_map(|line| line.strip_prefix("OnCalendar=")).unwrap();
    done(Command::new(&analyze).args(["calendar", when]));
}

#[test]
fn the_services_are_hardened() {
    let Some(analyze) = tool("systemd-analyze") else { return };
    for service in SERVICES {
        let file = root().join("deploy/systemd").join(service);
        let ran = Command::new(&analyze).args(["security", "--offline=true", arg(&file)]).output().unwrap();
        let told = String::from_utf8_lossy(&ran.stdout);
        let Some(level) = told.lines().find_map(|line| line.split("exposure level for ").nth(1)) else {
            eprintln!("SKIPPED: this systemd-analyze cannot judge a file");
            return;
        };
        let score: f64 = level.split_whitespace().nth(1).unwrap().parse().unwrap();
        assert!(score <= 2.0, "{told}");
    }
}

#[test]
fn both_services_are_hardened_alike_and_the_server_has_room_for_connections() {
    let hardening = |unit: &str| -> Vec<String> {
        let unit = text(&format!("deploy/systemd/{unit}"));
        let from = unit.lines().skip_while(|line| !line.starts_with("CapabilityBoundingSet="));
        from.take_while(|line| !line.starts_with('[')).filter(|line| line.contains('=')).map(str::to_owned).collect()
    };
    assert_eq!(hardening(SERVICES[0]), hardening(SERVICES[1]));
    assert!(hardening(SERVICES[0]).len() > 25);
    let server = text("deploy/systemd/antrean.service");
    let limit = server.lines().find_map(|line| line.strip_prefix("LimitNOFILE=")).unwrap();
    assert!(limit.parse::<u32>().unwrap() >= 16_384);
}

#[test]
fn the_nightly_backup_is_checked_and_keeps_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    let (data, backups, bin) = (folder.path().join("data"), folder.path().join("backups"), folder.path().join("bin"));
    fs::create_dir(&backups).unwrap();
    fs::create_dir(&bin).unwrap();
    symlink(env!("CARGO_BIN_EXE_antrean"), bin.join("antrean")).unwrap();
    let _server = Server::start(&["--data", arg(&data), "--listen", "127.0.0.1:0"]);
    for night in ["2025-01-01T023000Z", "2025-01-02T023000Z", "2025-01-03T023000Z"] {
        fs::write(backups.join(format!("antrean-{night}.gz")), "old").unwrap();
    }
    fs::write(backups.join("other.gz"), "not ours").unwrap();
    let nightly = |data: &str, keep: &str| {
        let path = format!("{}:{}", arg(&bin), std::env::var("PATH").unwrap());
        let mut command = Command::new(root().join("deploy/backup-nightly"));
        command.args([arg(&backups), keep]).env("PATH", path).env("ANTREAN_DATA", data).output().unwrap()
    };
    let names = || {
        let mut names: Vec<String> =
            fs::read_dir(&backups).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let ran = nightly(arg(&data), "2");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let kept = names();
    assert_eq!(kept.len(), 3, "{kept:?}");
    assert_eq!((kept[0].as_str(), kept[2].as_str()), ("antrean-2025-01-03T023000Z.gz", "other.gz"));
    let newest = backups.join(&kept[1]);
    assert_eq!(run(&["backup", "--verify", arg(&newest)]).code, 0);
    assert_eq!(fs::metadata(&newest).unwrap().permissions().mode() & 0o077, 0);

    let failed = nightly("/nowhere", "1");
    assert!(!failed.status.success());
    assert_eq!(names(), kept, "a night without a backup removes none");
}

#[test]
fn the_unit_names_only_paths_that_the_package_has() {
    let server = text("deploy/systemd/antrean.service");
    let package = text("scripts/package");
    for path in ["usr/bin/antrean", "etc/antrean/antrean.toml"] {
        assert!(server.contains(&format!("/{path}")) && package.contains(path), "{path}");
    }
    with(&text("deploy/systemd/antrean-backup.service"), "/usr/lib/antrean/backup-nightly", "");
}
