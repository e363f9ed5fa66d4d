//! A lean HTTP/1.1 client for load: a bounded pool of kept-alive connections, answers read into a buffer of the caller.
//!
//! Load and server often share their cores, so this does as little as it can: no redirects, no cookies, no decompression, no
//! task for a connection. Plain `http` only, as a server behind its proxy speaks it.

use std::future::{Future, poll_fn};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, Connection, SendRequest};
use hyper::header::{
    AUTHORIZATION, CONTENT_TYPE, ETAG, HOST, HeaderName, HeaderValue, IF_NONE_MATCH, InvalidHeaderValue, RETRY_AFTER,
};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Sleep;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const PLACE: HeaderName = HeaderName::from_static("antrean-place");
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// An answer that takes longer is given up; a server gives a request up after 20 seconds itself.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// Answers are a few kilobytes; whoever sends more than this sends a file.
const ANSWER_BYTES_MAX: usize = 1 << 30;
/// A slow phone takes its answer in pieces of so many bytes: a packet of a mobile network.
const PIECE: usize = 1_360;

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The connection could not be made; the reason in the system's words.
    #[error("cannot connect: {0}")]
    Connect(String),
    /// The connection ended or broke before the answer was whole.
    #[error("the connection broke: {0}")]
    Line(String),
    /// No whole answer within [`ANSWER_WITHIN`].
    #[error("no answer in time")]
    Late,
    /// The request could not be written as HTTP.
    #[error("no request: {0}")]
    Request(String),
}

/// One request. Everything is borrowed, so that sending it again costs nothing.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// The method.
    pub method: Method,
    /// Path and query, from `/`.
    pub path: &'a str,
    /// The value of `Authorization`, made by [`bearer`].
    pub bearer: Option<&'a HeaderValue>,
    /// The idempotency key.
    pub key: Option<&'a str>,
    /// The place token in a line.
    pub place: Option<&'a HeaderValue>,
    /// The address that the request is said to come from, for a server that trusts this machine as its proxy.
    pub from: Option<Ipv4Addr>,
    /// The ETag of the answer that the caller has; the server may say 304.
    pub known: Option<&'a HeaderValue>,
    /// A JSON body; empty is none.
    pub body: Bytes,
    /// Bytes a second at which the answer is taken; 0 takes it as it comes.
    pub bytes_per_s: u32,
}

impl<'a> Ask<'a> {
    /// A request without anything but its method and path.
    pub fn new(method: Method, path: &'a str) -> Self {
        Self {
            method,
            path,
            bearer: None,
            key: None,
            place: None,
            from: None,
            known: None,
            body: Bytes::new(),
            bytes_per_s: 0,
        }
    }

    /// Reads something.
    pub fn get(path: &'a str) -> Self {
        Self::new(Method::GET, path)
    }

    /// Sends a JSON body.
    pub fn post(path: &'a str, body: impl Into<Bytes>) -> Self {
        Self { body: body.into(), ..Self::new(Method::POST, path) }
    }

    /// As the holder of a session.
    #[must_use]
    pub fn by(self, bearer: &'a HeaderValue) -> Self {
        Self { bearer: Some(bearer), ..self }
    }

    /// With an idempotency key: however often it is sent, it has one effect.
    #[must_use]
    pub fn once(self, key: &'a str) -> Self {
        Self { key: Some(key), ..self }
    }

    fn request(&self, host: &HeaderValue) -> Result<Request<Full<Bytes>>, Broken> {
        let unusable = |why: String| Broken::Request(why);
        let uri = Uri::try_from(self.path).map_err(|error| unusable(error.to_string()))?;
        let mut request = Request::new(Full::new(self.body.clone()));
        *request.method_mut() = self.method.clone();
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(HOST, host.clone());
        if let Some(bearer) = self.bearer {
            headers.insert(AUTHORIZATION, bearer.clone());
        }
        if let Some(key) = self.key {
            headers.insert(IDEMPOTENCY_KEY, HeaderValue::from_str(key).map_err(|error| unusable(error.to_string()))?);
        }
        if let Some(place) = self.place {
            headers.insert(PLACE, place.clone());
        }
        if let Some(from) = self.from {
            headers.insert(FORWARDED_FOR, HeaderValue::try_from(from.to_string()).expect("digits and dots"));
        }
        if let Some(known) = self.known {
            headers.insert(IF_NONE_MATCH, known.clone());
        }
        if !self.body.is_empty() {
            headers.insert(CONTENT_TYPE, JSON);
        }
        Ok(request)
    }
}

/// The value of `Authorization` for a session token. An error if the text can be no header.
pub fn bearer(token: &str) -> Result<HeaderValue, InvalidHeaderValue> {
    let mut value = HeaderValue::try_from(format!("Bearer {token}"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// An answer's head; its body lies in the caller's buffer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// What `Retry-After` says, if it says seconds.
    pub retry_after: Option<Duration>,
    /// The ETag.
    pub tag: Option<HeaderValue>,
    /// From the moment the request was given to an open line until its head was there; a slow phone's own slowness is not in it.
    pub head_took: Duration,
    /// From the same moment until the answer was whole.
    pub took: Duration,
}

impl Answer {
    /// Whether it is an answer of success.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the server says to come back later: 429 or 503.
    pub fn says_come_back(&self) -> bool {
        matches!(self.status, 429 | 503)
    }
}

/// A server and the lines to it. Cheap to clone.
#[derive(Clone)]
pub struct Wire(Arc<Lines>);

struct Lines {
    address: SocketAddr,
    host: HeaderValue,
    idle: Mutex<Vec<Line>>,
    free: Semaphore,
    opened: AtomicU64,
    waited: AtomicU64,
}

/// A connection. Nobody drives it between two requests, so that the server's end is noticed with the next one only.
struct Line {
    sender: SendRequest<Full<Bytes>>,
    drive: Pin<Box<Connection<TokioIo<Paced>, Full<Bytes>>>>,
    pace: Arc<Pace>,
    /// Whether the last exchange came to its end, so that another can follow.
    whole: bool,
}

/// A line taken from the pool for a burst of requests; goes back when dropped.
pub struct Held<'a> {
    lines: &'a Lines,
    line: Option<Line>,
    _place: SemaphorePermit<'a>,
}

impl Wire {
    /// The server at an address; `host` is what goes into `Host`. At most `lines_max` connections are open at once.
    pub fn new(address: SocketAddr, host: &str, lines_max: usize) -> Result<Self, InvalidHeaderValue> {
        Ok(Self(Arc::new(Lines {
            address,
            host: HeaderValue::from_str(host)?,
            idle: Mutex::default(),
            free: Semaphore::new(lines_max.clamp(1, Semaphore::MAX_PERMITS)),
            opened: AtomicU64::new(0),
            waited: AtomicU64::new(0),
        })))
    }

    /// A line for a burst of requests. Waits while as many are in use as may be open.
    pub async fn line(&self) -> Held<'_> {
        let lines = &*self.0;
        let place = if let Ok(place) = lines.free.try_acquire() {
            place
        } else {
            lines.waited.fetch_add(1, Ordering::Relaxed);
            lines.free.acquire().await.expect("the semaphore is never closed")
        };
        let line = lines.idle().pop();
        Held { lines, line, _place: place }
    }

    /// Sends one request on any line and reads the body of its answer into `into`, which is emptied first.
    pub async fn exchange(&self, ask: &Ask<'_>, into: &mut Vec<u8>) -> Result<Answer, Broken> {
        self.line().await.exchange(ask, into).await
    }

    /// Connections made so far.
    pub fn opened(&self) -> u64 {
        self.0.opened.load(Ordering::Relaxed)
    }

    /// How often somebody had to wait for a line: then the generator was the limit, not the server.
    pub fn waited(&self) -> u64 {
        self.0.waited.load(Ordering::Relaxed)
    }
}

impl Lines {
    fn idle(&self) -> MutexGuard<'_, Vec<Line>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self) -> Result<Line, Broken> {
        let failed = |error: io::Error| Broken::Connect(error.to_string());
        let stream = tokio::time::timeout(ANSWER_WITHIN, TcpStream::connect(self.address)).await;
        let stream = stream.map_err(|_| Broken::Late)?.map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        self.opened.fetch_add(1, Ordering::Relaxed);
        let pace = Arc::new(Pace::default());
        let paced = Paced { stream, pace: Arc::clone(&pace), exchange: 0, rest: None };
        let (sender, drive) =
            http1::handshake(TokioIo::new(paced)).await.map_err(|error| Broken::Line(error.to_string()))?;
        Ok(Line { sender, drive: Box::pin(drive), pace, whole: true })
    }
}

impl Held<'_> {
    /// Sends a request and reads the body of its answer into `into`, which is emptied first.
    ///
    /// A kept line that the server has closed meanwhile is replaced once. The request may then reach the server twice, as on
    /// any broken line: changes carry an idempotency key.
    pub async fn exchange(&mut self, ask: &Ask<'_>, into: &mut Vec<u8>) -> Result<Answer, Broken> {
        if let Some(mut line) = self.line.take() {
            match line.exchange(&self.lines.host, ask, into).await {
                Err(Broken::Line(_)) => {}
                done => {
                    self.line = Some(line);
                    return done;
                }
            }
        }
        let line = self.line.insert(self.lines.open().await?);
        line.exchange(&self.lines.host, ask, into).await
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if let Some(line) = self.line.take().filter(|line| line.whole) {
            self.lines.idle().push(line);
        }
    }
}

impl Line {
    async fn exchange(&mut self, host: &HeaderValue, ask: &Ask<'_>, into: &mut Vec<u8>) -> Result<Answer, Broken> {
        let request = ask.request(host)?;
        let started = Instant::now();
        self.whole = false;
        self.pace.bytes_per_s.store(ask.bytes_per_s, Ordering::Relaxed);
        self.pace.exchange.fetch_add(1, Ordering::Relaxed);
        let answered = tokio::time::timeout(ANSWER_WITHIN, self.answer(request, started, into)).await;
        let answer = answered.map_err(|_| Broken::Late)??;
        self.whole = true;
        Ok(answer)
    }

    async fn answer(
        &mut self,
        request: Request<Full<Bytes>>,
        started: Instant,
        into: &mut Vec<u8>,
    ) -> Result<Answer, Broken> {
        into.clear();
        let Self { sender, drive, .. } = self;
        let broken = |error: hyper::Error| Broken::Line(error.to_string());
        driven(drive, sender.ready()).await?.map_err(broken)?;
        let (head, mut body) = driven(drive, sender.send_request(request)).await?.map_err(broken)?.into_parts();
        let head_took = started.elapsed();
        while let Some(frame) = driven(drive, body.frame()).await? {
            if let Ok(piece) = frame.map_err(broken)?.into_data() {
                if into.len() + piece.len() > ANSWER_BYTES_MAX {
                    return Err(Broken::Line(format!("an answer of more than {ANSWER_BYTES_MAX} bytes")));
                }
                into.extend_from_slice(&piece);
            }
        }
        let told = head.headers.get(RETRY_AFTER).and_then(|seconds| seconds.to_str().ok()?.trim().parse().ok());
        Ok(Answer {
            status: head.status.as_u16(),
            retry_after: told.map(Duration::from_secs),
            tag: head.headers.get(ETAG).cloned(),
            head_took,
            took: started.elapsed(),
        })
    }
}

/// Does some work on a connection while driving it, in the task of whoever waits for the answer.
async fn driven<F: Future>(
    drive: &mut Pin<Box<Connection<TokioIo<Paced>, Full<Bytes>>>>,
    work: F,
) -> Result<F::Output, Broken> {
    let mut work = pin!(work);
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        let ended = drive.as_mut().poll(cx);
        // What the connection has just read or given up is waiting for the work.
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Ok(done));
        }
        match ended {
            Poll::Pending => Poll::Pending,
            Poll::Ready(Ok(())) => Poll::Ready(Err(Broken::Line("closed by the server".to_owned()))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(Broken::Line(error.to_string()))),
        }
    })
    .await
}

/// How fast a connection is read, as whoever uses it now wants.
#[derive(Default)]
struct Pace {
    bytes_per_s: AtomicU32,
    /// Counts the exchanges: a rest after the last piece of one must not delay the next.
    exchange: AtomicU32,
}

/// A connection of which one reads no faster than a phone would.
struct Paced {
    stream: TcpStream,
    pace: Arc<Pace>,
    exchange: u32,
    rest: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Paced {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let exchange = self.pace.exchange.load(Ordering::Relaxed);
        if exchange != self.exchange {
            self.exchange = exchange;
            self.rest = None;
        }
        if let Some(rest) = &mut self.rest {
            ready!(rest.as_mut().poll(cx));
            self.rest = None;
        }
        let bytes_per_s = self.pace.bytes_per_s.load(Ordering::Relaxed);
        if bytes_per_s == 0 {
            return Pin::new(&mut self.stream).poll_read(cx, into);
        }
        let mut piece = [0; PIECE];
        let mut piece = ReadBuf::new(&mut piece[..into.remaining().min(PIECE)]);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut piece))?;
        let bytes = piece.filled();
        into.put_slice(bytes);
        if !bytes.is_empty() {
            let rest = Duration::from_secs_f64(bytes.len() as f64 / f64::from(bytes_per_s));
            self.rest = Some(Box::pin(tokio::time::sleep(rest)));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Paced {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bytes)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use axum::Router;
    use axum::extract::{Request as Asked, State};
    use axum::response::{IntoResponse as _, Response};
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    async fn wire(routes: Router, lines_max: usize) -> Wire {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Wire::new(address, "localhost", lines_max).unwrap()
    }

    async fn echo(asked: Asked) -> Response {
        let said: Vec<String> = ["authorization", "idempotency-key", "x-forwarded-for", "content-type"]
            .iter()
            .map(|name| asked.headers().get(*name).map_or("-", |value| value.to_str().unwrap()).to_owned())
            .collect();
        let body = axum::body::to_bytes(asked.into_body(), 1_000).await.unwrap();
        (
            axum::http::StatusCode::SERVICE_UNAVAILABLE,
            [("retry-after", "7"), ("etag", "\"x\"")],
            format!("{} {}", said.join(" "), String::from_utf8_lossy(&body)),
        )
            .into_response()
    }

    #[tokio::test]
    async fn everything_a_request_says_arrives_and_so_does_its_answer() {
        let wire = wire(Router::new().route("/x", post(echo)), 1).await;
        let bearer = bearer("ab").unwrap();
        let mut ask = Ask::post("/x?y=1", "{}").by(&bearer).once("k-1");
        ask.from = Some(Ipv4Addr::new(10, 0, 0, 7));
        let mut body = b"something old".to_vec();
        let answer = wire.exchange(&ask, &mut body).await.unwrap();
        assert_eq!(String::from_utf8_lossy(&body), "Bearer ab k-1 10.0.0.7 application/json {}");
        assert_eq!((answer.status, answer.retry_after), (503, Some(Duration::from_secs(7))));
        assert_eq!(answer.tag.unwrap(), "\"x\"");
        assert!(!answer.took.is_zero());
    }

    #[tokio::test]
    async fn many_requests_share_a_few_lines() {
        let wire = wire(Router::new().route("/", get(|| async { "hello" })), 2).await;
        let asked: Vec<_> = (0..40)
            .map(|_| {
                let wire = wire.clone();
                tokio::spawn(async move {
                    let mut body = Vec::new();
                    let answer = wire.exchange(&Ask::get("/"), &mut body).await.unwrap();
                    assert_eq!((answer.status, body.as_slice()), (200, b"hello".as_slice()));
                })
            })
            .collect();
        for one in asked {
            one.await.unwrap();
        }
        assert!((1..=2).contains(&wire.opened()), "{}", wire.opened());
        assert!(wire.waited() > 0, "38 of 40 found both lines taken");
    }

    #[tokio::test]
    async fn a_line_that_the_server_closed_is_replaced_without_a_word() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        // Closes every connection after one answer without having said so.
        tokio::spawn(async move {
            loop {
                let (mut line, _) = listener.accept().await.unwrap();
                let mut request = [0; 1_000];
                let _ = line.read(&mut request).await;
                let _ = line.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
            }
        });
        let wire = Wire::new(address, "localhost", 1).unwrap();
        let mut body = Vec::new();
        for _ in 0..5 {
            assert_eq!(wire.exchange(&Ask::get("/"), &mut body).await.unwrap().status, 200);
            assert_eq!(body, b"hi");
        }
    }

    #[tokio::test]
    async fn nobody_there_is_said_and_nothing_hangs() {
        let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
        let wire = Wire::new(gone, "localhost", 1).unwrap();
        let broken = wire.exchange(&Ask::get("/"), &mut Vec::new()).await.unwrap_err();
        assert!(matches!(broken, Broken::Connect(_)), "{broken}");
    }

    #[tokio::test]
    async fn a_line_left_in_the_middle_of_an_answer_is_not_used_again() {
        let asked = Arc::new(AtomicUsize::new(0));
        let slow = |State(asked): State<Arc<AtomicUsize>>| async move {
            let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            if first {
                tokio::time::sleep(Duration::from_mins(10)).await;
            }
            "second"
        };
        let wire = wire(Router::new().route("/", get(slow)).with_state(Arc::clone(&asked)), 1).await;
        let mut body = Vec::new();
        let left = tokio::time::timeout(Duration::from_millis(200), wire.exchange(&Ask::get("/"), &mut body)).await;
        assert!(left.is_err());
        wire.exchange(&Ask::get("/"), &mut body).await.unwrap();
        assert_eq!(body, b"second");
        assert_eq!(wire.opened(), 2);
    }

    #[tokio::test]
    async fn a_slow_phone_takes_its_time_and_gets_every_byte() {
        let text = "0123456789abcdef".repeat(500);
        let sent = text.clone();
        let wire = wire(Router::new().route("/", get(|| async move { sent })), 1).await;
        let mut ask = Ask::get("/");
        ask.bytes_per_s = 64_000;
        let mut body = Vec::new();
        let answer = wire.exchange(&ask, &mut body).await.unwrap();
        assert_eq!(body, text.as_bytes());
        // 8,000 bytes in pieces, with a rest after each but the last.
        assert!(answer.took >= Duration::from_millis(100), "{answer:?}");
    }

    #[tokio::test]
    async fn whoever_comes_after_a_slow_phone_does_not_rest_for_it() {
        let wire = wire(Router::new().route("/", get(|| async { "hello" })), 1).await;
        let mut slow = Ask::get("/");
        slow.bytes_per_s = 1;
        let mut body = Vec::new();
        wire.exchange(&slow, &mut body).await.unwrap();
        // The rest after its only piece would be minutes long, and the next answer too late.
        wire.exchange(&Ask::get("/"), &mut body).await.unwrap();
        assert_eq!((body.as_slice(), wire.opened()), (b"hello".as_slice(), 1));
    }
}
