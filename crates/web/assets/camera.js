// The camera at the door: what it reads goes into the field and is sent as if a scanner had typed it. Where the browser reads no QR
// codes itself, a reader is fetched when the camera is first wanted.
(function () {
  var form = document.getElementById("pindai"), field = document.getElementById("shown"), box = document.getElementById("kamera");
  var button = box.querySelector("button"), said = box.querySelector("p"), picture = box.querySelector("video"), words = box.dataset;
  var devices = navigator.mediaDevices;
  // A ticket is held before the camera until its answer is read: it counts again after it was away for so long.
  var AWAY_MS = 5000, LOOK_EVERY_MS = 150;
  var WHY = {
    NotAllowedError: "refused", SecurityError: "refused", NotFoundError: "none", OverconstrainedError: "none", NoReader: "unread",
  };
  var wanted = false, turn = 0, stream = null, reader = null, trustsOwn = "BarcodeDetector" in window, seen = new Map();

  function fetched() {
    return import(words.reader).then(function (made) { return made.BarcodeDetector; }, function () { throw { name: "NoReader" }; });
  }
  function prepare() {
    if (reader) return Promise.resolve();
    var kinds = trustsOwn ? BarcodeDetector.getSupportedFormats() : Promise.resolve([]);
    return kinds.then(function (own) {
      trustsOwn = own.indexOf("qr_code") >= 0;
      return trustsOwn ? BarcodeDetector : fetched();
    }).then(function (Reader) { reader = new Reader({ formats: ["qr_code"] }); });
  }
  function release(of) { if (of) of.getTracks().forEach(function (track) { track.stop(); }); }
  function stop() {
    turn++;
    release(stream);
    stream = picture.srcObject = null;
    picture.hidden = true;
    button.textContent = words.on;
  }
  function end(why) {
    wanted = false;
    stop();
    said.textContent = why || "";
  }
  function explain(error) {
    end(words[WHY[error.name] || "busy"]);
  }
  function take(codes) {
    var now = Date.now();
    seen.forEach(function (at, text) { if (now - at > AWAY_MS) seen.delete(text); });
    codes.forEach(function (code) {
      var text = code.rawValue, typed = field.value, known = seen.has(text);
      seen.set(text, now);
      if (!text || known) return;
      field.value = text;
      form.requestSubmit();
      field.value = typed;
    });
  }
  function look(mine) {
    if (mine !== turn) return;
    // A reader of the browser may be there and fail all the same, as on a phone whose services are old: then the other one reads.
    var read = picture.readyState < 2 ? Promise.resolve() : reader.detect(picture).then(function (codes) {
      if (mine === turn) take(codes);
    }, function () {
      reader = null;
      trustsOwn = false;
      return prepare();
    });
    read.then(function () { setTimeout(look, LOOK_EVERY_MS, mine); }).catch(function (error) { if (mine === turn) explain(error); });
  }
  function start() {
    var mine = ++turn;
    wanted = true;
    said.textContent = "";
    button.textContent = words.off;
    prepare().then(function () {
      return devices.getUserMedia({ video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } } });
    }).then(function (got) {
      // Whoever pressed again or went away meanwhile does not want it any more.
      if (mine !== turn) return release(got);
      stream = got;
      got.getVideoTracks()[0].onended = function () { if (mine === turn) explain({}); };
      picture.srcObject = got;
      picture.hidden = false;
      field.blur();
      said.textContent = words.aim;
      return picture.play().then(function () { look(mine); });
    }).catch(function (error) { if (mine === turn) explain(error); });
  }
  function offer() {
    devices.enumerateDevices().then(function (all) {
      button.hidden = !wanted && !all.some(function (device) { return device.kind === "videoinput"; });
    });
  }

  if (!devices || !devices.getUserMedia || !form.requestSubmit) {
    said.textContent = words.cannot;
    return;
  }
  button.addEventListener("click", function () { if (wanted) end(); else start(); });
  document.addEventListener("visibilitychange", function () { if (document.hidden) stop(); else if (wanted) start(); });
  window.addEventListener("pagehide", stop);
  window.addEventListener("pageshow", function (event) { if (event.persisted && wanted) start(); });
  devices.addEventListener("devicechange", offer);
  offer();
})();
