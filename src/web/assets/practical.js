// The score sheet: saves each line as it is scored, survives lost Wi-Fi, shows the station's time.
// Without this script a station is one form with "Save and go on".
(function () {
  "use strict";
  var root = document.getElementById("practical");
  if (!root) return;
  var say = JSON.parse(root.dataset.messages);
  var path = root.dataset.path;
  var form = document.getElementById("practical-form");
  var notice = document.getElementById("practical-notice");
  var stateLine = document.getElementById("practical-state");
  var KEY = "shifu-practical-" + root.dataset.seat;
  var station = form ? form.elements.station.value : "";

  function load() {
    try { return JSON.parse(window.localStorage.getItem(KEY)) || {}; } catch (e) { return {}; }
  }
  function store() {
    // A full or forbidden store is no reason to stop: the scores still go to the server.
    try {
      if (Object.keys(queue).length) window.localStorage.setItem(KEY, JSON.stringify(queue));
      else window.localStorage.removeItem(KEY);
    } catch (e) { /* kept in memory */ }
  }
  // "station/line" -> what the server has not acknowledged yet, whatever station is shown.
  var queue = load();
  var had = Object.keys(queue).length > 0;
  var editions = {};

  function warn(text) { notice.textContent = text; notice.hidden = !text; }
  function box(line) {
    return form && form.querySelector("[data-line='" + line + "']");
  }
  function boxOf(key) {
    return key.indexOf(station + "/") === 0 ? box(key.slice(station.length + 1)) : null;
  }
  function says(key, text) {
    var found = boxOf(key);
    if (found) found.querySelector("[data-saved]").textContent = text;
  }
  function chosen(found) {
    var input = found.querySelector("input[type=radio]:checked");
    return input ? Number(input.value) : null;
  }
  function noteOf(found) { return found.querySelector("textarea").value.trim(); }
  function show(found, points, note) {
    found.querySelectorAll("input[type=radio]").forEach(function (input) {
      input.checked = Number(input.value) === points;
    });
    found.querySelector("textarea").value = note;
  }
  function known(key, edition) {
    editions[key] = Math.max(editions[key] || 0, edition);
    var found = boxOf(key);
    if (found) form.elements["edition-" + found.dataset.line].value = edition;
  }
  // A failed critical step has to be explained: the note opens by itself.
  function mark(found) {
    var fails = found.classList.contains("critical") && chosen(found) === 0;
    if (fails) found.querySelector("details").open = true;
    if (fails && !noteOf(found)) found.querySelector("[data-saved]").textContent = say.sayWhy;
  }

  function changed(found) {
    var points = chosen(found);
    if (points === null) return;
    var key = station + "/" + found.dataset.line;
    editions[key] = (editions[key] || 0) + 1;
    queue[key] = { station: station, line: found.dataset.line, points: points, note: noteOf(found), edition: editions[key] };
    store();
    says(key, say.saving);
    mark(found);
    pump();
  }

  var busy = false, delay = 1000, timer = null;
  function later() {
    window.clearTimeout(timer);
    timer = window.setTimeout(pump, delay);
    delay = Math.min(delay * 2, 15000);
  }
  function pump() {
    if (busy) return;
    var key = Object.keys(queue)[0];
    if (key === undefined) {
      stateLine.textContent = Object.keys(editions).length ? say.allSaved : "";
      // What is checked before signing must be what the server has.
      if (had && root.hasAttribute("data-check")) window.location.reload();
      return;
    }
    var sent = queue[key];
    busy = true;
    stateLine.textContent = say.saving;
    post(sent).then(function (answer) {
      busy = false;
      delay = 1000;
      handle(key, sent, answer);
    }, function () {
      busy = false;
      warn(say.offline);
      Object.keys(queue).forEach(function (one) { says(one, say.waiting); });
      stateLine.textContent = say.waiting + ": " + Object.keys(queue).length;
      later();
    });
  }
  function post(body) {
    var gone = new AbortController();
    var limit = window.setTimeout(function () { gone.abort(); }, 10000);
    return fetch(path + "/scores", {
      method: "POST",
      headers: { "content-type": "application/json", "accept": "application/json" },
      credentials: "same-origin",
      signal: gone.signal,
      body: JSON.stringify(body)
    }).then(function (response) {
      window.clearTimeout(limit);
      if (response.status >= 500 || response.status === 429) throw new Error("later");
      return response.json().catch(function () { return {}; }).then(function (json) {
        return { status: response.status, json: json };
      });
    });
  }
  function drop(key, sent) {
    if (queue[key] && queue[key].edition === sent.edition) delete queue[key];
  }
  function handle(key, sent, answer) {
    var json = answer.json;
    if (answer.status === 401) {
      warn(say.signIn);
      later();
      return;
    }
    if (answer.status === 200) {
      warn("");
      known(key, json.edition);
      drop(key, sent);
      if (!queue[key]) says(key, say.saved + " " + json.saved_clock + (json.vetoed && !sent.note ? " · " + say.sayWhy : ""));
    } else if (answer.status === 409 && json.reason === "stale") {
      known(key, json.edition);
      if (queue[key] && queue[key].edition > sent.edition) {
        queue[key].edition = editions[key] = json.edition + 1;
      } else {
        drop(key, sent);
        var found = boxOf(key);
        if (found) show(found, json.points, json.note);
        says(key, say.stale);
      }
    } else if (answer.status === 409 && json.reason === "signed") {
      queue = {};
      store();
      window.location.assign(path);
      return;
    } else {
      drop(key, sent);
      says(key, say.refused);
    }
    store();
    pump();
  }

  if (form) {
    form.querySelectorAll(".score-line").forEach(function (found) {
      var key = station + "/" + found.dataset.line;
      var edition = Number(found.dataset.edition);
      if (edition) editions[key] = edition;
      var waiting = queue[key];
      if (waiting && waiting.edition > edition) {
        editions[key] = waiting.edition;
        show(found, waiting.points, waiting.note);
        says(key, say.waiting);
      } else if (waiting) {
        delete queue[key];
      }
      found.addEventListener("change", function () { changed(found); });
      var pause = null;
      found.querySelector("textarea").addEventListener("input", function () {
        window.clearTimeout(pause);
        pause = window.setTimeout(function () { changed(found); }, 1500);
      });
      mark(found);
    });
    store();
    form.addEventListener("submit", function (event) {
      event.preventDefault();
      var until = performance.now() + 8000;
      delay = 500;
      pump();
      (function look() {
        if (!busy && !Object.keys(queue).length) window.location.assign(form.dataset.next);
        else if (performance.now() > until) warn(say.offline);
        else window.setTimeout(look, 100);
      })();
    });
  }

  // The server said how long it has taken; the page counts on with a clock nobody can set.
  var clock = document.getElementById("practical-time");
  if (clock && clock.dataset.running === "true") {
    var begun = performance.now() - Number(clock.dataset.seconds) * 1000;
    window.setInterval(function () {
      var seconds = Math.floor((performance.now() - begun) / 1000);
      var pad = function (n) { return (n < 10 ? "0" : "") + n; };
      clock.textContent = pad(Math.floor(seconds / 60)) + ":" + pad(seconds % 60);
      clock.classList.toggle("text-danger", seconds > Number(clock.dataset.most));
    }, 500);
  }
  window.addEventListener("online", pump);
  window.addEventListener("offline", function () { warn(say.offline); });
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
  window.addEventListener("beforeunload", function (event) {
    if (Object.keys(queue).length) event.preventDefault();
  });
  pump();
})();
