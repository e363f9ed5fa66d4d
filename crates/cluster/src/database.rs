//! A database for one test.

use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::NoTls;

use crate::cluster::Cluster;

/// An empty database in the shared cluster, dropped with this.
pub struct Database {
    cluster: &'static Cluster,
    name: String,
}

/// A fresh, empty database; `None`, and a line that says so, where there is no PostgreSQL.
pub fn database() -> Option<Database> {
    Some(Database::made(Cluster::shared()?, ""))
}

impl Database {
    fn made(cluster: &'static Cluster, from: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        say(cluster, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        say(cluster, format!("CREATE DATABASE {name} {from}"));
        Self { cluster, name }
    }

    /// Another database with everything that is in this one, which nobody may be using.
    #[must_use]
    pub fn copy(&self) -> Self {
        Self::made(self.cluster, &format!("TEMPLATE {}", self.name))
    }

    /// Ends every connection to it at once, in the midst of whatever they do.
    pub fn cut_off(&self) {
        say(
            self.cluster,
            format!(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{}' AND pid <> pg_backend_pid()",
                self.name
            ),
        );
    }

    /// Its address.
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    /// Runs statements in it, beside whoever uses it; panics if they fail.
    pub fn run(&self, statements: &str) {
        let (url, statements) = (self.url(), statements.to_owned());
        apart(move || run(&url, &statements)).expect("statements of a test");
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        say(self.cluster, format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn say(cluster: &Cluster, statement: String) {
    let url = cluster.url("postgres");
    if let Err(error) = apart(move || run(&url, &statement)) {
        eprintln!("the shared cluster: {error}");
    }
}

/// On a thread of its own, since whoever asks may be within a runtime.
fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::spawn(work).join().expect("no panic in a database's thread")
}

fn run(url: &str, statements: &str) -> Result<(), tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
        let connection = tokio::spawn(connection);
        let result = client.batch_execute(statements).await;
        drop(client);
        let _ = connection.await;
        result
    })
}
