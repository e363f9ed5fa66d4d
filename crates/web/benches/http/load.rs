//! The load: connections that are kept, each with one request under way, on a thread of their own. It does as little as can be done,
//! since it shares the machine with the server it measures.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Who asks whom.
pub struct Load {
    /// The server.
    pub address: SocketAddr,
    /// Requests under way at once.
    pub connections: usize,
    /// The status that every answer must have.
    pub expect: u16,
}

/// What came of it.
pub struct Done {
    /// From the first request to the last answer.
    pub took: Duration,
    /// Bytes of all answers, heads included.
    pub bytes: u64,
    waits: Vec<Duration>,
}

impl Done {
    /// How long callers waited for their answers.
    pub fn waits(&self) -> String {
        let at = |permille: usize| self.waits[(self.waits.len() - 1) * permille / 1_000];
        format!("wait p50 {:.1?}, p99 {:.1?}, p99.9 {:.1?}, longest {:.1?}", at(500), at(990), at(999), at(1_000))
    }
}

impl Load {
    /// Sends `count` requests, taken from the list in turn.
    pub fn run(&self, requests: &Arc<Vec<Vec<u8>>>, count: usize) -> Done {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let next = Arc::new(AtomicUsize::new(0));
            let began = Instant::now();
            let tasks: Vec<_> = (0..self.connections)
                .map(|_| {
                    let (requests, next) = (Arc::clone(requests), Arc::clone(&next));
                    let (address, expect) = (self.address, self.expect);
                    tokio::spawn(async move {
                        let mut line = TcpStream::connect(address).await.expect("a connection");
                        line.set_nodelay(true).expect("a socket option");
                        let (mut waits, mut bytes, mut buffer) = (Vec::new(), 0, Vec::new());
                        loop {
                            let number = next.fetch_add(1, Ordering::Relaxed);
                            if number >= count {
                                return (waits, bytes);
                            }
                            let began = Instant::now();
                            line.write_all(&requests[number % requests.len()]).await.expect("a request sent");
                            bytes += answer(&mut line, &mut buffer, expect).await;
                            waits.push(began.elapsed());
                        }
                    })
                })
                .collect();
            let (mut waits, mut bytes) = (Vec::with_capacity(count), 0);
            for task in tasks {
                let (some, more) = task.await.expect("a connection to the end");
                waits.extend(some);
                bytes += more;
            }
            let took = began.elapsed();
            waits.sort_unstable();
            Done { took, bytes, waits }
        })
    }
}

impl Load {
    /// The body of the answer to one request.
    pub fn body(&self, request: &[u8]) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let mut line = TcpStream::connect(self.address).await.expect("a connection");
            line.write_all(request).await.expect("a request sent");
            let mut buffer = Vec::new();
            answer(&mut line, &mut buffer, self.expect).await;
            let head = buffer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
            buffer.split_off(head + 4)
        })
    }
}

/// Reads one answer with a `Content-Length`, and returns its size.
async fn answer(line: &mut TcpStream, buffer: &mut Vec<u8>, expect: u16) -> u64 {
    buffer.clear();
    loop {
        let read = line.read_buf(buffer).await.expect("an answer");
        assert!(read > 0, "the server hung up");
        let Some(head) = buffer.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).expect("a head of ASCII");
        let status: u16 = text.get(9..12).and_then(|code| code.parse().ok()).expect("a status");
        let length = text.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then_some(value)
        });
        let whole = head + 4 + length.and_then(|length| length.parse::<usize>().ok()).expect("a length");
        while buffer.len() < whole {
            assert!(line.read_buf(buffer).await.expect("a body") > 0, "the server hung up");
        }
        assert_eq!(status, expect, "{}", String::from_utf8_lossy(buffer));
        return whole as u64;
    }
}
