//! The data directory: whose it is, who can read it, how much room there is, and whether a commit on it lasts.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Access, access, statfs, statvfs};
use rustix::process::geteuid;

use super::finding::Report;

const AREA: &str = "data directory";

/// Below this the log of changes can fill the disk within one Friday.
const FREE_BYTES_LOW: u64 = 2 << 30;
/// Below this the database may be unable to commit within minutes.
const FREE_BYTES_LEAST: u64 = 256 << 20;
/// Published draws are a handful of files each.
const FREE_FILES_LEAST: u64 = 1_000;
/// The longest wait for one sync at which 12,000 bookings a second in groups of 256 are still possible.
const SYNC_SLOW: Duration = Duration::from_millis(20);
/// Syncs that are tried; the middle one is told.
const SYNCS: usize = 9;

/// What a filesystem does with a commit.
enum Keeps {
    /// It is on the disk when the system says so.
    Yes,
    /// It may not be there after a power cut, for this reason.
    No(&'static str),
}

/// Filesystems by the number that the kernel gives them (`man 2 statfs`).
const FILESYSTEMS: &[(i64, &str, Keeps)] = &[
    (0xEF53, "ext4", Keeps::Yes),
    (0x5846_5342, "xfs", Keeps::Yes),
    (0x9123_683E, "btrfs", Keeps::Yes),
    (0x2FC1_2FC1, "zfs", Keeps::Yes),
    (0xF2F5_2010, "f2fs", Keeps::Yes),
    (0x0102_1994, "tmpfs", Keeps::No("it is memory and is empty after a restart")),
    (0x8584_58F6, "ramfs", Keeps::No("it is memory and is empty after a restart")),
    (0x794C_7630, "overlayfs", Keeps::No("it is the inside of a container and goes with it")),
    (0x6969, "nfs", Keeps::No("its locks and syncs cannot be relied on by an embedded database")),
    (0x517B, "smb", Keeps::No("its locks and syncs cannot be relied on by an embedded database")),
    (0xFF53_4D42, "cifs", Keeps::No("its locks and syncs cannot be relied on by an embedded database")),
    (0xFE53_4D42, "smb2", Keeps::No("its locks and syncs cannot be relied on by an embedded database")),
    (0x0102_1997, "9p", Keeps::No("its locks and syncs cannot be relied on by an embedded database")),
    (0x6573_5546, "a FUSE filesystem", Keeps::No("its locks and syncs cannot be relied on by an embedded database")),
];

/// Looks at the directory.
pub fn examine(report: &mut Report, path: &Path) {
    let shown = path.display();
    if !path.is_dir() {
        if path.exists() {
            report.wrong(AREA, format!("{shown} is no directory"), "name a directory with --data or server.data");
            return;
        }
        report.note(AREA, format!("{shown} is not there yet; the first start makes it"));
        let Some(above) = path.ancestors().find(|above| above.is_dir()) else { return };
        room(report, above);
        return;
    }
    owner(report, path);
    mode(report, path);
    room(report, path);
    filesystem(report, path);
    commit(report, path);
}

/// Files that another user made cannot be written by the server.
fn owner(report: &mut Report, path: &Path) {
    let Ok(directory) = fs::metadata(path) else { return };
    let (owner, me) = (directory.uid(), geteuid().as_raw());
    if me != 0 && owner != me {
        report.wrong(
            AREA,
            format!("{} belongs to user {owner}, and this command runs as user {me}", path.display()),
            "run it as the user of the server: sudo -u antrean antrean doctor ...",
        );
        return;
    }
    let files = fs::read_dir(path).into_iter().flatten().flatten();
    let others = files.filter(|file| file.metadata().is_ok_and(|found| found.uid() != owner));
    let mut names: Vec<_> = others.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    if names.is_empty() {
        report.good(AREA, format!("{} belongs to user {owner} with everything in it", path.display()));
    } else {
        report.wrong(
            AREA,
            format!("{} belongs to user {owner}, but not so {}", path.display(), names.join(", ")),
            format!("chown -R --reference={0} {0}", path.display()),
        );
    }
}

fn mode(report: &mut Report, path: &Path) {
    let mode = fs::metadata(path).map_or(0, |found| found.permissions().mode()) & 0o777;
    let remedy = format!("chmod 0700 {}", path.display());
    if mode & 0o022 != 0 {
        report.wrong(AREA, format!("other users of this machine can write into it (mode {mode:04o})"), remedy);
    } else if mode & 0o007 != 0 {
        report.warning(AREA, format!("every user of this machine can look into it (mode {mode:04o})"), remedy);
    } else {
        report.good(AREA, format!("only its owner and group can look into it (mode {mode:04o})"));
    }
}

/// Space and inodes, as a user without privileges has them.
fn room(report: &mut Report, path: &Path) {
    let Ok(found) = statvfs(path) else { return };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let remedy = "make room, or move the directory to a larger disk; `antrean backup` first";
    let says = format!("{} free on the disk", bytes(free));
    if free < FREE_BYTES_LEAST {
        report.wrong(AREA, says, remedy);
    } else if free < FREE_BYTES_LOW {
        report.warning(AREA, says, remedy);
    } else {
        report.good(AREA, says);
    }
    // Some filesystems make inodes as they go and tell none.
    if found.f_files > 0 && found.f_favail < FREE_FILES_LEAST {
        let says = format!("the disk has room for {} more files only", found.f_favail);
        report.wrong(AREA, says, "remove small files from this disk (df -i shows where it stands)");
    }
}

fn filesystem(report: &mut Report, path: &Path) {
    let Ok(found) = statfs(path) else { return };
    // Some numbers have their highest bit of 32 set, and some machines then tell them as negative.
    let number = found.f_type & 0xFFFF_FFFF;
    match FILESYSTEMS.iter().find(|(known, ..)| *known == number) {
        Some((_, name, Keeps::Yes)) => {
            report.good(AREA, format!("lies on {name}, which keeps what it was told to keep"));
        }
        Some((_, name, Keeps::No(why))) => report.warning(
            AREA,
            format!("lies on {name}: {why}"),
            "put it on a local disk with ext4, xfs, btrfs or zfs",
        ),
        None => report.note(AREA, format!("lies on a filesystem that is not known here (number {number:#x})")),
    }
}

/// Writes and syncs as a commit does, in a file that has no name and is gone at once.
fn commit(report: &mut Report, path: &Path) {
    if access(path, Access::WRITE_OK).is_err() {
        report.wrong(
            AREA,
            "cannot be written to",
            format!("chown antrean: {0}; is the disk mounted read-only?", path.display()),
        );
        return;
    }
    let tried = tempfile::tempfile_in(path).and_then(|mut file| {
        let mut took = [Duration::ZERO; SYNCS];
        for one in &mut took {
            let started = Instant::now();
            file.write_all(&[0; 4096])?;
            file.sync_data()?;
            *one = started.elapsed();
        }
        took.sort();
        Ok(took[SYNCS / 2])
    });
    match tried {
        Ok(took) if took > SYNC_SLOW => report.warning(
            AREA,
            format!("a commit takes {} ms to reach the disk", took.as_millis()),
            "use a local solid-state disk; at this speed everybody waits on a Friday",
        ),
        Ok(took) => report.good(AREA, format!("a commit reaches the disk in {:.1} ms", took.as_secs_f64() * 1e3)),
        Err(error) => report.wrong(AREA, format!("cannot be written to: {error}"), "free the disk, or mend it"),
    }
}

/// A number of bytes for people.
pub fn bytes(count: u64) -> String {
    match count {
        0..0x10_0000 => format!("{} KiB", count >> 10),
        0x10_0000..0x4000_0000 => format!("{} MiB", count >> 20),
        _ => format!("{:.1} GiB", (count >> 20) as f64 / 1024.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Grade;

    fn text(report: &Report, grade: Grade) -> String {
        let told = report.findings().iter().filter(|finding| finding.grade == grade);
        told.map(|finding| finding.says.as_str()).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_directory_of_memory_is_warned_of() {
        let Ok(folder) = tempfile::tempdir_in("/dev/shm") else { return };
        let mut report = Report::default();
        examine(&mut report, folder.path());
        // A sandbox may mount something else there; a tmpfs must be recognised.
        if statfs(folder.path()).is_ok_and(|found| found.f_type == 0x0102_1994) {
            assert!(text(&report, Grade::Warning).contains("lies on tmpfs"), "{}", report.as_text());
        }
    }

    #[test]
    fn a_directory_that_others_can_enter_is_told_and_one_that_they_can_write_is_wrong() {
        let folder = tempfile::tempdir().unwrap();
        let with = |mode| {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            let mut report = Report::default();
            examine(&mut report, folder.path());
            report
        };
        assert!(text(&with(0o755), Grade::Warning).contains("every user of this machine can look into it"));
        assert!(text(&with(0o770), Grade::Wrong).contains("can write into it"));
        let good = with(0o700);
        assert!(text(&good, Grade::Good).contains("only its owner"), "{}", good.as_text());
        assert!(text(&good, Grade::Good).contains("a commit reaches the disk") || good.count(Grade::Wrong) == 0);
    }

    #[test]
    fn a_file_in_the_place_of_the_directory_is_wrong_and_a_directory_to_come_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let mut report = Report::default();
        examine(&mut report, &file);
        assert!(text(&report, Grade::Wrong).contains("is no directory"));
        let mut report = Report::default();
        examine(&mut report, &folder.path().join("to/come"));
        assert!(report.count(Grade::Wrong) == 0 && text(&report, Grade::Note).contains("the first start makes it"));
    }

    #[test]
    fn bytes_are_told_in_a_unit_that_fits() {
        assert_eq!([bytes(5_000), bytes(256 << 20), bytes(3 << 30)], ["4 KiB", "256 MiB", "3.0 GiB"]);
    }
}
