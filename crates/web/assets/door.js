// The door: the field keeps the focus, the answer comes into the page and has a sound, so that a camera goes on; and without a network
// tickets are checked here, kept, and sent later, by whoever kept them.
(function () {
  var form = document.getElementById("pindai"), field = document.getElementById("shown"), data = form.dataset;
  var LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ$*-.:", OFFICE = " -0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  var STORE = "antrean-pintu-" + data.office, KEPT_MAX = 2000, REACH_MS = 3000, ANSWER_MS = 15000, EARLY_MIN = 30;
  var FILLED = STORE + "-isian", CLOCK_OFF_MS = 120000, SAID_MAX = 12;
  // What an answer changes of the page; the form for people without a ticket stays as far as it is filled in.
  var PARTS = ["salah", "jawab", "hari", "terakhir"];

  // The time is the server's: every page of the door carries it, and the device counts on from there, whatever its own clock says. Of
  // the two ways to count the longer is right: one stands still while the device sleeps, the other may be set back.
  var time = {};
  function set(from, at) {
    time = { server: +from.now, ahead: +from.ahead, count: at, clock: Date.now() - (performance.now() - at) };
    compare();
  }
  function now() { return time.server + Math.max(performance.now() - time.count, Date.now() - time.clock); }
  // In a demo the server's time is made up, so much ahead.
  function compare() {
    var off = Math.round(Math.abs(Date.now() + time.ahead - now()) / 60000), line = document.getElementById("jam");
    line.hidden = Math.abs(Date.now() + time.ahead - now()) <= CLOCK_OFF_MS;
    line.textContent = data.clock.replace("{0}", off);
  }
  var page = performance.getEntriesByType("navigation")[0];
  set(data, page && page.responseStart || performance.now());
  setInterval(compare, 30000);

  function beep(signal) {
    try {
      var sound = new AudioContext(), pitches = { green: [1040], amber: [780, 780], red: [260] }[signal] || [];
      pitches.forEach(function (pitch, step) {
        var tone = sound.createOscillator(), from = sound.currentTime + step * 0.25;
        tone.frequency.value = pitch;
        tone.connect(sound.destination);
        tone.start(from);
        tone.stop(from + (signal === "red" ? 0.6 : 0.15));
      });
      setTimeout(function () { sound.close(); }, 1500);
    } catch (silent) { /* Words and colour say it too. */ }
  }
  function focus() {
    // The keyboard of a phone would come up before the camera's picture.
    if (document.querySelector("#kamera video:not([hidden])") && matchMedia("(pointer: coarse)").matches) return;
    var at = document.activeElement;
    if (!at || at === document.body) { field.focus(); field.select(); }
  }
  function sound() {
    var answer = document.querySelector(".says");
    if (answer) beep(answer.dataset.signal); else if (document.querySelector(".alert")) beep("red");
  }
  sound();
  setInterval(focus, 1000);
  focus();

  function kept() { try { return JSON.parse(localStorage.getItem(STORE)) || []; } catch (broken) { return []; } }
  function keep(all) { localStorage.setItem(STORE, JSON.stringify(all)); tell(); }
  // With the key under which it was sent already, it is the same request once more, and counts nobody twice.
  function put(shown, people, asked, key) {
    var all = kept();
    if (all.length >= KEPT_MAX || all.some(function (one) { return one.shown === shown; })) return;
    people = /^\d+$/.test(people) ? people : "";
    all.push({ kunci: key || newKey(), shown: shown, people: people, seen: key ? "" : Math.round(now()), by: data.officer, name: data.name, asked: asked });
    keep(all);
  }
  // What somebody kept is sent under their name alone; whoever takes it on says so.
  function isOwn(one) { return !one.by || one.by === data.officer; }
  var ended = false;
  function tell() {
    var all = kept(), own = all.filter(isOwn).length, others = all.filter(function (one) { return !isOwn(one); });
    var line = document.getElementById("simpan");
    function part(name, text) {
      var made = document.createElement(name);
      made.textContent = text;
      line.append(made, " ");
      return made;
    }
    line.textContent = "";
    line.hidden = !all.length && !ended;
    if (ended) part("a", data.ended).href = data.signIn;
    if (own) part("span", data.kept.replace("{0}", own));
    if (!others.length) return;
    part("span", data.others.replace("{0}", others.length).replace("{1}", others[0].name));
    part("button", data.takeOn).className = "btn second";
    line.lastElementChild.type = "button";
    line.lastElementChild.addEventListener("click", function () {
      keep(kept().map(function (one) { one.by = data.officer; return one; }));
      send();
    });
  }

  function bytes(text) {
    var out = [], group, value, place;
    for (place = 0; place < text.length; place += 3) {
      group = text.slice(place, place + 3);
      value = 0;
      for (var letter = group.length - 1; letter >= 0; letter--) {
        var digit = LETTERS.indexOf(group[letter]);
        if (digit < 0) return null;
        value = value * 41 + digit;
      }
      if (group.length === 3 && value < 65536) out.push(value >> 8, value & 255);
      else if (group.length === 2 && value < 256) out.push(value);
      else return null;
    }
    return new Uint8Array(out);
  }
  function hex(text) { return new Uint8Array(text.match(/../g).map(function (pair) { return parseInt(pair, 16); })); }
  // What a ticket says of itself: office, date and start. The server reads the same bytes in the same way.
  function facts(raw) {
    var packed = 0n, place, office = "", days = raw[10] << 16 | raw[11] << 8 | raw[12], minutes = (raw[13] << 8 | raw[14]) >> 3;
    for (place = 2; place < 10; place++) packed = packed << 8n | BigInt(raw[place]);
    for (place = 0; place < 12; place++) { office = OFFICE[Number(packed % 38n)] + office; packed /= 38n; }
    // Days are counted from -9999-01-01, which is 4371587 days before 1970.
    var date = new Date((days - 4371587) * 86400000).toISOString().slice(0, 10);
    return { office: office.trim(), date: date, minutes: minutes };
  }
  function checked(text) {
    var raw = bytes(text.trim().toUpperCase());
    if (!raw || raw.length < 81 || raw.length > 89 || raw[0] !== 1) return Promise.resolve(null);
    var signed = raw.slice(0, raw.length - 64), label = new TextEncoder().encode("antrean/ticket/v1\n");
    var whole = new Uint8Array(label.length + signed.length);
    whole.set(label);
    whole.set(signed, label.length);
    return crypto.subtle.importKey("raw", hex(data.ticketKey), { name: "Ed25519" }, false, ["verify"]).then(function (key) {
      return crypto.subtle.verify("Ed25519", key, raw.slice(raw.length - 64), whole);
    }).then(function (good) { return good ? facts(raw) : false; });
  }
  function say(signal, title, more, besides) {
    var box = document.getElementById("jawab"), part = document.createElement("section");
    part.className = "says " + signal;
    part.dataset.signal = signal;
    [["p", { green: "✔", amber: "!", red: "✖" }[signal], "sign"], ["h2", title, ""], ["p", more, ""]].forEach(function (line) {
      var made = document.createElement(line[0]);
      made.textContent = line[1];
      made.className = line[2];
      part.appendChild(made);
    });
    document.getElementById("salah").textContent = "";
    if (!besides) box.textContent = "";
    box.appendChild(part);
    while (box.children.length > SAID_MAX) box.firstElementChild.remove();
    box.scrollIntoView({ block: "nearest" });
    beep(signal);
  }
  function newKey() {
    return Array.from(crypto.getRandomValues(new Uint8Array(12)), function (b) { return ("0" + b.toString(16)).slice(-2); }).join("");
  }
  // Somebody's name or the end of a NIK: what is looked for, and not shown.
  function looked(shown) { return /^\d{4}$/.test(shown) || !/\d/.test(shown) && !/^[a-z]{1,3}-[a-z0-9]+$/i.test(shown); }
  function offline(shown, people, key) {
    if (looked(shown.trim())) return say("amber", data.unreached, data.noNames);
    function remember(signal, title, more) {
      put(shown, people, false, key);
      say(signal, title, more);
    }
    var check;
    try { check = checked(shown); } catch (old) { check = Promise.reject(old); }
    check.then(function (ticket) {
      if (ticket === false) return say("red", data.forged, "");
      if (!ticket) return remember("amber", data.unchecked, shown);
      var here = new Date(now() + data.offset * 60000), date = here.toISOString().slice(0, 10);
      var early = ticket.minutes - here.getUTCHours() * 60 - here.getUTCMinutes() > EARLY_MIN;
      var hour = ("0" + Math.floor(ticket.minutes / 60)).slice(-2) + "." + ("0" + ticket.minutes % 60).slice(-2);
      if (ticket.office !== data.office || ticket.date !== date) return say("red", data.elsewhere, ticket.office + " " + ticket.date + " " + hour);
      if (early) remember("amber", data.early, hour); else remember("green", data.ok, hour);
    }).catch(function () { remember("amber", data.unchecked, shown); });
  }
  function within(ms, address, options) {
    var late = new AbortController(), timer = setTimeout(function () { late.abort(); }, ms);
    options.signal = late.signal;
    return fetch(address, options).then(function (answer) {
      return answer.text().then(function (text) {
        clearTimeout(timer);
        return { ok: answer.ok, status: answer.status, at: answer.redirected ? answer.url : "", text: text };
      });
    });
  }
  // Whether the server can be reached is found out, not believed: a cable may be in and the line beyond it dead.
  function reach() {
    return within(REACH_MS, "/livez", { cache: "no-store" }).then(function (alive) { if (!alive.ok) throw alive; });
  }
  // The session is over: what was scanned and not answered is kept, and whoever signs in again is back at this page, which sends it.
  var open = [], leaving = false;
  function isOver(answer) { return answer.at && new URL(answer.at).pathname === data.signIn.split("?")[0]; }
  function signIn() {
    if (leaving) return;
    leaving = true;
    open.forEach(keepScan);
    location.assign(data.signIn);
  }
  // A name stays on no device.
  function keepScan(body) {
    var shown = body.get("shown");
    if (shown && !looked(shown.trim())) put(shown, body.get("people"), true);
  }
  // A number of people that did not fit, and with what: it is not said of what is scanned next.
  var refused = null;
  function show(made) {
    PARTS.forEach(function (id) {
      var part = document.getElementById(id);
      part.textContent = "";
      part.append.apply(part, Array.from(made.getElementById(id).childNodes));
    });
    document.title = made.title;
    set(made.getElementById("pindai").dataset, performance.now());
    // What was looked for stays, and gives way to what is scanned next.
    var idle = !field.value && !form.elements.people.value, people = made.getElementById("people").value;
    if (!field.value) { field.value = made.getElementById("shown").value; field.select(); }
    if (idle) form.elements.people.value = people;
    refused = idle && people ? { shown: field.value, people: people } : null;
    document.getElementById("jawab").scrollIntoView({ block: "nearest" });
    sound();
  }
  function ask(sent, body) {
    var shown = body.get("shown");
    // What has no ticket in it, or another answer than a page of the door, is left to the browser.
    function leave() {
      sent.elements.kunci.value = body.get("kunci");
      if (sent === form) { field.value = shown; form.elements.people.value = body.get("people"); }
      sent.submit();
    }
    var reached = false;
    if (leaving) return;
    return reach().then(function () {
      reached = true;
      return within(ANSWER_MS, sent.action, { method: "POST", body: body, headers: { Accept: "text/html" } });
    }).then(function (answer) {
      if (isOver(answer)) return signIn();
      var made = new DOMParser().parseFromString(answer.text, "text/html");
      if (PARTS.every(function (id) { return made.getElementById(id); })) show(made); else leave();
    }, function () {
      if (shown) offline(shown, body.get("people"), reached && body.get("kunci"));
      else if (reached) leave();
      else say("amber", data.unreached, data.unsent);
    });
  }
  // People without a ticket: what was filled in stays until there is an answer. So does the key of the form: whoever asks again because
  // an answer was lost gets the same number.
  function receive(sent) {
    var body = new URLSearchParams(new FormData(sent)), reached = false;
    if ("sent" in sent.dataset) return;
    sent.dataset.sent = "";
    reach().then(function () {
      reached = true;
      return within(ANSWER_MS, sent.action, { method: "POST", body: body, headers: { Accept: "text/html" } });
    }).then(function (answer) {
      if (answer.status >= 500) throw answer;
      if (isOver(answer)) {
        sessionStorage.setItem(FILLED, body);
        return signIn();
      }
      // Asked once more with the same key, the server says once more what is to be put right.
      if (answer.at) location.assign(answer.at); else sent.submit();
    }).catch(function () {
      say("amber", data.unreached, reached ? data.unanswered : data.unsent);
    }).then(function () { delete sent.dataset.sent; });
  }
  function fillIn(sent) {
    var filled = sessionStorage.getItem(FILLED);
    sessionStorage.removeItem(FILLED);
    if (filled) new URLSearchParams(filled).forEach(function (value, name) {
      var at = sent.elements[name];
      if (!at || at.type === "hidden") return;
      if (at.type === "checkbox") at.checked = true; else at.value = value;
    });
  }
  var walkIn = document.querySelector("form[data-stays]");
  if (walkIn) fillIn(walkIn);
  // One after the other, as they came: a scanner does not wait for the answer.
  var line = Promise.resolve();
  document.addEventListener("submit", function (event) {
    var sent = event.target, body = new URLSearchParams(new FormData(sent));
    if (walkIn && sent === walkIn) {
      event.preventDefault();
      return receive(sent);
    }
    if (!("here" in sent.dataset)) return;
    event.preventDefault();
    // A scanner may send two ends of a line, and a hand is impatient: nothing was shown.
    if (sent === form && !field.value.trim()) return;
    body.set("kunci", newKey());
    if (sent === form && refused && body.get("people") === refused.people && body.get("shown") !== refused.shown) body.set("people", "");
    if (sent === form) refused = null;
    if (sent === form) { field.value = ""; form.elements.people.value = ""; }
    if (leaving) return keepScan(body);
    open.push(body);
    function next() { return ask(sent, body); }
    function done() { open.splice(open.indexOf(body), 1); }
    line = line.then(next, next).then(done, done);
  });
  var sending = false;
  function send() {
    var one = kept().filter(isOwn)[0];
    if (!one || sending || leaving || navigator.onLine === false) return;
    sending = true;
    var body = new URLSearchParams([["kunci", one.kunci], ["shown", one.shown], ["people", one.people], ["seen", one.seen], ["by", data.officer]]);
    within(ANSWER_MS, data.send, { method: "POST", body: body, headers: { Accept: "application/json" } }).then(function (answer) {
      // Nobody is signed in any more, or somebody else is: what is kept stays kept.
      ended = answer.status === 401 || answer.status === 409;
      if (ended || !answer.ok && answer.status !== 400) return tell();
      var told = answer.ok ? JSON.parse(answer.text) : { signal: "red", title: data.unchecked };
      if (answer.ok) set(told, performance.now());
      // Whoever was let in here and is refused there must not be lost from sight; nor the answer to whom a session's end cut off.
      if (told.signal === "red") say("red", told.title, one.shown, true);
      else if (one.asked) say(told.signal, told.title, told.number, true);
      keep(kept().filter(function (other) { return other.kunci !== one.kunci; }));
      return true;
    }).catch(function () { /* The next try comes by itself. */ }).then(function (more) {
      sending = false;
      if (more) send();
    });
  }
  setInterval(send, 10000);
  window.addEventListener("online", send);
  tell();
  send();
})();
