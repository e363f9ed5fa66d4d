//! The real program as `antrean demo`, its address, and the codes in its inbox.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::chromium::Tab;

/// A demo that runs until it is dropped.
pub struct Demo {
    child: Child,
    /// Scheme, address and port.
    pub url: String,
}

/// Somebody made up, with the number they sign in with.
pub struct Newcomer {
    pub phone: &'static str,
    pub name: &'static str,
    pub nik: &'static str,
    pub born: [&'static str; 3],
    /// `female` or `male`.
    pub sex: &'static str,
}

pub const SITI: Newcomer = Newcomer {
    phone: "0812-0000-0001",
    name: "Siti Contoh",
    nik: "2171 0145 0590 0000",
    born: ["5", "5", "1990"],
    sex: "female",
};
pub const BUDI: Newcomer = Newcomer {
    phone: "0812-0000-0002",
    name: "Budi Contoh",
    nik: "2171010606910000",
    born: ["6", "6", "1991"],
    sex: "male",
};

impl Demo {
    pub fn start(args: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", args)
    }

    /// The same at an address, where another ended before.
    pub fn start_at(listen: &str, args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_antrean"));
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANTREAN_")) {
            command.env_remove(name);
        }
        command.args(["demo", "--listen", listen]).args(args);
        let mut child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines().map_while(Result::ok);
        let url = lines.find_map(|line| Some(line.strip_prefix("listening on ")?.split(',').next()?.to_owned()));
        // What it says later is read away, or it would stand still with a full pipe; a test that fails shows it.
        std::thread::spawn(move || lines.for_each(|line| eprintln!("demo: {line}")));
        Self { child, url: url.expect("it says where it listens") }
    }

    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// What a number was sent, newest first.
    pub fn messages(&self, aside: &Tab, phone: &str) -> Vec<Value> {
        aside.open(&self.page(&format!("/demo/messages?to={phone}")));
        serde_json::from_str(&aside.text("document.body.innerText")).expect("a list of messages")
    }

    /// The code that was sent to a number; waits for it.
    pub fn code(&self, aside: &Tab, phone: &str) -> String {
        for _ in 0..600 {
            if let Some(code) = self.messages(aside, phone).iter().find_map(|message| message["code"].as_str()) {
                return code.to_owned();
            }
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        panic!("no code was sent to {phone}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
