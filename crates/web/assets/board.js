// Keeps the display up to date: listens, or asks every two seconds where nothing can be heard; calls new numbers out, says since when it
// is cut off, and shows nothing of a day that is over. It runs for weeks without being touched.
(function () {
  var data = document.body.dataset, seen = null, newest = 0;
  // Ages are counted by a clock that nobody sets: what was heard when, in milliseconds since the page was opened.
  var SILENT_MS = 4000, CUT_MS = 10000, ANSWER_MS = 10000, STREAM_SILENT_MS = 45000, STILL_MS = 3000;
  // Two counters that call at once may come to light in either order; so much apart they do not.
  var LATE_MS = 60000;
  function by(id) { return document.getElementById(id); }
  function two(number) { return ("0" + number).slice(-2); }
  // The time is the server's: the page and every answer carry it, and between them the display counts on, whatever the clock of the
  // television says. Of the two ways to count the longer is right: one stands still while the device sleeps, the other may be set back.
  var time = {};
  function set(server, at) { time = { server: +server, count: at, clock: Date.now() - (performance.now() - at) }; }
  function now() { return time.server + Math.max(performance.now() - time.count, Date.now() - time.clock); }
  function day(at) { return Math.floor((at + data.offset * 60000) / 86400000); }
  var page = performance.getEntriesByType("navigation")[0];
  set(data.now, page && page.responseStart || performance.now());
  var shownOn = day(now()), heard = performance.now() - SILENT_MS, heardAt = now();
  function clock(at) {
    var local = new Date(at + data.offset * 60000);
    return two(local.getUTCHours()) + "." + two(local.getUTCMinutes());
  }
  function line(parent, name, text) {
    var made = document.createElement(name);
    made.textContent = text;
    parent.appendChild(made);
    return made;
  }

  // The voice: clips in one file, and where in it each word is, in milliseconds. A display without sound still shows everything.
  var CHIME_S = 1, BREATH_S = 0.25, BETWEEN_WORDS_S = 0.04, WAITING_MAX = 3;
  var Sound = window.AudioContext || window.webkitAudioContext, sound = null, clips = null, words = {}, waiting = [], speaking = false;
  function load() {
    var voice = fetch(data.voice).then(function (answer) { return answer.arrayBuffer(); }).then(function (bytes) {
      return new Promise(function (good, bad) { sound.decodeAudioData(bytes, good, bad); });
    });
    var index = fetch(data.words).then(function (answer) { return answer.json(); });
    Promise.all([voice, index]).then(function (both) {
      words = both[1];
      clips = both[0];
    }).catch(function () { /* The chime sounds alone, and the next call tries again. */ });
  }
  function chime(at) {
    return [880, 660].map(function (pitch, step) {
      var tone = sound.createOscillator(), level = sound.createGain(), from = at + step * 0.35;
      tone.frequency.value = pitch;
      level.gain.setValueAtTime(0.3, from);
      level.gain.exponentialRampToValueAtTime(0.001, from + 0.6);
      tone.connect(level);
      level.connect(sound.destination);
      tone.start(from);
      tone.stop(from + 0.6);
      return tone;
    }).pop();
  }
  function clip(word, at) {
    var source = sound.createBufferSource();
    source.buffer = clips;
    source.connect(sound.destination);
    source.start(at, words[word][0] / 1000, words[word][1] / 1000);
    return source;
  }
  function speak() {
    var call = waiting.shift(), at, last, whole;
    speaking = !!call;
    if (!call) return;
    at = sound.currentTime + 0.05;
    last = chime(at);
    at += CHIME_S;
    // Half a call would mislead: all of it is said, or the chime sounds alone.
    whole = clips && call.says.every(function (phrase) { return phrase.every(function (word) { return words[word]; }); });
    if (whole) call.says.forEach(function (phrase) {
      phrase.forEach(function (word) {
        last = clip(word, at);
        at += words[word][1] / 1000 + BETWEEN_WORDS_S;
      });
      at += BREATH_S;
    });
    if (!clips) load();
    last.onended = function () {
      if (whole) data.said = call.number + ": " + call.says.map(function (phrase) { return phrase.join(" "); }).join(", ");
      speak();
    };
  }
  // Calls that come while another is spoken wait; what is over by then, and the oldest of many, is only shown.
  function callOut(fresh, open) {
    if (!sound) return;
    waiting = waiting.filter(function (call) { return open[mark(call)]; }).concat(fresh).slice(-WAITING_MAX);
    if (sound.state !== "running") {
      if (waiting.length) sound.resume();
      waiting = [];
    } else if (!speaking) speak();
  }
  // Browsers keep sound back until somebody has touched the page; the chime then tells that it can be heard.
  function allow() {
    if (sound && sound.state !== "running") sound.resume().then(function () { chime(sound.currentTime); });
  }
  try {
    if (!/[?&]suara=0(&|$)/.test(location.search)) {
      sound = new Sound();
      load();
      ["pointerup", "keydown"].forEach(function (touch) { document.addEventListener(touch, allow); });
    }
  } catch (silent) { /* No sound here. */ }

  function mark(call) { return call.number + " " + call.at; }
  // What was called since the last look. The first look says nothing, and an old call that comes to light again neither.
  function unheard(calls) {
    var before = newest, fresh = calls.filter(function (call) {
      return seen && call.says.length && call.at > before - LATE_MS && !(mark(call) in seen);
    });
    seen = seen || {};
    calls.forEach(function (call) {
      seen[mark(call)] = call.at;
      newest = Math.max(newest, call.at);
    });
    Object.keys(seen).forEach(function (known) { if (seen[known] < newest - LATE_MS) delete seen[known]; });
    return fresh.reverse();
  }
  function show(board) {
    var first = board.calls[0], current = by("kini"), before = by("lalu"), open = {};
    board.calls.forEach(function (call) { if (call.says.length) open[mark(call)] = true; });
    current.textContent = before.textContent = "";
    if (first) line(current, "p", first.number).className = "number";
    line(current, "p", first ? first.counter : data.none).className = "counter";
    board.calls.slice(1).forEach(function (call) {
      var item = line(before, "li", "");
      line(item, "b", call.number);
      item.appendChild(document.createTextNode(" " + call.counter));
    });
    by("tunggu").textContent = board.waiting;
    shownOn = day(now());
    return open;
  }
  function told(board) {
    alive(board.now);
    callOut(unheard(board.calls), show(board));
  }
  function alive(server) {
    set(server, performance.now());
    heard = performance.now();
    heardAt = now();
    by("putus").hidden = true;
  }
  // A stream that ends is opened again by the browser; one that was refused, or that has died without a word, is opened anew.
  var source = null, streamed = 0;
  function listen() {
    if (!window.EventSource) return;
    if (source) source.close();
    source = new EventSource(data.from + "/arus");
    streamed = performance.now();
    source.addEventListener("board", function (event) { streamed = performance.now(); told(JSON.parse(event.data)); });
    source.addEventListener("tick", function (event) { streamed = performance.now(); alive(event.data); });
  }
  function look() {
    if (performance.now() - heard < SILENT_MS) { setTimeout(look, 2000); return; }
    var late = new AbortController(), timer = setTimeout(function () { late.abort(); }, ANSWER_MS);
    fetch(data.from + "/data", { cache: "no-store", signal: late.signal }).then(function (answer) {
      if (!answer.ok) throw new Error("no answer");
      return answer.json();
    }).then(told).catch(function () {
      if (performance.now() - heard < CUT_MS) return;
      by("putus").textContent = data.cut + " " + clock(heardAt) + " " + data.zone;
      by("putus").hidden = false;
    }).then(function () { clearTimeout(timer); setTimeout(look, 2000); });
  }

  // The screen stays on where the device lets it; the arrow goes away while nobody moves it.
  function stayOn() {
    if (!navigator.wakeLock || document.hidden) return;
    navigator.wakeLock.request("screen").then(function (lock) {
      document.body.dataset.awake = "";
      lock.addEventListener("release", function () {
        delete document.body.dataset.awake;
        setTimeout(stayOn, 1000);
      });
    }).catch(function () { setTimeout(stayOn, 60000); });
  }
  document.addEventListener("visibilitychange", stayOn);
  stayOn();
  var still = 0;
  function moved() {
    document.body.classList.remove("still");
    clearTimeout(still);
    still = setTimeout(function () { document.body.classList.add("still"); }, STILL_MS);
  }
  ["pointermove", "pointerdown"].forEach(function (kind) { document.addEventListener(kind, moved); });
  moved();

  function tick() {
    by("jam").textContent = clock(now()) + " " + data.zone;
    by("suara").hidden = !sound || sound.state === "running";
    if (day(now()) !== shownOn) show({ calls: [], waiting: "" });
    if (performance.now() - streamed > STREAM_SILENT_MS) listen();
  }
  setInterval(tick, 1000);
  listen();
  tick();
  look();
})();
