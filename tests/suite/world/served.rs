//! The real program in a process of its own, which can be killed.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

/// `shifu serve` on a database.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
}

impl Served {
    pub fn on(url: &str) -> Served {
        Served::with(url, &[])
    }

    /// The same, handing mail over to a server at this port.
    pub fn mailing(url: &str, port: u16) -> Served {
        let port = port.to_string();
        Served::with(
            url,
            &[
                ("SHIFU_SMTP_HOST", "127.0.0.1"),
                ("SHIFU_SMTP_PORT", &port),
                ("SHIFU_SMTP_PROTECTION", "none"),
                ("SHIFU_BASE_URL", "http://shifu.test"),
            ],
        )
    }

    fn with(url: &str, settings: &[(&str, &str)]) -> Served {
        let mut command = Command::new("sh");
        // A file that must not grow is an error to handle, not the end of the program.
        command.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_shifu")]);
        let mut child = command
            .args(["serve", "--database", url, "--listen", "127.0.0.1:0"])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("its output"));
        let address = out
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("shifu listens on http://").map(str::to_owned))
            .and_then(|address| address.parse().ok())
            .expect("it says where it listens");
        Served { child, address }
    }

    /// kill -9: no farewell.
    pub fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }

    /// From now on no file of the program grows beyond so many bytes; nothing lifts that again.
    pub fn limit_files(&self, bytes: Option<u64>) {
        let pid = Pid::from_raw(self.child.id() as i32);
        let limit = Rlimit { current: bytes, maximum: None };
        prlimit(pid, Resource::Fsize, limit).expect("one may limit one's own children");
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
