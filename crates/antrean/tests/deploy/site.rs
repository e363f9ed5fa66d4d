//! Nodes behind a proxy, and a client before it.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::header::HeaderMap;
use reqwest::{Client, Method};

use crate::debian::{done, tool};
use crate::running::{Server, arg, program};

/// How long a part of the site may take to come up or to notice.
const WAIT: Duration = Duration::from_secs(30);

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("a free port").local_addr().expect("an address").port()
}

/// A server with a data directory of its own and the master key of its neighbours, so that their pages have the same tags; it believes
/// the proxy on this machine.
pub fn node(folder: &Path, name: &str, port: u16) -> Server {
    let file = folder.join(format!("{name}.toml"));
    fs::write(&file, "[server]\ntrusted_proxies = [\"127.0.0.1\", \"::1\"]\nlog_filter = \"error\"\n")
        .expect("written");
    let listen = format!("127.0.0.1:{port}");
    Server::start(&["--config", arg(&file), "--data", arg(&folder.join(name)), "--listen", &listen])
}

/// A sample with a part of it replaced; the part must be there.
pub fn with(sample: &str, part: &str, instead: &str) -> String {
    assert!(sample.contains(part), "{part:?} is not in the sample any more");
    sample.replace(part, instead)
}

/// An authority of our own and a certificate for `localhost` that is good for so many days: `ca.pem`, `leaf.pem`, `leaf.key`.
pub fn certificates(folder: &Path, days: u32) -> bool {
    let Some(openssl) = tool("openssl") else { return false };
    let run = |args: &str| {
        done(Command::new(&openssl).args(args.split_whitespace()).current_dir(folder).stderr(Stdio::null()))
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    run(&format!(
        "req -x509 {key} -days 365 -subj /CN=ca -keyout ca.key -out ca.pem -addext keyUsage=critical,keyCertSign"
    ));
    run(&format!("req {key} -subj /CN=localhost -keyout leaf.key -out leaf.csr"));
    fs::write(folder.join("leaf.ext"), "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n").expect("written");
    run(&format!(
        "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -extfile leaf.ext -out leaf.pem"
    ));
    true
}

/// A proxy that runs until the test ends.
pub struct Proxy(Child);

impl Proxy {
    /// Starts one and waits until it listens.
    pub fn start(command: &mut Command, port: u16) -> Self {
        let mut child = command.stdin(Stdio::null()).spawn().expect("the proxy runs");
        let started = Instant::now();
        while TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_err() {
            assert_eq!(child.try_wait().expect("known"), None, "the proxy ended");
            assert!(started.elapsed() < WAIT, "the proxy does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self(child)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    /// A header's text; empty where it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a text"))
    }
}

/// A client that takes any certificate and follows no redirect.
pub struct Visitor {
    client: Client,
    runtime: tokio::runtime::Runtime,
    base: String,
}

impl Visitor {
    pub fn of(base: String) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder()
            .tls_danger_accept_invalid_certs(true)
            .redirect(reqwest::redirect::Policy::none())
            .timeout(WAIT)
            .build()
            .expect("a client");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { client, runtime, base }
    }

    pub fn ask(&self, method: &Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.try_ask(method, path, headers, body).expect("an answer")
    }

    fn try_ask(
        &self,
        method: &Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<Answer, reqwest::Error> {
        let mut request = self.client.request(method.clone(), format!("{}{path}", self.base)).body(body.to_owned());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.runtime.block_on(async {
            let answer = request.send().await?;
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            Ok(Answer { status, headers, body: answer.text().await? })
        })
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.ask(&Method::GET, path, headers, "")
    }

    /// Asks until the answer is as wished; an error, such as of a proxy that has no certificate yet, is not.
    pub fn until(&self, path: &str, wished: impl Fn(&Answer) -> bool) -> Answer {
        let started = Instant::now();
        loop {
            let answer = self.try_ask(&Method::GET, path, &[], "");
            if answer.as_ref().is_ok_and(&wished) {
                return answer.expect("as wished");
            }
            assert!(started.elapsed() < WAIT, "{path} still gives {answer:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// What the doctor says about an address, with the authorities in a file trusted.
pub fn doctor(base: &str, authorities: &Path, data: &Path) -> String {
    let mut command = program();
    command.env("SSL_CERT_FILE", authorities);
    let ran = command
        .args(["doctor", "--base-url", base, "--data", arg(data)])
        .env("ANTREAN_BEACONS_RELAYS", "[\"http://127.0.0.1:1\"]");
    let ran = ran.output().expect("the binary runs");
    String::from_utf8(ran.stdout).expect("text")
}
