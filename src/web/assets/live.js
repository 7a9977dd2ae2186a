// The room: fetches the rows again every few seconds. Without this script, reload the page.
(function () {
  "use strict";
  var rows = document.getElementById("live-rows");
  if (!rows) return;
  var notice = document.getElementById("live-notice");
  var every = Number(rows.dataset.every) * 1000;
  function busy() {
    // Whoever is filling in a form is not interrupted.
    return rows.querySelector("details[open]") || rows.contains(document.activeElement) && document.activeElement.matches("input, select");
  }
  function refresh() {
    if (document.visibilityState === "hidden" || busy()) return;
    fetch(rows.dataset.source, { credentials: "same-origin" }).then(function (response) {
      if (response.status === 401) { window.location.reload(); return null; }
      if (!response.ok) throw new Error("later");
      return response.text();
    }).then(function (text) {
      if (text === null || busy()) return;
      // Our own server's markup, the same as in the page.
      rows.innerHTML = text;
      notice.hidden = true;
    }).catch(function () {
      notice.textContent = rows.dataset.lost;
      notice.hidden = false;
    });
  }
  window.setInterval(refresh, every);
  document.addEventListener("visibilitychange", refresh);
})();
