//! The machine: open files, memory, time zones, and whether somebody keeps its clock right.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::Command;

use antrean_domain::region::Zone;
use rustix::process::{Resource, getrlimit};

use super::directory::bytes;
use super::finding::Report;
use crate::data;

/// Connections of a full waiting room behind a proxy that keeps them open, with files and readers beside them.
const OPEN_FILES_LEAST: u64 = 16_384;
/// A million entries fit into this beside the system (docs/performance.md).
const MEMORY_LOW: u64 = 512 << 20;
/// Below this the draw of a national week does not fit.
const MEMORY_LEAST: u64 = 256 << 20;

/// Looks at the machine. A server that runs on `data` is looked at too.
pub fn examine(report: &mut Report, data: &Path) {
    let server = server_of(data);
    match server {
        Some(id) => report.good("server", format!("runs on this directory as process {id}")),
        None => report.note("server", "none runs on this directory"),
    }
    open_files(report, server);
    memory(report);
    zones(report);
    kept_right(report);
}

/// The process that holds the lock of a data directory, from the kernel's own list (`man 5 proc_locks`).
fn server_of(data: &Path) -> Option<u32> {
    let inode = fs::metadata(data.join(data::LOCK)).ok()?.ino();
    let locks = fs::read_to_string("/proc/locks").ok()?;
    holder_in(&locks, inode)
}

fn holder_in(locks: &str, inode: u64) -> Option<u32> {
    locks.lines().find_map(|line| {
        // 1: FLOCK  ADVISORY  WRITE 4711 fe:00:131073 0 EOF
        let words: Vec<&str> = line.split_whitespace().collect();
        let of = words.get(5)?.rsplit(':').next()?.parse::<u64>().ok()?;
        let id = words.get(4)?.parse::<u32>().ok()?;
        (words.get(1) == Some(&"FLOCK") && of == inode && id > 0).then_some(id)
    })
}

fn open_files(report: &mut Report, server: Option<u32>) {
    let area = "open files";
    let of_server = server.and_then(|id| fs::read_to_string(format!("/proc/{id}/limits")).ok());
    let found = match of_server.as_deref().and_then(limit_in) {
        Some(limit) => limit,
        None if server.is_some() => {
            report.note(area, "the limit of the server cannot be read; run this as its user or as root");
            return;
        }
        None => {
            let limit = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
            if limit < OPEN_FILES_LEAST {
                report.note(
                    area,
                    format!("this shell may open {limit}; the service unit gives the server its own limit"),
                );
                return;
            }
            limit
        }
    };
    if found < OPEN_FILES_LEAST {
        report.warning(
            area,
            format!("the server may open {found} files; every connection is one"),
            format!(
                "LimitNOFILE=65536 in its unit, or `ulimit -n 65536` before it starts; at least {OPEN_FILES_LEAST}"
            ),
        );
    } else {
        report.good(area, format!("the limit is {found}"));
    }
}

/// The soft limit in a text such as `/proc/self/limits`.
fn limit_in(limits: &str) -> Option<u64> {
    let rest = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    match rest.split_whitespace().next()? {
        "unlimited" => Some(u64::MAX),
        digits => digits.parse().ok(),
    }
}

fn memory(report: &mut Report) {
    let area = "memory";
    let Some(available) = fs::read_to_string("/proc/meminfo").ok().as_deref().and_then(available_in) else {
        report.note(area, "cannot be read here");
        return;
    };
    let allowed = fs::read_to_string("/sys/fs/cgroup/memory.max").ok().and_then(|text| text.trim().parse::<u64>().ok());
    let free = allowed.map_or(available, |allowed| allowed.min(available));
    let says = format!("{} can be used", bytes(free));
    let remedy = "end what else runs here, or give the machine more; 1 GiB is enough for a city, 2 GiB for the country";
    if free < MEMORY_LEAST {
        report.wrong(area, says, remedy);
    } else if free < MEMORY_LOW {
        report.warning(area, says, remedy);
    } else {
        report.good(area, says);
    }
}

/// Bytes that can be had without swapping, in a text such as `/proc/meminfo`.
fn available_in(meminfo: &str) -> Option<u64> {
    let rest = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(rest.split_whitespace().next()?.parse::<u64>().ok()? << 10)
}

/// The program carries the zones in itself, so that a bare container is as good as a full system.
fn zones(report: &mut Report) {
    let unknown: Vec<_> =
        Zone::ALL.into_iter().map(Zone::iana).filter(|name| jiff::tz::TimeZone::get(name).is_err()).collect();
    if unknown.is_empty() {
        report.good("time zones", "WIB, WITA and WIT are known");
    } else {
        report.wrong("time zones", format!("not known: {}", unknown.join(", ")), "apt-get install tzdata");
    }
}

fn kept_right(report: &mut Report) {
    let area = "clock";
    let asked = Command::new("timedatectl").args(["show", "--property=NTPSynchronized", "--value"]).output();
    let told =
        asked.ok().filter(|ran| ran.status.success()).map(|ran| String::from_utf8_lossy(&ran.stdout).trim().to_owned());
    match told.as_deref() {
        Some("yes") => report.good(area, "is kept right over the network"),
        Some("no") => report.warning(
            area,
            "is kept right by nobody",
            "apt-get install systemd-timesyncd (or chrony), then timedatectl set-ntp true",
        ),
        _ => report.note(area, "whether somebody keeps it right cannot be asked here (no timedatectl)"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::finding::Grade;
    use super::*;

    #[test]
    fn the_holder_of_a_lock_is_found_by_its_inode() {
        let locks = "1: POSIX  ADVISORY  WRITE 10 fe:00:77 0 EOF\n2: FLOCK  ADVISORY  WRITE 4711 fe:00:77 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 9 fe:00:78 0 EOF\n3: FLOCK  ADVISORY  WRITE 0 fe:00:79 0 EOF\n";
        assert_eq!(holder_in(locks, 77), Some(4711));
        assert_eq!(holder_in(locks, 78), None, "whoever waits for a lock holds none");
        assert_eq!(holder_in(locks, 79), None, "a process outside this container has no number here");
    }

    #[test]
    fn limits_and_memory_are_read_as_the_kernel_writes_them() {
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 1048576              files\n";
        assert_eq!(limit_in(limits), Some(1024));
        assert_eq!(limit_in("Max open files   unlimited  unlimited  files"), Some(u64::MAX));
        assert_eq!(available_in("MemTotal:  9 kB\nMemAvailable:    2048 kB\n"), Some(2 << 20));
    }

    #[test]
    fn every_zone_of_the_country_is_known() {
        let mut report = Report::default();
        zones(&mut report);
        assert_eq!(report.count(Grade::Wrong), 0);
    }
}
