// The keys of the counter, and a stopwatch. Without this script every key is a button that can be reached with Tab.
(function () {
  document.addEventListener("keydown", function (event) {
    var button = document.querySelector('button[data-key="' + event.key + '"]');
    if (!button || event.repeat || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    button.click();
  });
  // A second press of a key must not send the form again; the server would answer it once all the same.
  document.addEventListener("submit", function (event) {
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = "1";
  });
  // It goes on from what the server says, whatever the device's clock shows.
  var watch = document.querySelector(".watch"), since = watch && performance.now() - (watch.dataset.now - watch.dataset.since);
  if (watch) setInterval(function () {
    var seconds = Math.max(0, Math.floor((performance.now() - since) / 1000));
    watch.textContent = Math.floor(seconds / 60) + ":" + ("0" + seconds % 60).slice(-2);
  }, 1000);
  // Who waits changes while nobody is before the counter, nothing is asked or wrong, and nobody types.
  var home = document.querySelector("[data-home]"), address = home && home.dataset.home;
  function isQuiet() {
    var field = document.activeElement;
    return !document.hidden && !(field && field.value) && !document.querySelector(".now,#ambil,.alert");
  }
  function show(text) {
    var made = new DOMParser().parseFromString(text, "text/html").querySelector("main"), at = document.activeElement;
    if (!made || !made.querySelector("[data-home]")) return location.replace(address);
    var key = at && at.dataset && at.dataset.key;
    document.querySelector("main").replaceWith(document.adoptNode(made));
    var again = key && document.querySelector('button[data-key="' + key + '"]');
    if (again) again.focus();
  }
  if (home && isQuiet()) setInterval(function () {
    if (!isQuiet()) return;
    // A sign-in page instead means that the session is over: the page itself leads there and back.
    fetch(address + "/segar", { headers: { Accept: "text/html" } }).then(function (answer) {
      return answer.redirected ? location.replace(address) : answer.text().then(function (text) { if (isQuiet()) show(text); });
    }).catch(function () { /* The next time comes by itself. */ });
  }, 15000);
})();
