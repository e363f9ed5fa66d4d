// Passkeys: asks the server what is to be signed and the browser for a signature, and sends it with the form. Where the browser has no
// passkeys, or the page is at another address than the keys are for, the forms stay hidden and a line says so.
(function () {
  var alphabet = { "+": "-", "/": "_" };
  function text(buffer) {
    var all = Array.from(new Uint8Array(buffer), function (one) { return String.fromCharCode(one); }).join("");
    return btoa(all).replace(/[+/]/g, function (sign) { return alphabet[sign]; }).replace(/=+$/, "");
  }
  function bytes(text) {
    return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), function (sign) { return sign.charCodeAt(0); });
  }
  function known(list) {
    (list || []).forEach(function (one) { one.id = bytes(one.id); });
  }
  function make(options) {
    options.user.id = bytes(options.user.id);
    known(options.excludeCredentials);
    return navigator.credentials.create({ publicKey: options }).then(function (made) {
      return { clientDataJSON: text(made.response.clientDataJSON), attestationObject: text(made.response.attestationObject) };
    });
  }
  function sign(options) {
    known(options.allowCredentials);
    return navigator.credentials.get({ publicKey: options }).then(function (signed) {
      var said = signed.response;
      return {
        id: text(signed.rawId), clientDataJSON: text(said.clientDataJSON), authenticatorData: text(said.authenticatorData),
        signature: text(said.signature), userHandle: text(said.userHandle || new ArrayBuffer(0)),
      };
    });
  }
  function ask(form) {
    return fetch(form.dataset.begin, { method: "POST", headers: { accept: "application/json" } }).then(function (answer) {
      // Whoever is signed out by now signs in first.
      if (answer.status === 401) location.reload();
      return answer.json();
    });
  }
  document.querySelectorAll("form[data-passkey]").forEach(function (form) {
    if (!window.PublicKeyCredential || location.hostname !== form.dataset.host) return;
    var said = form.querySelector("[role=status]"), field = form.elements.passkey, busy = false;
    form.hidden = false;
    form.nextElementSibling.hidden = true;
    form.addEventListener("submit", function (event) {
      if (field.value) return;
      event.preventDefault();
      if (busy) return;
      busy = true;
      said.textContent = "";
      ask(form).then(function (question) {
        if (!question.options) throw { said: question.refused || question.detail };
        question.options.challenge = bytes(question.options.challenge);
        return (form.dataset.passkey === "make" ? make : sign)(question.options).then(function (answer) {
          answer.ceremony = question.ceremony;
          field.value = JSON.stringify(answer);
          form.submit();
        });
      }).catch(function (error) {
        said.textContent = error.said || (error.name === "InvalidStateError" ? form.dataset.known : form.dataset.failed);
      }).then(function () { busy = false; });
    });
  });
  // A page that comes back from the browser's memory must not send an answer twice.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form[data-passkey]").forEach(function (form) { form.elements.passkey.value = ""; });
  });
})();
