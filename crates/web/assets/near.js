// Fills the position into the form on the page of offices, when the reader asks for it. Without it the search works as well.
(function () {
  var button = document.getElementById("near");
  if (!button || !navigator.geolocation) return;
  button.hidden = false;
  button.addEventListener("click", function () {
    button.disabled = true;
    navigator.geolocation.getCurrentPosition(function (at) {
      // Two decimals are about a kilometre: enough for a list by distance, and no more than the server needs to know.
      location.href = "/kantor?lat=" + at.coords.latitude.toFixed(2) + "&lon=" + at.coords.longitude.toFixed(2);
    }, function () {
      button.disabled = false;
      document.getElementById("near-failed").hidden = false;
    }, { timeout: 15000, maximumAge: 600000 });
  });
})();
