//! What a process on this machine uses, read from `/proc`. Where there is none, nothing is shown.

use std::fs;
use std::time::Duration;

use antrean_crowd::rehearsal::{Machine, Usage};

/// Clock ticks of `/proc/PID/stat` in a second: 100 on every Linux that people run.
const TICKS_PER_S: u64 = 100;

/// A process.
pub struct Process(pub u32);

impl Machine for Process {
    fn usage(&self) -> Option<Usage> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        read(&status, &stat)
    }
}

fn read(status: &str, stat: &str) -> Option<Usage> {
    let bytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kb| kb * 1024)
    };
    // The name in brackets may hold anything; the fields are counted after it. User time is the 14th, system time the 15th.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Usage {
        memory: bytes("VmRSS")?,
        memory_peak: bytes("VmHWM")?,
        cpu: Duration::from_millis(ticks * 1_000 / TICKS_PER_S),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_and_processor_time_are_read() {
        let status = "Name:\tantrean\nVmHWM:\t   2048 kB\nVmRSS:\t   1024 kB\n";
        let stat = "42 (an ) odd name) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 9 0 1 2 3";
        let usage = Usage { memory: 1 << 20, memory_peak: 2 << 20, cpu: Duration::from_secs(2) };
        assert_eq!(read(status, stat), Some(usage));
        assert_eq!(read("", stat), None);
    }

    #[test]
    fn this_very_process_uses_something() {
        let usage = Process(std::process::id()).usage().expect("tests run on Linux");
        assert!(usage.memory > 0 && usage.memory <= usage.memory_peak);
    }
}
