//! The first administrator: invited from the command line while the server runs, who then finds the page behind the link.

use crate::running::{Server, arg, json, run};

#[test]
fn the_first_administrator_is_invited_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let data = arg(folder.path());
    let server = Server::start(&["--data", data, "--listen", "127.0.0.1:0"]);
    let invited = json(&["staff", "add", "Siti.Rahma", "--name", "Siti Rahma", "--data", data, "--json"]);
    assert_eq!((&invited["login"], &invited["role"]), (&"siti.rahma".into(), &"admin".into()));
    let path = invited["link"].as_str().unwrap().splitn(4, '/').nth(3).unwrap().to_owned();
    let page = |path: &str| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let address = format!("{}/{path}", server.url);
        runtime.block_on(async { reqwest::get(&address).await.unwrap().text().await.unwrap() })
    };
    let _ = rustls::crypto::ring::default_provider().install_default();
    assert!(page(&path).contains("Siti Rahma"));

    // Whoever has lost the link is invited again, and the lost one is good no more.
    let again = run(&["staff", "add", "siti.rahma", "--name", "Siti Rahma", "--data", data]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(
        again.out.contains("/petugas/undangan/") && again.err.contains("good once, for siti.rahma"),
        "{}",
        again.err
    );
    assert!(!page(&path).contains("Siti Rahma"));

    let wrong = run(&["staff", "add", "x", "--name", "X", "--data", data]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    let nowhere = run(&["staff", "add", "pintu", "--name", "P", "--role", "officer", "--data", data]);
    assert_eq!(nowhere.code, 1, "{}", nowhere.err);
    assert!(nowhere.err.contains("staff-offices-wrong"), "{}", nowhere.err);
}
