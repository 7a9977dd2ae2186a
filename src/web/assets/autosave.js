// A form that saves itself a moment after something changed. Without this script its button does.
(function () {
  "use strict";
  document.querySelectorAll("form[data-autosave]").forEach(function (form) {
    var state = document.getElementById(form.dataset.autosave);
    var busy = false, again = false, timer = 0;

    function tell(words, bad) {
      if (!state) return;
      state.textContent = words;
      state.classList.toggle("text-danger", Boolean(bad));
    }
    // One request at a time, so that an older one never arrives after a newer one.
    function save() {
      if (busy) { again = true; return; }
      if (!form.checkValidity()) { tell(form.dataset.invalid, true); return; }
      busy = true;
      tell(form.dataset.saving);
      fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "manual" })
        .then(function (response) {
          // A redirect is the answer to a form that was taken.
          if (response.type !== "opaqueredirect" && !response.ok) throw new Error(String(response.status));
          tell(form.dataset.saved + " " + new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }));
          progress();
        })
        .catch(function () {
          tell(form.dataset.failed, true);
          window.clearTimeout(timer);
          timer = window.setTimeout(save, 5000);
        })
        .finally(function () {
          busy = false;
          if (again) { again = false; save(); }
        });
    }
    function progress() {
      var bar = document.getElementById(form.dataset.progress || "");
      if (!bar) return;
      var inputs = Array.prototype.slice.call(form.querySelectorAll("input[type=number]"));
      bar.value = inputs.filter(function (input) { return input.value !== ""; }).length;
      if (bar.nextElementSibling) bar.nextElementSibling.textContent = bar.value + "/" + bar.max;
    }
    form.addEventListener("change", function () {
      window.clearTimeout(timer);
      timer = window.setTimeout(save, 600);
    });
  });
})();
