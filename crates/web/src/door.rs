//! The door: takes connections and keeps them within bounds, so that whoever connects and dawdles costs next to nothing.
//!
//! A head has to arrive soon, a connection without a request is not kept for long, an answer that nobody reads is given up, and there
//! are only so many connections, in all and from one address. When they are all taken, those that wait for nothing are closed, the
//! oldest first; only when every one of them is at work is a newcomer told at once to come back.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use antrean_app::caller::Language;
use antrean_words::Words;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, Response, Version};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::{Builder, Connection};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Sleep, sleep_until};
use tower::Service as _;

use crate::caller::Network;

/// The longest head of a request: the longest address that we give out has a hundred characters, a browser's own fields a few
/// thousand. More is answered with 431.
pub const HEAD_BYTES_MAX: usize = 32 << 10;
/// Fields in a head; more are answered with 431.
pub const FIELDS_MAX: usize = 100;
/// Requests at once on one HTTP/2 connection: a browser loads four things for a page.
const STREAMS_MAX: u32 = 64;
/// How often an HTTP/2 peer is asked whether it still lives, and how long it may think about it.
const PING_EVERY: Duration = Duration::from_secs(20);
/// Of all places, the part that is made free at once when they are all taken: looking through all connections is not for every newcomer.
const ROOM_PART: usize = 16;
/// Newcomers that are being told that there is no room, at once; beyond that they are just closed.
const REFUSING_MAX: usize = 64;
/// How long one of them may take to hear it.
const REFUSING: Duration = Duration::from_secs(1);
/// The pause after the system has no more files or memory for connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Seconds after which somebody for whom there was no connection should come back, at least; up to twice that.
const COME_BACK_S: u64 = 3;

/// How much the door takes on.
#[derive(Debug, Clone)]
pub struct DoorLimits {
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one address (/64 for IPv6). Loopback and trusted proxies are not counted: behind them is everybody.
    pub connections_per_peer_max: usize,
    /// Proxies whose connections are many people's.
    pub trusted_proxies: Vec<Network>,
    /// From the first sign of a request, or from the opening of a connection, to the end of its head.
    pub head_timeout: Duration,
    /// How long a connection is kept on which nothing is under way: longer than the minute that proxies keep theirs, so that none
    /// sends a request into a connection that is just being closed.
    pub idle_timeout: Duration,
    /// How long the reader of an answer may take nothing of it.
    pub write_timeout: Duration,
    /// Connections on which nothing was ever asked are not closed for newcomers before this age: the request may be on its way.
    pub grace: Duration,
}

impl Default for DoorLimits {
    fn default() -> Self {
        Self {
            // Some 20 KB each while they wait: 200 MB at most.
            connections_max: 10_000,
            // Carriers put thousands of people behind one address.
            connections_per_peer_max: 2_000,
            trusted_proxies: Vec::new(),
            head_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            write_timeout: Duration::from_secs(20),
            grace: Duration::from_secs(2),
        }
    }
}

/// What has come through the door so far, for metrics.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DoorStats {
    /// Connections open now.
    pub open: u64,
    /// Connections taken so far.
    pub taken: u64,
    /// Connections for which there was no room.
    pub turned_away: u64,
    /// Connections without a request that were closed to make room.
    pub made_room: u64,
    /// Connections closed because nothing came, or not fast enough.
    pub timed_out: u64,
    /// Connections closed because their answer was not read.
    pub stalled: u64,
}

/// The door. Cloning it is cheap; all clones are one door.
#[derive(Clone)]
pub struct Door {
    limits: Arc<DoorLimits>,
    lines: Arc<Lines>,
    refusing: Arc<Semaphore>,
    refusal: Arc<str>,
}

impl Door {
    /// A door that is not open yet.
    pub fn new(limits: DoorLimits) -> Self {
        Self {
            limits: Arc::new(limits),
            lines: Arc::default(),
            refusing: Arc::new(Semaphore::new(REFUSING_MAX)),
            refusal: refusal().into(),
        }
    }

    /// What has come through so far.
    pub fn stats(&self) -> DoorStats {
        let lines = &self.lines;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        DoorStats {
            open: lines.lock().open.len() as u64,
            taken: read(&lines.taken),
            turned_away: read(&lines.turned_away),
            made_room: read(&lines.made_room),
            timed_out: read(&lines.timed_out),
            stalled: read(&lines.stalled),
        }
    }

    /// Serves a router until `told`, then takes no more connections and finishes the requests under way. Dropping it ends them.
    pub async fn serve(&self, listener: TcpListener, router: Router, told: impl Future<Output = ()>) {
        let mut told = pin!(told);
        let (close, closing) = watch::channel(false);
        let builder = builder();
        let mut tasks = JoinSet::new();
        loop {
            tokio::select! {
                () = &mut told => break,
                Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
                taken = listener.accept() => match taken {
                    Ok((stream, peer)) => {
                        let _ = stream.set_nodelay(true);
                        match self.admit(peer) {
                            Some(line) => {
                                let line = Arc::new(line);
                                let guests = Guests { router: router.clone(), line: Arc::clone(&line), peer };
                                let stream = TokioIo::new(Stream::new(stream, Arc::clone(&line), self.limits.write_timeout));
                                let connection = builder.serve_connection(stream, guests).into_owned();
                                let leaving = Leaving { lines: Arc::clone(&self.lines), line: Arc::clone(&line) };
                                let limits = Arc::clone(&self.limits);
                                // Written down before it can end.
                                let mut inside = self.lines.lock();
                                let task = tasks.spawn(attend(connection, leaving, limits, closing.clone()));
                                inside.enter(line, task);
                            }
                            None => self.turn_away(stream),
                        }
                    }
                    Err(error) if is_callers(&error) => {}
                    Err(_) => {
                        self.make_room(None);
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        drop(listener);
        close.send_replace(true);
        while tasks.join_next().await.is_some() {}
    }

    /// A place for a newcomer, if there is one or one can be made.
    fn admit(&self, peer: SocketAddr) -> Option<Line> {
        let peer = self.counted(peer.ip());
        if let Some(peer) = peer
            && self.lines.of_peer(peer) >= self.limits.connections_per_peer_max
            && !self.make_room(Some(peer))
        {
            return None;
        }
        if self.lines.lock().open.len() >= self.limits.connections_max && !self.make_room(None) {
            return None;
        }
        Some(Line::new(self.lines.taken.fetch_add(1, Ordering::Relaxed), peer))
    }

    /// Under which address a connection is counted; `None` where many people come from one.
    fn counted(&self, peer: IpAddr) -> Option<IpAddr> {
        let peer = peer.to_canonical();
        if peer.is_loopback() || self.limits.trusted_proxies.iter().any(|proxy| proxy.contains(peer)) {
            return None;
        }
        Some(match peer {
            IpAddr::V4(_) => peer,
            // Whoever has one address of IPv6 has the whole block.
            IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        })
    }

    /// Closes the connections that have waited longest for nothing, of one address or of all. `false` if all are at work.
    fn make_room(&self, peer: Option<IpAddr>) -> bool {
        let mut inside = self.lines.lock();
        let mut idle: Vec<(Instant, u64)> = inside
            .open
            .values()
            .filter(|(line, _)| peer.is_none() || line.peer == peer)
            .filter_map(|(line, _)| Some((line.idle_since(self.limits.grace)?, line.id)))
            .collect();
        idle.sort_unstable();
        let places = if peer.is_some() { self.limits.connections_per_peer_max } else { self.limits.connections_max };
        idle.truncate((places / ROOM_PART).max(1));
        for (_, id) in &idle {
            if let Some(task) = inside.leave(*id) {
                task.abort();
            }
        }
        self.lines.made_room.fetch_add(idle.len() as u64, Ordering::Relaxed);
        !idle.is_empty()
    }

    /// Tells a newcomer that there is no room. What they have sent is read and thrown away, or the answer would be lost.
    fn turn_away(&self, mut stream: TcpStream) {
        let turned_away = self.lines.turned_away.fetch_add(1, Ordering::Relaxed);
        let Ok(permit) = Arc::clone(&self.refusing).try_acquire_owned() else { return };
        let come_back = COME_BACK_S + turned_away % (COME_BACK_S + 1);
        let body = Arc::clone(&self.refusal);
        tokio::spawn(tokio::time::timeout(REFUSING, async move {
            let _permit = permit;
            let head = format!(
                "HTTP/1.1 503 Service Unavailable\r\nretry-after: {come_back}\r\nconnection: close\r\ncache-control: no-store\r\n\
                 content-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(body.as_bytes()).await?;
            stream.shutdown().await?;
            let mut rest = [0; 4 << 10];
            while stream.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        }));
    }
}

/// The page for those who find no room: in both languages, for nobody has said theirs yet.
fn refusal() -> String {
    let parts = [Language::Id, Language::En].map(|language| {
        let words = Words::of(language);
        format!(
            "<div lang={}><h1>{}</h1><p>{}</p></div>",
            language.tag(),
            words.say("failure-busy"),
            words.say("failure-busy.detail")
        )
    });
    let head =
        "<!doctype html><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Antrean</title>";
    format!("{head}{}", parts.concat())
}

/// Whether accepting failed for something of the caller's alone.
fn is_callers(error: &io::Error) -> bool {
    use io::ErrorKind as K;
    matches!(error.kind(), K::ConnectionAborted | K::ConnectionReset | K::ConnectionRefused | K::Interrupted)
}

fn builder() -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // Without a timer: when a head is late is decided in `Line::deadline`, which also sees a first byte that never comes.
    builder.http1().max_buf_size(HEAD_BYTES_MAX).max_headers(FIELDS_MAX);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_EVERY)
        .max_concurrent_streams(STREAMS_MAX)
        .max_header_list_size(HEAD_BYTES_MAX as u32);
    builder
}

/// Runs one connection to its end, its deadline, or the end of the server.
async fn attend(
    connection: Connection<'static, TokioIo<Stream>, Guests, TokioExecutor>,
    leaving: Leaving,
    limits: Arc<DoorLimits>,
    mut closing: watch::Receiver<bool>,
) {
    let line = Arc::clone(&leaving.line);
    let mut connection = pin!(connection);
    let mut alarm = pin!(sleep_until((Instant::now() + limits.head_timeout).into()));
    let mut closed = pin!(async move { closing.wait_for(|closing| *closing).await.is_ok() });
    let mut told = false;
    poll_fn(|cx| {
        if !told && closed.as_mut().poll(cx).is_ready() {
            told = true;
            connection.as_mut().graceful_shutdown();
        }
        // An error is the end of this connection and says nothing that anybody could act on.
        if connection.as_mut().poll(cx).is_ready() {
            return Poll::Ready(());
        }
        // What is under way has its own limits on time.
        while let Some(deadline) = line.deadline(&limits) {
            if deadline < alarm.deadline().into_std() {
                alarm.as_mut().reset(deadline.into());
            }
            ready!(alarm.as_mut().poll(cx));
            if deadline <= Instant::now() {
                leaving.lines.timed_out.fetch_add(1, Ordering::Relaxed);
                return Poll::Ready(());
            }
            alarm.as_mut().reset(deadline.into());
        }
        Poll::Pending
    })
    .await;
}

/// All connections.
#[derive(Default)]
struct Lines {
    inside: Mutex<Inside>,
    taken: AtomicU64,
    turned_away: AtomicU64,
    made_room: AtomicU64,
    timed_out: AtomicU64,
    stalled: AtomicU64,
}

#[derive(Default)]
struct Inside {
    open: HashMap<u64, (Arc<Line>, AbortHandle)>,
    of_peers: HashMap<IpAddr, usize>,
}

impl Lines {
    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of_peer(&self, peer: IpAddr) -> usize {
        self.lock().of_peers.get(&peer).copied().unwrap_or(0)
    }
}

impl Inside {
    fn enter(&mut self, line: Arc<Line>, task: AbortHandle) {
        if let Some(peer) = line.peer {
            *self.of_peers.entry(peer).or_insert(0) += 1;
        }
        self.open.insert(line.id, (line, task));
    }

    fn leave(&mut self, id: u64) -> Option<AbortHandle> {
        let (line, task) = self.open.remove(&id)?;
        if let Some(peer) = line.peer
            && let Some(count) = self.of_peers.get_mut(&peer)
        {
            *count -= 1;
            if *count == 0 {
                self.of_peers.remove(&peer);
            }
        }
        Some(task)
    }
}

/// Strikes a connection off the list when it ends, however it ends.
struct Leaving {
    lines: Arc<Lines>,
    line: Arc<Line>,
}

impl Drop for Leaving {
    fn drop(&mut self) {
        if self.line.stalled.load(Ordering::Relaxed) {
            self.lines.stalled.fetch_add(1, Ordering::Relaxed);
        }
        self.lines.lock().leave(self.line.id);
    }
}

/// One connection, as the door sees it.
struct Line {
    id: u64,
    peer: Option<IpAddr>,
    opened: Instant,
    /// Requests that are not answered to the end.
    under_way: AtomicU32,
    /// Milliseconds after `opened` at which the last answer ended, plus one; 0 before the first request.
    rests_since: AtomicU64,
    /// Milliseconds after `opened` at which the first byte of the next head came, plus one; 0 while none has.
    head_since: AtomicU64,
    /// Over HTTP/2 bytes come between requests too.
    http2: AtomicBool,
    stalled: AtomicBool,
}

impl Line {
    fn new(id: u64, peer: Option<IpAddr>) -> Self {
        Self {
            id,
            peer,
            opened: Instant::now(),
            under_way: AtomicU32::new(0),
            rests_since: AtomicU64::new(0),
            head_since: AtomicU64::new(0),
            http2: AtomicBool::new(false),
            stalled: AtomicBool::new(false),
        }
    }

    fn now(&self) -> u64 {
        self.opened.elapsed().as_millis() as u64 + 1
    }

    fn at(&self, mark: u64) -> Instant {
        self.opened + Duration::from_millis(mark.saturating_sub(1))
    }

    fn begin(self: &Arc<Self>, version: Version) -> UnderWay {
        self.under_way.fetch_add(1, Ordering::Relaxed);
        self.head_since.store(0, Ordering::Relaxed);
        if version == Version::HTTP_2 {
            self.http2.store(true, Ordering::Relaxed);
        }
        UnderWay(Arc::clone(self))
    }

    fn heard(&self) {
        if self.under_way.load(Ordering::Relaxed) == 0 && self.head_since.load(Ordering::Relaxed) == 0 {
            self.head_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Since when nothing is under way; `None` while something is, or while a first request may be on its way.
    fn idle_since(&self, grace: Duration) -> Option<Instant> {
        if self.under_way.load(Ordering::Relaxed) > 0 {
            return None;
        }
        match self.rests_since.load(Ordering::Relaxed) {
            0 => (self.opened.elapsed() >= grace).then_some(self.opened),
            rests => Some(self.at(rests)),
        }
    }

    /// When the connection is closed if nothing happens; `None` while a request is under way.
    fn deadline(&self, limits: &DoorLimits) -> Option<Instant> {
        if self.under_way.load(Ordering::Relaxed) > 0 {
            return None;
        }
        let rests = self.rests_since.load(Ordering::Relaxed);
        if rests == 0 {
            return Some(self.opened + limits.head_timeout);
        }
        let idle = self.at(rests) + limits.idle_timeout;
        let head = self.head_since.load(Ordering::Relaxed);
        if head == 0 || self.http2.load(Ordering::Relaxed) {
            return Some(idle);
        }
        Some(idle.min(self.at(head) + limits.head_timeout))
    }
}

/// A request that is not answered to the end.
struct UnderWay(Arc<Line>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.rests_since.store(self.0.now(), Ordering::Relaxed);
        self.0.under_way.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What answers the requests of one connection.
struct Guests {
    router: Router,
    line: Arc<Line>,
    peer: SocketAddr,
}

impl hyper::service::Service<Request<Incoming>> for Guests {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let under_way = self.line.begin(request.version());
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(self.peer));
        // A router is always ready.
        let answer = self.router.clone().call(request);
        Box::pin(async move { Ok(answer.await?.map(|body| Answer { body, _under_way: under_way })) })
    }
}

/// The body of an answer, which ends what is under way when it ends.
struct Answer {
    body: Body,
    _under_way: UnderWay,
}

impl hyper::body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// The bytes of a connection: notes when a head begins, and gives up writing to somebody who does not read.
struct Stream {
    tcp: TcpStream,
    line: Arc<Line>,
    patience: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
}

impl Stream {
    fn new(tcp: TcpStream, line: Arc<Line>, patience: Duration) -> Self {
        Self { tcp, line, patience, stalled: None }
    }

    fn watch(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
        if written.is_ready() {
            self.stalled = None;
            return written;
        }
        let patience = self.patience;
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(tokio::time::sleep(patience)));
        ready!(stalled.as_mut().poll(cx));
        self.line.stalled.store(true, Ordering::Relaxed);
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = into.filled().len();
        let read = ready!(Pin::new(&mut self.tcp).poll_read(cx, into));
        if into.filled().len() > before {
            self.line.heard();
        }
        Poll::Ready(read)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write(cx, bytes);
        self.watch(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.tcp).poll_write_vectored(cx, pieces);
        self.watch(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
