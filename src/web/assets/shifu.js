// Small comforts; every page works without them.
(function () {
  "use strict";
  // A form is sent once: the button rests after the first click. The server refuses doubles anyway.
  document.addEventListener("submit", function (event) {
    var form = event.target;
    var question = form.getAttribute("data-confirm");
    if (question && !window.confirm(question)) {
      event.preventDefault();
      return;
    }
    if (form.method === "post" && !form.hasAttribute("data-stay")) {
      window.setTimeout(function () {
        form.querySelectorAll("button[type=submit]").forEach(function (button) {
          button.disabled = true;
        });
      }, 0);
    }
  });
  // Coming back with the back button finds the buttons awake.
  window.addEventListener("pageshow", function () {
    document.querySelectorAll("form button[type=submit]:disabled").forEach(function (button) {
      if (!button.hasAttribute("data-off")) button.disabled = false;
    });
  });
  // A filter applies itself when a choice changes.
  document.querySelectorAll("form[data-auto] select").forEach(function (select) {
    select.addEventListener("change", function () { select.form.requestSubmit(); });
  });
  document.querySelectorAll("[data-print]").forEach(function (button) {
    button.addEventListener("click", function () { window.print(); });
  });
  // An open menu closes on a click elsewhere or on Escape.
  document.addEventListener("click", function (event) {
    document.querySelectorAll("details.shifu-menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
  });
  document.addEventListener("keydown", function (event) {
    if (event.key === "Escape") {
      document.querySelectorAll("details.shifu-menu[open]").forEach(function (menu) {
        menu.removeAttribute("open");
      });
    }
  });
})();
