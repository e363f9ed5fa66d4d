// Keeps the waiting room up to date from the public state of the line, which is the same few bytes for everybody. Without this
// script the page loads itself again at the pace that the server names.
(function () {
  var now = document.getElementById("kini");
  if (!now || !now.dataset.line || !window.fetch) return;
  var data = now.dataset, hall = +data.hall, lang = document.documentElement.lang, title = document.title;
  var value = "value" in data ? +data.value : null, number = "number" in data ? +data.number : null;
  var said = [1, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 720];

  // Not all at once: who has just heard that something changed asks for the page within a few seconds.
  function reload() { setTimeout(function () { location.reload(); }, Math.random() * 4000); }

  function later(seconds) { setTimeout(look, seconds * 1000 * (1 + Math.random() / 4)); }

  function show(line) {
    var first = Math.max(0, hall - line.threshold) * line.present / hall, ahead;
    if (line.phase !== data.phase) return reload();
    if (line.phase !== "admitting" || (value === null && number === null)) return later(line.look_again_s);
    if (number !== null) {
      if (line.threshold >= hall && number <= line.admitted) return reload();
      ahead = first + Math.max(0, number - line.admitted - 1);
    } else {
      if (value < line.threshold) return reload();
      ahead = (value - line.threshold) * line.present / hall;
    }
    ahead = Math.ceil(ahead);
    var text = ahead.toLocaleString(lang), shown = document.getElementById("depan"), range = document.getElementById("kira");
    if (shown && shown.textContent !== text) { shown.textContent = text; document.title = "(" + text + ") " + title; }
    if (range && line.rate_per_minute > 0) {
      var low = ahead * 0.6 / line.rate_per_minute, high = ahead * 1.6 / line.rate_per_minute;
      var from = said.filter(function (n) { return n <= low; }).pop() || 0;
      var to = said.filter(function (n) { return n >= high; })[0];
      if (to) range.textContent = (from ? data_of(range, "range") : data_of(range, "below")).replace("{0}", from).replace("{1}", to);
    }
    // Soon when near, later when far.
    var away = line.rate_per_minute > 0 ? ahead * 60 / line.rate_per_minute : 60;
    later(Math.max(line.look_again_s, Math.min(60, away / 6)));
  }

  function data_of(element, name) { return element.dataset[name]; }

  function look() {
    if (document.hidden) return document.addEventListener("visibilitychange", look, { once: true });
    fetch(data.line).then(function (answer) { return answer.ok ? answer.json() : null; }).then(function (line) {
      if (line) show(line); else later(30);
    }).catch(function () { later(30); });
  }

  later(+data.look || 5);
})();
