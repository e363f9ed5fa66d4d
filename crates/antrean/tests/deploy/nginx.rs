//! The sample for nginx before real servers: what it keeps, what it never keeps, what it hands on, and what it does when nodes die.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Method;

use crate::debian::{done, text, tool};
use crate::running::{Server, arg};
use crate::site::{Proxy, Visitor, certificates, doctor, free_port, node, with};

/// A token such as a session has; no session of these servers has it.
const SESSION: &str = "antrean_sesi=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

struct Site {
    folder: tempfile::TempDir,
    nodes: [Option<Server>; 2],
    _proxy: Proxy,
    port: u16,
    plain_port: u16,
}

/// The sample, with paths, name and ports of this test.
fn sample(folder: &Path, ports: [u16; 4]) -> PathBuf {
    let [tls, plain, first, second] = ports;
    let at = |name: &str| arg(&folder.join(name)).to_owned();
    let mut conf = text("deploy/nginx.conf");
    for (part, instead) in [
        ("/etc/letsencrypt/live/antrean.example.id/fullchain.pem", at("leaf.pem")),
        ("/etc/letsencrypt/live/antrean.example.id/privkey.pem", at("leaf.key")),
        ("/var/cache/nginx-antrean", at("cache")),
        ("/var/log/nginx/antrean.log", at("access.log")),
        ("listen 80;", format!("listen 127.0.0.1:{plain};")),
        ("    listen [::]:80;\n", String::new()),
        ("listen 443 ssl http2;", format!("listen 127.0.0.1:{tls} ssl http2;")),
        ("    listen [::]:443 ssl http2;\n", String::new()),
        ("server_name antrean.example.id;", "server_name localhost;".to_owned()),
        ("server 127.0.0.1:8080 ", format!("server 127.0.0.1:{first} ")),
        ("# server 127.0.0.1:8081 ", format!("server 127.0.0.1:{second} ")),
    ] {
        conf = with(&conf, part, &instead);
    }
    fs::write(folder.join("antrean.conf"), conf).unwrap();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|what| format!("{what}_temp_path {};\n", at(what)))
        .concat();
    let whole = format!(
        "daemon off;\nmaster_process off;\npid {};\nerror_log {} warn;\nevents {{}}\nhttp {{\n{temporary}include {};\n}}\n",
        at("pid"),
        at("error.log"),
        at("antrean.conf")
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, whole).unwrap();
    file
}

fn nginx(program: &Path, folder: &Path, file: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(["-p", arg(folder), "-e", arg(&folder.join("error.log")), "-c", arg(file)]);
    command
}

/// A site with two nodes; `None` where nginx cannot be had.
fn site(days: u32) -> Option<Site> {
    let program = tool("nginx")?;
    let folder = tempfile::tempdir().unwrap();
    if !certificates(folder.path(), days) {
        return None;
    }
    let ports = [free_port(), free_port(), free_port(), free_port()];
    let file = sample(folder.path(), ports);
    done(nginx(&program, folder.path(), &file).arg("-t"));
    let [port, plain_port, first, second] = ports;
    let nodes = [Some(node(folder.path(), "first", first)), Some(node(folder.path(), "second", second))];
    let proxy = Proxy::start(&mut nginx(&program, folder.path(), &file), port);
    Some(Site { folder, nodes, _proxy: proxy, port, plain_port })
}

impl Site {
    fn visitor(&self) -> Visitor {
        Visitor::of(format!("https://localhost:{}", self.port))
    }

    /// What the cache did with the last requests of a path, as the log tells it: as many as are waited for.
    fn cache_did(&self, path: &str, requests: usize) -> Vec<String> {
        let started = Instant::now();
        loop {
            let log = fs::read_to_string(self.folder.path().join("access.log")).unwrap_or_default();
            let lines = log.lines().map(|line| line.split(' ').collect::<Vec<_>>());
            let of_path: Vec<_> = lines.filter(|words| words[3] == path).collect();
            if of_path.len() >= requests {
                return of_path.iter().map(|words| words[8].to_owned()).collect();
            }
            assert!(started.elapsed() < Duration::from_secs(10), "{requests} requests of {path} in {log}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn a_public_page_is_kept_under_its_etag_and_nothing_with_a_session_is() {
    let Some(mut site) = site(90) else { return };
    // Two databases give two tags; nodes of one database would not.
    site.nodes[1].take().unwrap().kill();
    let visitor = site.visitor();
    let first = visitor.get("/kantor", &[]);
    let again = visitor.get("/kantor", &[]);
    assert_eq!((first.status, again.status), (200, 200));
    let tag = first.header("etag").to_owned();
    assert!(tag.len() > 8 && again.header("etag") == tag && again.body == first.body, "{again:?}");
    assert!(first.header("cache-control").starts_with("public"), "{:?}", first.headers);
    let known = visitor.get("/kantor", &[("If-None-Match", &tag)]);
    assert_eq!((known.status, known.body.as_str()), (304, ""));
    assert_eq!(site.cache_did("/kantor", 3)[..2], ["MISS", "HIT"]);

    let english = visitor.get("/kantor", &[("Accept-Language", "fr, en;q=0.8, id;q=0.2")]);
    assert!(english.body.contains("lang=\"en\"") && first.body.contains("lang=\"id\""));
    let chosen = visitor.get("/kantor", &[("Accept-Language", "en"), ("Cookie", "other=1; bahasa=id")]);
    assert_eq!(chosen.header("etag"), tag, "the choice counts, and other cookies do not");
    let zipped = visitor.get("/kantor", &[("Accept-Encoding", "br, gzip")]);
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert_ne!(zipped.header("etag"), tag);

    let signed_in = [("Cookie", SESSION)];
    assert_eq!(visitor.get("/panduan", &signed_in).status, 200);
    assert_eq!(visitor.get("/panduan", &signed_in).status, 200);
    assert_eq!(visitor.get("/panduan", &[]).status, 200);
    assert_eq!(site.cache_did("/panduan", 3), ["BYPASS", "BYPASS", "MISS"]);
    let tag = visitor.get("/panduan", &signed_in).header("etag").to_owned();
    let known = visitor.get("/panduan", &[("Cookie", SESSION), ("If-None-Match", &tag)]);
    assert_eq!(known.status, 304, "the server itself says that nothing has changed");
    assert_eq!(visitor.get("/saya", &[]).header("cache-control"), "no-store");
    assert_eq!(visitor.get("/saya", &[]).header("cache-control"), "no-store");
    assert!(!site.cache_did("/saya", 2).contains(&"HIT".to_owned()));

    // The API knows a session by its header and by nothing else.
    let bearer = format!("Bearer {}", "0".repeat(64));
    for headers in [&[("Authorization", bearer.as_str())][..], &[], &[("Cookie", SESSION)]] {
        assert_eq!(visitor.get("/api/v1/services", headers).status, 200);
    }
    assert_eq!(site.cache_did("/api/v1/services", 3), ["BYPASS", "MISS", "HIT"]);
    let log = fs::read_to_string(site.folder.path().join("access.log")).unwrap();
    assert!(!log.contains("127.0.0.1") && log.contains("127.0.0.0/24"), "the log names networks, not people: {log}");
}

#[test]
fn a_client_cannot_choose_its_address_and_a_big_body_is_refused() {
    let Some(site) = site(90) else { return };
    let visitor = site.visitor();
    let forged = [("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")];
    assert_eq!(visitor.get("/seen", &forged).body, "127.0.0.0/24\n");
    let direct = Visitor::of(site.nodes[0].as_ref().unwrap().url.clone());
    assert_eq!(direct.get("/seen", &forged).body, "203.0.113.0/24\n", "the server would believe the proxy");

    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(visitor.ask(&Method::POST, "/masuk", &form, &"a".repeat(100 << 10)).status, 413);
    assert_ne!(visitor.ask(&Method::POST, "/masuk", &form, "nomor=1").status, 413);
    assert_eq!((visitor.get("/metrics", &[]).status, visitor.get("/readyz", &[]).status), (404, 404));
    assert_eq!(visitor.get("/livez", &[]).body, "ok\n");
    let plain = Visitor::of(format!("http://localhost:{}", site.plain_port)).get("/kantor?provinsi=1", &[]);
    assert_eq!((plain.status, plain.header("location")), (301, "https://localhost/kantor?provinsi=1"));

    if let Some(curl) = tool("curl") {
        let url = format!("https://localhost:{}/", site.port);
        let version =
            done(Command::new(curl).args(["-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version}", &url]));
        assert_eq!(version, "2");
    }
}

#[test]
fn a_node_that_dies_is_replaced_by_the_other_and_without_any_there_is_a_clean_answer() {
    let Some(mut site) = site(90) else { return };
    let visitor = site.visitor();
    site.nodes[0].take().unwrap().kill();
    for _ in 0..6 {
        assert_eq!(visitor.get("/livez", &[]).status, 200);
    }
    site.nodes[1].take().unwrap().kill();
    let page = visitor.until("/livez", |answer| answer.status != 200);
    assert_eq!((page.status, page.header("retry-after")), (503, "30"));
    assert!(page.header("content-type").starts_with("text/html") && page.body.contains("tetap tersimpan"), "{page:?}");
    assert_eq!(page.header("cache-control"), "no-store");
    let problem = visitor.get("/api/v1/me", &[("Authorization", "Bearer 00")]);
    assert_eq!((problem.status, problem.header("content-type")), (503, "application/problem+json"));
    serde_json::from_str::<serde_json::Value>(&problem.body).expect("JSON");
}

#[test]
fn the_doctor_judges_the_certificate_and_the_proxy() {
    let Some(site) = site(9) else { return };
    let base = format!("https://localhost:{}", site.port);
    let (authorities, data) = (site.folder.path().join("ca.pem"), site.folder.path().join("first"));
    let told = doctor(&base, &authorities, &data);
    let days = told.contains("is good for 8 days more") || told.contains("is good for 9 days more");
    assert!(days && told.contains("WARNING  of https://localhost"), "{told}");
    assert!(told.contains("reaches the server") && told.contains("a forged address is not believed"), "{told}");
    assert!(told.contains("hands on the headers of the server") && !told.contains("/metrics"), "{told}");
    let named = doctor(&base.replace("localhost", "127.0.0.1"), &authorities, &data);
    assert!(named.contains("it is for another name"), "{named}");
    let other = site.folder.path().join("other.pem");
    fs::copy(site.folder.path().join("leaf.pem"), &other).unwrap();
    let unknown = doctor(&base, &other, &data);
    assert!(unknown.contains("WRONG    of https://localhost"), "{unknown}");
}
