//! The sample for Caddy, as far as Debian's version goes.

use std::fs;
use std::process::{Command, Stdio};

use reqwest::Method;

use crate::debian::{done, text, tool};
use crate::running::arg;
use crate::site::{Proxy, Visitor, free_port, node, with};

#[test]
fn caddy_hands_on_headers_and_true_addresses_and_answers_cleanly_when_no_node_does() {
    let Some(caddy) = tool("caddy") else { return };
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| arg(&folder.path().join(name)).to_owned();
    let [tls, plain, first, second] = [free_port(), free_port(), free_port(), free_port()];
    let ours = format!(
        "{{\n\tadmin off\n\thttp_port {plain}\n\thttps_port {tls}\n\tlocal_certs\n\tskip_install_trust\n\tservers {{"
    );
    let mut conf = text("deploy/Caddyfile");
    for (part, instead) in [
        ("{\n\tservers {", ours.as_str()),
        ("\nantrean.example.id {", "\nlocalhost {\n\tbind 127.0.0.1"),
        ("reverse_proxy 127.0.0.1:8080 {", &format!("reverse_proxy 127.0.0.1:{first} 127.0.0.1:{second} {{")),
    ] {
        conf = with(&conf, part, instead);
    }
    let file = folder.path().join("Caddyfile");
    fs::write(&file, conf).unwrap();
    let run = |what: &str| {
        let mut command = Command::new(&caddy);
        command.args([what, "--adapter", "caddyfile", "--config", arg(&file)]);
        command.env("HOME", at("home")).env("XDG_DATA_HOME", at("data")).env("XDG_CONFIG_HOME", at("config"));
        command
    };
    done(&mut run("validate"));
    let nodes = [node(folder.path(), "first", first), node(folder.path(), "second", second)];
    let _proxy = Proxy::start(run("run").stdout(Stdio::null()).stderr(Stdio::null()), tls);
    let visitor = Visitor::of(format!("https://localhost:{tls}"));
    let page = visitor.until("/kantor", |answer| answer.status == 200);
    assert!(page.header("cache-control").starts_with("public") && page.body.contains("lang=\"id\""));
    let forged = [("X-Forwarded-For", "203.0.113.9"), ("X-Real-IP", "203.0.113.9"), ("Forwarded", "for=203.0.113.9")];
    assert_eq!(visitor.get("/seen", &forged).body, "127.0.0.0/24\n");
    assert_eq!((visitor.get("/metrics", &[]).status, visitor.get("/readyz", &[]).status), (404, 404));
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(visitor.ask(&Method::POST, "/masuk", &form, &"a".repeat(100 << 10)).status, 413);

    let [first, second] = nodes;
    first.kill();
    for _ in 0..6 {
        assert_eq!(visitor.get("/livez", &[]).status, 200);
    }
    let tag = visitor.get("/kantor", &[]).header("etag").to_owned();
    assert_eq!(visitor.get("/kantor", &[("If-None-Match", &tag)]).status, 304);
    second.kill();
    let page = visitor.until("/livez", |answer| answer.status != 200);
    assert_eq!((page.status, page.header("retry-after")), (503, "30"));
    assert!(page.body.contains("tetap tersimpan"), "{page:?}");
}
