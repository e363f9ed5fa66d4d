//! Debian's Chromium without a window, spoken to over its own pipe: no port, no driver, no library between.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::rc::Rc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::scale::Traffic;

/// A page that has not come after so long never will.
const WAIT: Duration = Duration::from_mins(2);
/// A page that has not come by then will not come.
const WAIT_FOR_A_PAGE: Duration = Duration::from_secs(20);
/// After its load event a page may keep requests open for so long.
const SETTLE: Duration = Duration::from_secs(3);
/// How often something is touched that leads nowhere.
const TOUCHES_MAX: u32 = 3;
/// Chromium wants its commands on descriptor 3 and answers on 4; a shell puts the pipes there, and then becomes Chromium.
const ON_PIPES: &str = "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null";
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--remote-debugging-pipe",
    "about:blank",
];

/// Height of the phone's screen in CSS pixels.
pub const HEIGHT: u32 = 640;

/// Chromium with a profile of its own, ended when it is dropped.
pub struct Chromium {
    link: Rc<RefCell<Link>>,
    child: Child,
    /// Removed at the end.
    _profile: TempDir,
}

struct Link {
    to: ChildStdin,
    from: Receiver<Value>,
    asked: u64,
    /// What came without being asked for, in order.
    told: VecDeque<Value>,
}

impl Chromium {
    /// Starts it; `None` where there is none, which is said.
    pub fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// The same with a camera, which shows the film in this file again and again; whoever is asked for it lets it be used.
    pub fn with_camera(film: &Path) -> Option<Self> {
        Self::start_with(&[
            "--use-fake-ui-for-media-stream".to_owned(),
            "--use-fake-device-for-media-stream".to_owned(),
            format!("--use-file-for-fake-video-capture={}", film.display()),
        ])
    }

    fn start_with(flags: &[String]) -> Option<Self> {
        if Command::new("chromium").arg("--version").output().is_err() {
            println!("SKIPPED browser tests: no chromium");
            return None;
        }
        let profile = tempfile::tempdir().expect("a temporary directory");
        let mut child = Command::new("sh")
            .args(["-c", ON_PIPES, "sh", "chromium"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .args(flags)
            .args(FLAGS)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let to = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        let (tell, from) = channel();
        std::thread::spawn(move || {
            for message in answers.split(0).map_while(Result::ok) {
                let message = serde_json::from_slice(&message).expect("Chromium speaks JSON");
                if tell.send(message).is_err() {
                    return;
                }
            }
        });
        let link = Link { to, from, asked: 0, told: VecDeque::new() };
        Some(Self { link: Rc::new(RefCell::new(link)), child, _profile: profile })
    }

    /// A tab as wide as a small phone, for a reader of Indonesian. These tabs share cookies and cache.
    pub fn tab(&self) -> Tab {
        self.tab_of(json!({ "url": "about:blank" }))
    }

    /// A tab with cookies and a cache of its own: another phone.
    pub fn other_phone(&self) -> Tab {
        let context = self.ask("Target.createBrowserContext", json!({}))["browserContextId"].take();
        self.tab_of(json!({ "url": "about:blank", "browserContextId": context }))
    }

    fn ask(&self, method: &str, params: Value) -> Value {
        self.link.borrow_mut().ask(None, method, params)
    }

    fn tab_of(&self, params: Value) -> Tab {
        let target = self.ask("Target.createTarget", params)["targetId"].take();
        let session =
            self.ask("Target.attachToTarget", json!({ "targetId": target, "flatten": true }))["sessionId"].take();
        let session = session.as_str().expect("a session").to_owned();
        let tab = Tab { link: Rc::clone(&self.link), session, traffic: RefCell::default() };
        for domain in ["Page.enable", "Network.enable", "Runtime.enable"] {
            tab.ask(domain, json!({}));
        }
        tab.ask("Network.setExtraHTTPHeaders", json!({ "headers": { "Accept-Language": "id" } }));
        tab.width(360);
        tab
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked to end it ends all its processes; what does not listen any more is ended anyway.
        let mut link = self.link.borrow_mut();
        let _ = link.send(None, "Browser.close", json!({}));
        let started = Instant::now();
        while started.elapsed() < Duration::from_secs(5) && !matches!(self.child.try_wait(), Ok(Some(_))) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Link {
    fn send(&mut self, session: Option<&str>, method: &str, params: Value) -> std::io::Result<u64> {
        self.asked += 1;
        let mut message = json!({ "id": self.asked, "method": method });
        message["params"] = params;
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes)?;
        self.to.flush()?;
        Ok(self.asked)
    }

    fn ask(&mut self, session: Option<&str>, method: &str, params: Value) -> Value {
        let id = self.send(session, method, params).expect("Chromium listens");
        loop {
            let mut message = self.next(method);
            if message["id"] != id {
                self.told.push_back(message);
                continue;
            }
            assert!(message.get("error").is_none(), "{method}: {}", message["error"]);
            return message["result"].take();
        }
    }

    fn next(&mut self, waiting_for: &str) -> Value {
        self.within(WAIT).unwrap_or_else(|| panic!("Chromium says nothing about {waiting_for}"))
    }

    fn within(&mut self, wait: Duration) -> Option<Value> {
        match self.from.recv_timeout(wait) {
            Ok(message) => Some(message),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("Chromium ended"),
        }
    }

    /// The next message to one tab that was not asked for; none if it is silent for so long, whatever others say meanwhile.
    fn event(&mut self, session: &str, wait: Duration) -> Option<Value> {
        if let Some(at) = self.told.iter().position(|message| message["sessionId"] == session) {
            return self.told.remove(at);
        }
        let until = Instant::now() + wait;
        loop {
            let message = self.within(until.saturating_duration_since(Instant::now()))?;
            if message["sessionId"] == session {
                return Some(message);
            }
            self.told.push_back(message);
        }
    }

    fn forget(&mut self, session: &str) {
        while let Ok(message) = self.from.try_recv() {
            self.told.push_back(message);
        }
        self.told.retain(|message| message["sessionId"] != session);
    }
}

/// A tab, and what came over the wire for the page in it.
pub struct Tab {
    link: Rc<RefCell<Link>>,
    session: String,
    traffic: RefCell<Traffic>,
}

impl Tab {
    fn ask(&self, method: &str, params: Value) -> Value {
        self.link.borrow_mut().ask(Some(&self.session), method, params)
    }

    /// Makes the screen so many CSS pixels wide.
    pub fn width(&self, width: u32) {
        let screen = json!({ "width": width, "height": HEIGHT, "deviceScaleFactor": 2, "mobile": true });
        self.ask("Emulation.setDeviceMetricsOverride", screen);
    }

    /// Gives the phone a place for passkeys, whose owner shows who they are whenever they are asked.
    pub fn with_passkeys(&self) {
        self.ask("WebAuthn.enable", json!({}));
        let device = json!({
            "protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
            "isUserVerified": true, "automaticPresenceSimulation": true,
        });
        self.ask("WebAuthn.addVirtualAuthenticator", json!({ "options": device }));
    }

    /// Lets pages run scripts, or not.
    pub fn scripts(&self, run: bool) {
        self.ask("Emulation.setScriptExecutionDisabled", json!({ "value": !run }));
    }

    /// Cuts the line, or mends it.
    pub fn line(&self, whole: bool) {
        let line = json!({ "offline": !whole, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1 });
        self.ask("Network.emulateNetworkConditions", line);
    }

    /// Ends the sessions of everybody who is signed in on this phone, as the night does.
    pub fn forget_sessions(&self) {
        self.ask("Network.clearBrowserCookies", json!({}));
    }

    /// From the next page on the clock of this device is so much wrong.
    pub fn clock_off_by(&self, ms: i64) {
        let clock = "class extends Right{constructor(...all){if(all.length)super(...all);else super(Right.now()+off)}\
            static now(){return Right.now()+off}}";
        let source = format!("(()=>{{const Right=Date,off={ms};window.Date={clock}}})()");
        self.ask("Page.addScriptToEvaluateOnNewDocument", json!({ "source": source }));
    }

    /// From now on every page is fetched whole, as if for the first time.
    pub fn without_cache(&self) {
        self.ask("Network.setCacheDisabled", json!({ "cacheDisabled": true }));
    }

    /// Light or dark colours, at once and not by and by.
    pub fn colours(&self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        self.ask("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Opens an address and waits until the page is there; gives what it took.
    pub fn open(&self, url: &str) -> Traffic {
        self.arrive(|| {
            let went = self.ask("Page.navigate", json!({ "url": url }));
            assert!(went["errorText"].is_null(), "{url}: {}", went["errorText"]);
        })
    }

    /// Does something that leads to another page, and waits until that is there.
    ///
    /// A browser under load may miss a touch, as a person may: then it is done again, as a person would.
    fn arrive(&self, leave: impl Fn()) -> Traffic {
        for _ in 0..TOUCHES_MAX {
            self.link.borrow_mut().forget(&self.session);
            leave();
            let (mut traffic, mut loaded) = (Traffic::default(), false);
            while !loaded || traffic.is_on_its_way() {
                let wait = if loaded { SETTLE } else { WAIT_FOR_A_PAGE };
                // A request that the browser gave up on the way has no last event.
                let Some(event) = self.link.borrow_mut().event(&self.session, wait) else { break };
                loaded |= event["method"] == "Page.loadEventFired";
                traffic.note(&event);
            }
            if loaded {
                self.traffic.replace(traffic.clone());
                return traffic;
            }
        }
        panic!("no page comes after {}:\n{}", self.at(), self.text("document.body.innerText"));
    }

    /// The same with the icon of the page, which a browser fetches beside it, where its events show it late or not at all.
    pub fn with_icon(&self, mut traffic: Traffic) -> Traffic {
        let icon = self.text("document.querySelector('link[rel=icon]')?.href??''");
        if icon.is_empty() || traffic.knows(&icon) {
            return traffic;
        }
        self.link.borrow_mut().forget(&self.session);
        self.value(&format!("fetch({icon:?},{{cache:'no-store'}}).then(r=>r.blob()).then(b=>b.size)"));
        let mut beside = Traffic::default();
        while !beside.knows(&icon) || beside.is_on_its_way() {
            let event = self.link.borrow_mut().event(&self.session, WAIT).expect("Chromium fetches the icon");
            beside.note(&event);
        }
        traffic.add(&beside, &icon);
        traffic
    }

    /// What the page that is shown took to arrive.
    pub fn traffic(&self) -> Traffic {
        self.traffic.borrow().clone()
    }

    /// The value of an expression in the page. It works where the page itself may run nothing.
    pub fn value(&self, expression: &str) -> Value {
        let asked = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let mut answer = self.ask("Runtime.evaluate", asked);
        assert!(answer["exceptionDetails"].is_null(), "{expression:.200}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].take()
    }

    /// The same, as text.
    pub fn text(&self, expression: &str) -> String {
        self.value(expression).as_str().unwrap_or_else(|| panic!("{expression:.200} is no text")).to_owned()
    }

    /// Path and query of the page.
    pub fn at(&self) -> String {
        self.text("location.pathname+location.search")
    }

    /// Whether the page has this.
    pub fn has(&self, selector: &str) -> bool {
        self.value(&format!("!!document.querySelector({selector:?})")) == true
    }

    /// Presses a link or button that leads to another page.
    pub fn press(&self, selector: &str) {
        self.arrive(|| self.touch(selector));
    }

    /// Touches the middle of the first element that matches. It must be there, be seen, and lie under nothing else.
    pub fn touch(&self, selector: &str) {
        let spot = self.value(&format!(
            "(()=>{{const e=document.querySelector({selector:?});if(!e)return 'is not there';\
             e.scrollIntoView({{block:'center',behavior:'instant'}});const b=e.getClientRects()[0];if(!b)return 'is hidden';\
             const x=b.x+b.width/2,y=b.y+b.height/2,h=document.elementFromPoint(x,y);\
             return e.contains(h)||h?.closest('label')?.control===e?{{x,y}}:'lies under '+h?.outerHTML?.slice(0,99)}})()"
        ));
        assert!(spot.is_object(), "{selector} {spot} at {}:\n{}", self.at(), self.text("document.body.innerText"));
        for kind in ["mousePressed", "mouseReleased"] {
            let mouse = json!({ "type": kind, "x": spot["x"], "y": spot["y"], "button": "left", "clickCount": 1 });
            self.ask("Input.dispatchMouseEvent", mouse);
        }
    }

    /// Touches a field and types into it.
    pub fn fill(&self, selector: &str, text: &str) {
        self.touch(selector);
        self.write(text);
    }

    /// Types where the cursor is.
    pub fn write(&self, text: &str) {
        self.ask("Input.insertText", json!({ "text": text }));
    }

    /// Presses a key that stays on the page: `Tab`, `Space`, `ArrowDown`.
    pub fn key(&self, name: &str) {
        let (code, text) = match name {
            "Tab" => (9, ""),
            "Enter" => (13, "\r"),
            "Space" => (32, " "),
            "ArrowUp" => (38, ""),
            "ArrowDown" => (40, ""),
            "F2" => (113, ""),
            "F3" => (114, ""),
            "F4" => (115, ""),
            "F9" => (120, ""),
            other => panic!("no key {other}"),
        };
        let key = if name == "Space" { " " } else { name };
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": key, "code": name, "windowsVirtualKeyCode": code });
            if kind == "keyDown" && !text.is_empty() {
                event["text"] = text.into();
            }
            self.ask("Input.dispatchKeyEvent", event);
        }
    }

    /// Presses Enter, which leads to another page.
    pub fn enter(&self) {
        self.leave_by("Enter");
    }

    /// Presses a key that leads to another page. A key goes to what is in front, as at a real computer.
    pub fn leave_by(&self, name: &str) {
        self.ask("Page.bringToFront", json!({}));
        self.arrive(|| self.key(name));
    }

    /// Makes the screen as wide as that of an office's computer.
    pub fn desk(&self) {
        let screen = json!({ "width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.ask("Emulation.setDeviceMetricsOverride", screen);
    }

    /// What is on the screen, as a picture in PNG.
    pub fn picture(&self) -> Vec<u8> {
        let answer = self.ask("Page.captureScreenshot", json!({ "format": "png" }));
        let text = answer["data"].as_str().expect("a picture");
        BASE64_STANDARD.decode(text).expect("base 64")
    }
}
