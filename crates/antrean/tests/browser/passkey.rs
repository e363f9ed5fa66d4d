//! The first administrator begins with a passkey in a real browser, and comes back with it.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::chromium::{Chromium, Tab};

/// The button that needs a passkey.
const PASSKEY: &str = "form[data-passkey] button";
/// The line where there is no such button.
const WITHOUT: &str = "form[data-passkey]+p";

fn antrean(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_antrean"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("ANTREAN_")) {
        command.env_remove(name);
    }
    command.args(args).stdin(Stdio::null());
    command
}

/// A server that runs until it is dropped.
struct Server {
    child: Child,
    /// The port that it listens on.
    port: String,
}

impl Server {
    fn start(data: &Path) -> Self {
        let data = data.to_str().expect("a path in UTF-8");
        let args = ["serve", "--data", data, "--listen", "127.0.0.1:0", "--log", "text"];
        let mut child = antrean(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("the binary runs");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, after) = line.split_once("listening on http://127.0.0.1:")?;
            Some(after.chars().take_while(char::is_ascii_digit).collect())
        });
        // What it says later is read away, or it would stand still with a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port: port.expect("it says where it listens") }
    }

    fn page(&self, host: &str, path: &str) -> String {
        format!("http://{host}:{}{path}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn says(tab: &Tab, words: &str) {
    let text = tab.text("document.querySelector('main').innerText");
    assert!(text.contains(words), "{words:?} is not at {}:\n{text}", tab.at());
}

/// Whether something can be seen.
fn sees(tab: &Tab, selector: &str) -> bool {
    tab.value(&format!("document.querySelector({selector:?}).getClientRects().length>0")) == true
}

#[test]
fn the_first_administrator_begins_with_a_passkey_and_comes_back_with_it() {
    let Some(chromium) = Chromium::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let data = folder.path().to_str().unwrap();
    let add = ["staff", "add", "siti.rahma", "--name", "Siti Rahma", "--data", data, "--json"];
    let invited = antrean(&add).output().unwrap();
    let invited: serde_json::Value = serde_json::from_slice(&invited.stdout).expect("the invitation");
    let link = format!("/{}", invited["link"].as_str().unwrap().splitn(4, '/').nth(3).unwrap());

    let tab = chromium.tab();
    tab.with_passkeys();
    tab.open(&server.page("localhost", &link));
    assert!(sees(&tab, PASSKEY) && !sees(&tab, WITHOUT));
    tab.press(PASSKEY);
    assert_eq!(tab.at(), "/petugas");

    tab.open(&server.page("localhost", "/petugas/saya"));
    says(&tab, "Perangkat saya");
    says(&tab, "Belum pernah dipakai.");
    tab.press(".keys button");
    says(&tab, "Tambahkan passkey lain dulu");
    // The same device has one already, and says so itself.
    tab.touch(PASSKEY);
    let told = "new Promise(done=>{const said=document.querySelector('[role=status].error');\
        const look=()=>said.textContent?done(said.textContent):setTimeout(look,50);look()})";
    assert_eq!(tab.text(told), "Perangkat ini sudah punya passkey Anda.");

    tab.touch(".who summary");
    tab.press("form[action='/petugas/keluar'] button");
    assert_eq!(tab.at(), "/petugas/masuk");
    tab.open(&server.page("localhost", "/petugas/saya"));
    assert!(tab.at().starts_with("/petugas/masuk?lanjut="), "{}", tab.at());
    tab.press(PASSKEY);
    assert_eq!(tab.at(), "/petugas/saya", "back to where they wanted to go");
    says(&tab, "Terakhir dipakai");

    // Keys belong to a name; at the number of the same server there are none, and the page says where they are.
    let elsewhere = chromium.other_phone();
    elsewhere.open(&server.page("127.0.0.1", "/petugas/masuk"));
    assert!(!sees(&elsewhere, PASSKEY) && sees(&elsewhere, WITHOUT));
    says(&elsewhere, &format!("di alamat http://localhost:{}", server.port));
    // Nor without scripts; everything else is there.
    elsewhere.scripts(false);
    elsewhere.open(&server.page("localhost", "/petugas/masuk"));
    assert!(!sees(&elsewhere, PASSKEY) && sees(&elsewhere, WITHOUT) && sees(&elsewhere, "#code"));
}
