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
  var watch = document.querySelector(".watch"), since = watch && +watch.dataset.since;
  if (since) setInterval(function () {
    var seconds = Math.max(0, Math.floor((Date.now() - since) / 1000));
    watch.textContent = Math.floor(seconds / 60) + ":" + ("0" + seconds % 60).slice(-2);
  }, 1000);
  // Who waits changes while nobody is before the counter, nothing is asked or wrong, and nobody types.
  var home = document.querySelector("[data-home]");
  if (home && !document.querySelector(".now,#ambil,.alert")) setInterval(function () {
    var field = document.activeElement;
    if (!document.hidden && !(field && field.value)) location.replace(home.dataset.home);
  }, 15000);
})();
