//! Programs in processes of their own, and what they cost: processor time and memory as Linux
//! counts them under `/proc`.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    time::Duration,
};

/// A server that says on its first lines where it listens.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
}

impl Served {
    pub fn start(command: &mut Command) -> Served {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let address = out
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("listens on http://").map(|(_, at)| at.to_owned()))
            .and_then(|address| address.parse().ok())
            .expect("it says where it listens");
        Served { child, address }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The most memory it ever had, in MB.
    pub fn peak_memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("Linux tells about processes");
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = peak.and_then(|rest| rest.trim().strip_suffix(" kB"));
        kilobytes.and_then(|kb| kb.parse::<f64>().ok()).expect("a size") / 1024.0
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The processor time one process has used so far.
pub fn cpu_of(pid: u32) -> Duration {
    let [user, system, ..] = times(pid).expect("the process lives");
    ticks(user + system)
}

/// The same for a process with its children, those that have ended included.
pub fn cpu_of_family(parent: u32) -> Duration {
    let own: u64 = times(parent).expect("the process lives").iter().sum();
    let processes = std::fs::read_dir("/proc").expect("Linux tells about processes");
    let children = processes
        .flatten()
        .filter_map(|entry| entry.file_name().to_string_lossy().parse::<u32>().ok())
        .filter(|pid| parent_of(*pid) == Some(parent))
        .filter_map(times)
        .map(|[user, system, ..]| user + system);
    ticks(own + children.sum::<u64>())
}

pub fn parent_of(pid: u32) -> Option<u32> {
    field(&stat(pid)?, 1)
}

/// User and system time of a process, and those of its children that have ended.
fn times(pid: u32) -> Option<[u64; 4]> {
    let stat = stat(pid)?;
    Some([field(&stat, 11)?, field(&stat, 12)?, field(&stat, 13)?, field(&stat, 14)?])
}

/// What comes behind the name, which may itself contain anything.
fn stat(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(stat.rsplit_once(") ")?.1.to_owned())
}

fn field<T: std::str::FromStr>(stat: &str, at: usize) -> Option<T> {
    stat.split_whitespace().nth(at)?.parse().ok()
}

/// Linux counts in hundredths of a second, whatever the kernel ticks with.
fn ticks(ticks: u64) -> Duration {
    Duration::from_millis(ticks * 10)
}
