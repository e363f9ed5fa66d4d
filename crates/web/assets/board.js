// Keeps the display up to date: listens, or asks every two seconds where nothing can be heard; calls new numbers out, and says since
// when it is cut off.
(function () {
  var data = document.body.dataset, seen = null, newest = 0, heard = Date.now();
  // Two counters that call at once may come to light in either order; so much apart they do not.
  var LATE_MS = 60000;
  function by(id) { return document.getElementById(id); }
  function two(number) { return ("0" + number).slice(-2); }
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
    var first = board.calls[0], now = by("kini"), before = by("lalu"), open = {};
    board.calls.forEach(function (call) { if (call.says.length) open[mark(call)] = true; });
    now.textContent = before.textContent = "";
    if (first) line(now, "p", first.number).className = "number";
    line(now, "p", first ? first.counter : data.none).className = "counter";
    board.calls.slice(1).forEach(function (call) {
      var item = line(before, "li", "");
      line(item, "b", call.number);
      item.appendChild(document.createTextNode(" " + call.counter));
    });
    by("tunggu").textContent = board.waiting;
    alive();
    callOut(unheard(board.calls), open);
  }
  function alive() {
    heard = Date.now();
    by("putus").hidden = true;
  }
  function listen() {
    if (!window.EventSource) return;
    var source = new EventSource(data.from + "/arus");
    source.addEventListener("board", function (event) { show(JSON.parse(event.data)); });
    source.addEventListener("tick", alive);
    // A stream that ends is opened again by the browser; one that was refused is tried again later.
    source.onerror = function () { if (source.readyState === 2) setTimeout(listen, 30000); };
  }
  function look() {
    if (Date.now() - heard < 4000) { setTimeout(look, 2000); return; }
    fetch(data.from + "/data", { cache: "no-store" }).then(function (answer) {
      if (!answer.ok) throw new Error("no answer");
      return answer.json();
    }).then(show).catch(function () {
      if (Date.now() - heard < 10000) return;
      by("putus").textContent = data.cut + " " + clock(heard) + " " + data.zone;
      by("putus").hidden = false;
    }).then(function () { setTimeout(look, 2000); });
  }
  setInterval(function () {
    by("jam").textContent = clock(Date.now()) + " " + data.zone;
    by("suara").hidden = !sound || sound.state === "running";
  }, 1000);
  heard -= 4000;
  look();
  listen();
})();
