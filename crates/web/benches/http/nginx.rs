//! nginx with the same bytes, as a yardstick for polls. Debian's binary, two workers, on a free port of this machine.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running nginx, stopped when it is dropped.
pub struct Nginx {
    /// Where it listens.
    pub address: SocketAddr,
    master: Child,
    _folder: tempfile::TempDir,
}

impl Nginx {
    /// Serves a body under every path; `None` where there is no nginx.
    pub fn with(body: &[u8]) -> Option<Self> {
        let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"].into_iter().find(|path| Path::new(path).exists())?;
        let folder = tempfile::tempdir().ok()?;
        // nginx's workers are another user, and enter the folder too.
        let open_to_all = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open_to_all).ok()?;
        std::fs::write(folder.path().join("body"), body).ok()?;
        let port = TcpListener::bind("127.0.0.1:0").ok()?.local_addr().ok()?.port();
        let here = folder.path().display();
        let conf = format!(
            "worker_processes 2; daemon off; pid {here}/pid; error_log {here}/error.log crit;\n\
             events {{ worker_connections 4096; }}\n\
             http {{ access_log off; tcp_nodelay on; sendfile on; keepalive_requests 100000000; open_file_cache max=10;\n\
             server {{ listen 127.0.0.1:{port}; root {here}; location / {{ try_files /body =404;\n\
             types {{ }} default_type application/json; add_header Content-Encoding gzip;\n\
             add_header Cache-Control \"public, max-age=2\"; add_header Vary Accept-Encoding; }} }} }}\n"
        );
        let path = folder.path().join("nginx.conf");
        std::fs::write(&path, conf).ok()?;
        let master = Command::new(program)
            .args(["-p", &here.to_string(), "-c"])
            .arg(&path)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        let nginx = Self { address: SocketAddr::from(([127, 0, 0, 1], port)), master, _folder: folder };
        for _ in 0..100 {
            if TcpStream::connect(nginx.address).is_ok() {
                return Some(nginx);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// Processor time of its workers so far.
    pub fn cpu(&self) -> Duration {
        let children = format!("/proc/{0}/task/{0}/children", self.master.id());
        let children = std::fs::read_to_string(children).unwrap_or_default();
        children.split_whitespace().filter_map(|child| crate::stat_time(&format!("/proc/{child}/stat"))).sum()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Workers end with their master when it is told to; killing it would leave them behind.
        let _ = Command::new("kill").arg(self.master.id().to_string()).status();
        let _ = self.master.wait();
    }
}
