// The exam page: saves each answer as it is given, shows the server's time, survives lost Wi-Fi.
// Without this script the same page is one form with "Save" and "Check and hand in".
(function () {
  "use strict";
  var root = document.getElementById("exam");
  if (!root) return;
  var say = JSON.parse(root.dataset.messages);
  var path = root.dataset.path;
  var form = document.getElementById("exam-form");
  var timeUp = document.getElementById("exam-time-up");
  var stateLine = document.getElementById("exam-state");
  var notice = document.getElementById("exam-notice");
  var KEY = "shifu-exam-" + root.dataset.attempt;
  var FLAGS = KEY + "-flags";

  function load(key) {
    try { return JSON.parse(window.localStorage.getItem(key)) || {}; } catch (e) { return {}; }
  }
  function store(key, value) {
    // A full or forbidden store is no reason to stop: the answers still go to the server.
    try {
      if (Object.keys(value).length) window.localStorage.setItem(key, JSON.stringify(value));
      else window.localStorage.removeItem(key);
    } catch (e) { /* kept in memory */ }
  }
  // The page that stands in for the questions opens them again; the queue waits on this device.
  var pausing = false;
  function pausedByServer() { pausing = true; store(KEY, queue); window.location.reload(); }
  function leave(to) { store(KEY, queue); window.location.assign(to); }

  // position -> {response, edition}: what the server has not acknowledged yet.
  var queue = load(KEY);
  var flags = load(FLAGS);
  var editions = {};
  // position -> what was last given here, so that nothing is sent twice for one change.
  var last = {};
  var over = false;

  function fieldset(position) { return document.getElementById("q" + position); }
  function inputs(position) {
    return Array.prototype.slice.call(form.querySelectorAll("[name=q" + position + "]"));
  }
  function responseOf(position) {
    var kind = fieldset(position).dataset.kind;
    if (kind === "numeric") return inputs(position)[0].value.trim();
    return inputs(position).filter(function (input) { return input.checked; })
      .map(function (input) { return input.value; }).sort().join(",");
  }
  function show(position, response) {
    var chosen = response.split(",");
    inputs(position).forEach(function (input) {
      if (input.type === "text") input.value = response;
      else input.checked = chosen.indexOf(input.value) >= 0;
    });
    last[position] = response;
    mark(position);
  }
  function line(position, text) {
    document.querySelector("[data-saved='" + position + "']").textContent = text;
  }
  function mark(position) {
    var answered = responseOf(position) !== "";
    var spot = document.querySelector("[data-map='" + position + "']");
    spot.classList.toggle("answered", answered);
    spot.classList.toggle("flagged", !!flags[position]);
    document.getElementById("exam-count").textContent =
      document.querySelectorAll("[data-map].answered").length;
  }
  // A moment as the site's clocks show it.
  function clockAt(moment) {
    try {
      return new Date(moment).toLocaleTimeString("en-GB", { timeZone: root.dataset.zone });
    } catch (e) {
      return new Date(moment).toLocaleTimeString("en-GB");
    }
  }
  function warn(text) { notice.textContent = text; notice.hidden = !text; }
  function known(position, edition) {
    editions[position] = Math.max(editions[position] || 0, edition);
    // The plain form speaks of the last edition the server has.
    form.querySelector("[name=e" + position + "]").value = edition;
  }

  // Time: the server says how much is left; the page counts on with a clock nobody can set.
  var deadline = 0;
  function setRemaining(seconds) { deadline = performance.now() + seconds * 1000; }
  var clockLine = document.getElementById("exam-time");
  function tick() {
    var left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
    var minutes = Math.floor(left / 60);
    clockLine.textContent = pad(minutes) + ":" + pad(left % 60);
    clockLine.classList.toggle("short", left < 300);
    if (left <= 0 && !over) { over = true; end(); }
  }
  function pad(n) { return (n < 10 ? "0" : "") + n; }

  // Saving: one request at a time, oldest question first; failures are tried again, ever slower.
  var busy = false, delay = 1000, timer = null;
  function later() {
    window.clearTimeout(timer);
    timer = window.setTimeout(pump, delay);
    delay = Math.min(delay * 2, 15000);
  }
  function pump() {
    if (busy) return;
    var position = Object.keys(queue)[0];
    if (position === undefined) {
      stateLine.textContent = Object.keys(editions).length ? say.allSaved : "";
      return;
    }
    var sent = { position: Number(position), response: queue[position].response, edition: queue[position].edition };
    busy = true;
    stateLine.textContent = say.saving;
    post(sent).then(function (answer) {
      busy = false;
      delay = 1000;
      handle(position, sent, answer);
    }, function () {
      busy = false;
      warn(say.offline);
      var waiting = Object.keys(queue);
      waiting.forEach(function (one) { line(one, say.waiting); });
      stateLine.textContent = say.waiting + ": " + waiting.length;
      later();
    });
  }
  function post(body) {
    var gone = new AbortController();
    var limit = window.setTimeout(function () { gone.abort(); }, 10000);
    return fetch(path + "/answers", {
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
  function drop(position, sent) {
    if (queue[position] && queue[position].edition === sent.edition) delete queue[position];
    store(KEY, queue);
  }
  function handle(position, sent, answer) {
    var json = answer.json;
    if (answer.status === 401) {
      warn(say.signIn);
      later();
      return;
    }
    if (typeof json.remaining_seconds === "number") setRemaining(json.remaining_seconds);
    if (answer.status === 200) {
      warn("");
      known(position, json.edition);
      drop(position, sent);
      if (!queue[position]) line(position, say.saved + " " + clockAt(json.saved_at));
    } else if (answer.status === 409 && json.reason === "stale") {
      known(position, json.edition);
      if (queue[position] && queue[position].edition > sent.edition) {
        // Changed here once more meanwhile: that change comes after what the server has.
        queue[position].edition = editions[position] = json.edition + 1;
      } else {
        drop(position, sent);
        show(position, json.response);
        line(position, say.stale);
      }
    } else if (answer.status === 409 && json.reason === "paused") {
      // Kept here until the exam goes on; the page itself hides the questions.
      pausedByServer();
      return;
    } else if (answer.status === 409) {
      queue = {};
      leave(path + "/result");
      return;
    } else {
      drop(position, sent);
      line(position, say.refused);
    }
    store(KEY, queue);
    pump();
  }

  function changed(position) {
    if (over) return;
    var response = responseOf(position);
    if (last[position] === response) return;
    last[position] = response;
    editions[position] = (editions[position] || 0) + 1;
    queue[position] = { response: response, edition: editions[position] };
    store(KEY, queue);
    line(position, say.saving);
    mark(position);
    pump();
  }

  // Every question: what the page shows, then what this device still had in its queue.
  document.querySelectorAll(".exam-question").forEach(function (box) {
    var position = Number(box.dataset.position);
    var edition = Number(box.dataset.edition);
    if (edition) editions[position] = edition;
    var waiting = queue[position];
    if (waiting && waiting.edition > edition) {
      editions[position] = waiting.edition;
      show(position, waiting.response);
      line(position, say.waiting);
    } else if (waiting) {
      delete queue[position];
      if (waiting.response !== responseOf(position)) line(position, say.stale);
    }
    box.addEventListener("change", function () { changed(position); });
    if (box.dataset.kind === "numeric") {
      // Typing saves after a pause, so that a number is safe before the field is left.
      var pause = null;
      box.addEventListener("input", function () {
        window.clearTimeout(pause);
        pause = window.setTimeout(function () { changed(position); }, 1500);
      });
    }
    var flag = box.querySelector("[data-flag]");
    flag.hidden = false;
    flag.setAttribute("aria-pressed", String(!!flags[position]));
    flag.addEventListener("click", function () {
      if (flags[position]) delete flags[position]; else flags[position] = 1;
      store(FLAGS, flags);
      flag.setAttribute("aria-pressed", String(!!flags[position]));
      mark(position);
    });
    last[position] = responseOf(position);
    mark(position);
  });
  store(KEY, queue);

  // Waits until the queue is empty, at most so long; says whether it is.
  function flush(most) {
    var until = performance.now() + most;
    delay = 500;
    pump();
    return new Promise(function (done) {
      (function look() {
        var empty = !busy && !Object.keys(queue).length;
        if (empty || performance.now() > until) done(empty);
        else window.setTimeout(look, 100);
      })();
    });
  }

  form.addEventListener("submit", function (event) {
    event.preventDefault();
    var review = event.submitter && event.submitter.value === "review";
    flush(8000).then(function (empty) {
      if (!empty) warn(say.offline);
      else if (review) leave(path + "/finish");
    });
  });

  // At zero: what is on its way gets there, then the paper is handed in. The server collects it
  // anyway, so without a network there is nothing to lose by waiting.
  function end() {
    warn(say.timeUp);
    form.querySelectorAll("input").forEach(function (input) {
      if (input.type !== "hidden") input.disabled = true;
    });
    flush(3000).then(function tryToEnd() {
      fetch(path + "/clock", { headers: { "accept": "application/json" }, credentials: "same-origin" })
        .then(function (response) {
          if (!response.ok) throw new Error("later");
          store(KEY, {});
          store(FLAGS, {});
          timeUp.submit();
        })
        .catch(function () {
          warn(say.timeUpOffline);
          window.setTimeout(tryToEnd, 3000);
        });
    });
  }

  function synchronise() {
    pump();
    fetch(path + "/clock", { headers: { "accept": "application/json" }, credentials: "same-origin" })
      .then(function (response) { return response.ok ? response.json() : null; })
      .then(function (json) {
        if (!json) return;
        if (json.finished) leave(path + "/result");
        else if (json.paused) pausedByServer();
        else if (!over) setRemaining(json.remaining_seconds);
      })
      .catch(function () { /* the next one will tell */ });
  }
  window.addEventListener("online", synchronise);
  window.addEventListener("offline", function () { warn(say.offline); });
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "visible") synchronise();
  });
  // A page from the back-forward cache shows an old paper.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
  window.addEventListener("beforeunload", function (event) {
    if (Object.keys(queue).length && !pausing) event.preventDefault();
  });

  setRemaining(Number(root.dataset.remaining));
  tick();
  window.setInterval(tick, 500);
  pump();
})();
