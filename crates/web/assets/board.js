// Keeps the display up to date: listens, or asks every two seconds where nothing can be heard; sounds a chime for a new call, and says
// since when it is cut off.
(function () {
  var data = document.body.dataset, seen = null, heard = Date.now();
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
  function chime() {
    try {
      var sound = new AudioContext();
      [880, 660].forEach(function (pitch, step) {
        var tone = sound.createOscillator(), level = sound.createGain(), from = sound.currentTime + step * 0.35;
        tone.frequency.value = pitch;
        level.gain.setValueAtTime(0.3, from);
        level.gain.exponentialRampToValueAtTime(0.001, from + 0.6);
        tone.connect(level).connect(sound.destination);
        tone.start(from);
        tone.stop(from + 0.6);
      });
      setTimeout(function () { sound.close(); }, 2000);
    } catch (silent) { /* A display without sound still shows. */ }
  }
  function show(board) {
    var first = board.calls[0], now = by("kini"), before = by("lalu");
    var mark = first ? first.number + first.at : "";
    if (seen !== null && first && mark !== seen) chime();
    seen = mark;
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
  setInterval(function () { by("jam").textContent = clock(Date.now()) + " " + data.zone; }, 1000);
  heard -= 4000;
  look();
  listen();
})();
