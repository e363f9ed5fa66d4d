//! A browser without scripts: keeps cookies, follows redirects, reads forms out of the page and sends them as a person would.
#![allow(dead_code, reason = "each test knows a part of it")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use antrean_web::caller::{KNOWN_COOKIE, LANGUAGE_FIELD, SESSION_COOKIE, STAFF_COOKIE};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use tower::ServiceExt as _;

use super::people::{Server, nik_of, phone_of};

/// What browsers send forms as.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// One person's browser, and the page it shows.
#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: BTreeMap<String, String>,
    /// Path and query of the page.
    pub at: String,
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub html: String,
}

/// A form on the page, filled in as it was shown.
#[derive(Clone, Debug)]
pub struct Form {
    method: String,
    action: String,
    fields: Vec<(String, String)>,
    /// Radios and checkboxes that can be chosen: name and value.
    choices: Vec<(String, String)>,
    /// Names of fields to type in.
    inputs: Vec<String>,
}

impl Form {
    /// Types into a field that is there.
    pub fn fill(mut self, name: &str, value: &str) -> Self {
        assert!(self.inputs.iter().any(|known| known == name), "no field {name} in {:?}", self.inputs);
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Puts another value into a hidden field.
    pub fn fill_hidden(mut self, name: &str, value: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Chooses a radio, or an option of a list, that is there.
    pub fn pick(mut self, name: &str, value: &str) -> Self {
        self.must_offer(name, value);
        self.fields.retain(|(known, _)| known != name);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Ticks a checkbox that is there.
    pub fn tick(mut self, name: &str, value: &str) -> Self {
        self.must_offer(name, value);
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    fn must_offer(&self, name: &str, value: &str) {
        let offered = self.choices.iter().any(|(known, offer)| known == name && offer == value);
        assert!(offered, "no choice {name}={value} in {:?}", self.choices);
    }

    /// Takes a field out of it: a checkbox that is not ticked, or what no browser takes out.
    pub fn without(mut self, name: &str) -> Self {
        self.fields.retain(|(known, _)| known != name);
        self
    }

    /// Sends a field once more, or one that is not there, as no browser does.
    pub fn also(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn action(&self) -> &str {
        &self.action
    }

    pub fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.fields.iter().map(|(name, _)| name.clone()).collect();
        names.dedup();
        names
    }

    pub fn body(&self) -> String {
        encode(&self.fields)
    }

    pub fn value(&self, name: &str) -> &str {
        self.fields.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value.as_str())
    }

    pub fn values(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_str()).collect()
    }
}

impl Browser {
    pub fn new(server: &Server) -> Self {
        Self {
            router: server.router.clone(),
            cookies: BTreeMap::new(),
            at: "/".to_owned(),
            status: StatusCode::OK,
            headers: HeaderMap::new(),
            html: String::new(),
        }
    }

    /// Somebody who has a session already, from the API.
    pub fn signed_in(server: &Server, token: &str) -> Self {
        let mut browser = Self::new(server);
        browser.cookies.insert(SESSION_COOKIE.to_owned(), token.to_owned());
        browser
    }

    /// Somebody of the staff who has a session already.
    pub fn on_duty(server: &Server, token: &str) -> Self {
        let mut browser = Self::new(server);
        browser.cookies.insert(STAFF_COOKIE.to_owned(), token.to_owned());
        browser
    }

    /// Somebody else has signed in on the same device; all its other cookies are still there.
    pub fn passed_on_to(&mut self, token: &str) {
        self.cookies.insert(SESSION_COOKIE.to_owned(), token.to_owned());
    }

    pub fn is_signed_in(&self) -> bool {
        self.cookies.contains_key(SESSION_COOKIE)
    }

    /// The same browser, of somebody who chose English.
    pub fn in_english(&self) -> Self {
        let mut other = self.clone();
        other.cookies.insert(LANGUAGE_FIELD.to_owned(), "en".to_owned());
        other
    }

    /// Posts any bytes as any type, as no browser does.
    pub async fn post(&mut self, path: &str, kind: &str, body: impl Into<Body>) -> &mut Self {
        let next = self.request(Method::POST, path, kind, body.into()).await;
        assert_eq!(next, None, "{path} took nonsense");
        path.clone_into(&mut self.at);
        self.check();
        self
    }

    /// Opens an address, follows where it leads, and checks what every page of one's own must have.
    pub async fn open(&mut self, path: &str) -> &mut Self {
        self.travel(Method::GET, path, String::new()).await;
        self
    }

    /// Opens the link with this text.
    pub async fn follow(&mut self, text: &str) -> &mut Self {
        let href = self.link(text).unwrap_or_else(|| panic!("no link {text:?} at {}:\n{}", self.at, self.html));
        self.open(&href).await
    }

    /// The address of the first link whose text contains this.
    pub fn link(&self, text: &str) -> Option<String> {
        let found =
            |part: &&str| part.split_once("</a>").is_some_and(|(inside, _)| without_tags(inside).contains(text));
        let part = self.html.split("<a ").skip(1).find(found)?;
        attribute(part, "href")
    }

    /// The form with this action, without the query.
    pub fn form(&self, action: &str) -> Form {
        self.forms()
            .into_iter()
            .find(|form| form.action == action)
            .unwrap_or_else(|| panic!("no form {action:?} at {}:\n{}", self.at, self.html))
    }

    fn forms(&self) -> Vec<Form> {
        self.html.split("<form ").skip(1).map(|part| read_form(part, &self.at)).collect()
    }

    /// Sends a form with its first button.
    pub async fn send(&mut self, form: Form) -> &mut Self {
        let body = encode(&form.fields);
        if form.method == "get" {
            self.travel(Method::GET, &format!("{}?{body}", form.action), String::new()).await;
        } else {
            self.travel(Method::POST, &form.action, body).await;
        }
        self
    }

    /// Sends a form with a button that has a name.
    pub async fn press(&mut self, form: Form, name: &str, value: &str) -> &mut Self {
        assert!(
            self.html.contains(&format!("name=\"{name}\" value=\"{}\"", escape(value))),
            "no button {value:?} at {}",
            self.at
        );
        let mut form = form;
        form.fields.push((name.to_owned(), value.to_owned()));
        self.send(form).await
    }

    async fn travel(&mut self, method: Method, path: &str, body: String) {
        let (mut method, mut path, mut body) = (method, path.to_owned(), body);
        for _ in 0..10 {
            let location = self.request(method, &path, FORM, body.into()).await;
            path.split('#').next().unwrap_or_default().clone_into(&mut self.at);
            match location {
                None => {
                    self.check();
                    return;
                }
                Some(next) => (method, path, body) = (Method::GET, next, String::new()),
            }
        }
        panic!("redirects go round at {path}");
    }

    /// One request without following; the address that it leads to, if any.
    async fn request(&mut self, method: Method, path: &str, kind: &str, body: Body) -> Option<String> {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(&method)
            .uri(path.split('#').next().unwrap_or_default())
            .header(header::COOKIE, cookies.join("; "))
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, kind)
            .body(body)
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let sites = if [STAFF_COOKIE, KNOWN_COOKIE].contains(&name) { "SameSite=Strict" } else { "SameSite=Lax" };
            assert!(line.contains("HttpOnly") && line.contains(sites), "{line}");
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        self.status = parts.status;
        self.html = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
        self.headers = parts.headers;
        if self.status == StatusCode::SEE_OTHER {
            return Some(self.headers[header::LOCATION].to_str().unwrap().to_owned());
        }
        None
    }

    /// What every page must have, whatever it says.
    fn check(&self) {
        if !self.header("content-type").starts_with("text/html") {
            return;
        }
        let at = &self.at;
        self.keep_to_look_at();
        assert_eq!(self.html.matches("<h1").count(), 1, "one heading at {at}:\n{}", self.html);
        assert!(!self.html.contains(" style="), "inline style at {at}");
        assert!(!self.html.contains("<script>"), "inline script at {at}");
        let mut seen = std::collections::BTreeSet::new();
        for part in self.html.split(" id=\"").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(seen.insert(id), "id {id} stands twice at {at}");
        }
        for part in self.html.split("href=\"#").skip(1) {
            let id = part.split('"').next().unwrap();
            assert!(seen.contains(id), "a link leads to #{id}, which is not at {at}");
        }
        for form in self.forms() {
            // A language may be set twice; an answer that holds a session, or follows a password, is not kept; and a place in the
            // waiting room is one, however often it is asked for.
            let keyless = form.method == "get"
                || ["/bahasa", "/masuk/kode", "/petugas/masuk", "/petugas/keluar", "/petugas/saya"]
                    .contains(&form.action.as_str())
                || form.action.starts_with("/petugas/undangan/")
                || form.action.ends_with("/tunggu");
            assert!(keyless || !form.value("kunci").is_empty(), "no key in {} at {at}", form.action);
        }
        if self.html.contains("class=\"alert\"") {
            assert!(
                self.html.contains("<title>Kesalahan: ") || self.html.contains("<title>Error"),
                "the title hides the error at {at}"
            );
        }
    }

    /// Writes the page into the folder that `ANTREAN_PAGES_DIR` names, for looking at pages that need somebody signed in.
    fn keep_to_look_at(&self) {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let Ok(folder) = std::env::var("ANTREAN_PAGES_DIR") else { return };
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name: String =
            self.at.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '-' }).take(90).collect();
        std::fs::write(format!("{folder}/{number:03}{name}.html"), &self.html).unwrap();
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// The words of the page, without its tags.
    pub fn text(&self) -> String {
        let body = self.html.split_once("<main").map_or(self.html.as_str(), |(_, main)| main);
        without_tags(body.split("</main>").next().unwrap_or_default())
    }

    pub fn shows(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "{words:?} is not at {}:\n{}", self.at, self.text());
        self
    }

    pub fn hides(&self, words: &str) -> &Self {
        assert!(!self.html.contains(words), "{words:?} is at {}", self.at);
        self
    }

    /// Signs in by phone and code from where it is sent to do so.
    pub async fn sign_in(&mut self, server: &Server, number: u32) -> &mut Self {
        let form = self.form("/masuk").fill("phone", &phone_of(number));
        self.send(form).await;
        let code = server.code_for(&phone_of(number)).await;
        let form = self.form("/masuk/kode").fill("code", &code);
        self.send(form).await
    }

    /// Says who they are, from where it is sent to do so.
    pub async fn say_who(&mut self, number: u32) -> &mut Self {
        let form = self.form("/daftar").tick("consent", "1").pick("sex", "male");
        let form = fill_person(form, number, "Budi Santoso").fill("family_card", "2171 0101 0101 0000");
        self.send(form).await
    }
}

/// Fills the fields about a made-up person.
pub fn fill_person(form: Form, number: u32, name: &str) -> Form {
    form.fill("name", name)
        .fill("nik", &nik_of(number))
        .fill("birth_day", &(1 + number % 28).to_string())
        .fill("birth_month", &(1 + number / 28 % 12).to_string())
        .fill("birth_year", "1990")
}

fn read_form(part: &str, at: &str) -> Form {
    let (head, rest) = part.split_once('>').unwrap();
    let inside = rest.split("</form>").next().unwrap();
    let here = at.split('?').next().unwrap_or_default();
    let mut form = Form {
        method: attribute(head, "method").unwrap_or_else(|| "get".to_owned()),
        action: attribute(head, "action").unwrap_or_else(|| here.to_owned()),
        fields: Vec::new(),
        choices: Vec::new(),
        inputs: Vec::new(),
    };
    for input in inside.split("<input ").skip(1).map(|part| part.split('>').next().unwrap()) {
        let Some(name) = attribute(input, "name") else { continue };
        let value = attribute(input, "value").unwrap_or_default();
        match attribute(input, "type").as_deref() {
            Some("radio" | "checkbox") => {
                if input.contains(" checked") {
                    form.fields.push((name.clone(), value.clone()));
                }
                form.choices.push((name, value));
            }
            Some("hidden") => form.fields.push((name, value)),
            _ => {
                form.inputs.push(name.clone());
                form.fields.push((name, value));
            }
        }
    }
    // Of a list only what was chosen before is sent: a test says what it chooses.
    for list in inside.split("<select ").skip(1).map(|part| part.split("</select>").next().unwrap()) {
        let Some(name) = attribute(list.split('>').next().unwrap(), "name") else { continue };
        for option in list.split("<option").skip(1).map(|part| part.split('>').next().unwrap()) {
            let value = attribute(option, "value").unwrap_or_default();
            if option.contains(" selected") {
                form.fields.push((name.clone(), value.clone()));
            }
            form.choices.push((name.clone(), value));
        }
    }
    form
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = format!(" {tag}");
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    Some(unescape(rest.split('"').next()?))
}

fn unescape(text: &str) -> String {
    text.replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
        .replace("&#38;", "&")
        .replace("&amp;", "&")
}

fn escape(text: &str) -> String {
    text.replace('&', "&#38;").replace('"', "&#34;")
}

fn without_tags(html: &str) -> String {
    let mut text = String::new();
    let mut inside = true;
    for sign in html.chars() {
        match sign {
            '<' => inside = false,
            '>' => {
                inside = true;
                text.push(' ');
            }
            _ if inside => text.push(sign),
            _ => {}
        }
    }
    unescape(&text).split_whitespace().collect::<Vec<_>>().join(" ")
}

fn encode(fields: &[(String, String)]) -> String {
    let escape = |text: &str| -> String {
        text.bytes()
            .map(
                |byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") },
            )
            .collect()
    };
    fields.iter().map(|(name, value)| format!("{}={}", escape(name), escape(value))).collect::<Vec<_>>().join("&")
}
