// The exam page: saves each answer as it is given, shows the server's time, survives lost Wi-Fi.
// Without this script the same page is one form with "Save" and "Check and hand in".
(function () {
  "use strict";
  var root = document.getElementById("exam");
  if (!root) return;
  var question = window.shifuQuestion;
  var say = JSON.parse(root.dataset.messages);
  var path = root.dataset.path;
  var form = document.getElementById("exam-form");
  var pausedCard = document.getElementById("exam-paused");
  var KEY = "shifu-exam-" + root.dataset.attempt;
  var FLAGS = KEY + "-flags";
  var DISPLAY = "shifu-exam-display";

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
  var announcer = document.getElementById("exam-announce");
  function announce(text) { announcer.textContent = text; }

  var leaving = false;
  function leave(to) { leaving = true; window.location.assign(to); }
  function send(where, body) {
    var gone = new AbortController();
    var limit = window.setTimeout(function () { gone.abort(); }, 10000);
    return fetch(path + where, {
      method: body ? "POST" : "GET",
      headers: { "content-type": "application/json", "accept": "application/json" },
      credentials: "same-origin",
      keepalive: !!body && where === "/events",
      signal: gone.signal,
      body: body ? JSON.stringify(body) : undefined
    }).then(function (response) {
      window.clearTimeout(limit);
      if (response.status >= 500 || response.status === 429) throw new Error("later");
      return response.json().catch(function () { return {}; }).then(function (json) {
        return { status: response.status, json: json };
      });
    }, function (error) { window.clearTimeout(limit); throw error; });
  }

  // A page that was opened during a pause has no questions: it waits and then opens anew.
  if (!form) {
    window.setInterval(function () {
      send("/clock").then(function (answer) {
        if (answer.status === 200 && !answer.json.paused) leave(path);
      }).catch(function () { /* the next one will tell */ });
    }, 5000);
    return;
  }

  var timeUp = document.getElementById("exam-time-up");
  var stateLine = document.getElementById("exam-state");
  var notice = document.getElementById("exam-notice");
  var boxes = Array.prototype.slice.call(document.querySelectorAll(".exam-question"));

  // position -> {response, edition}: what the server has not acknowledged yet.
  var queue = load(KEY);
  // position -> whether it is to be flagged: what the server has not heard of yet.
  var flagQueue = load(FLAGS);
  var editions = {};
  // position -> what was last given here, so that nothing is sent twice for one change.
  var last = {};
  var over = false, paused = false;

  function boxAt(position) { return document.getElementById("q" + position); }
  function positionOf(box) { return Number(box.dataset.position); }
  function line(position, text) {
    document.querySelector("[data-saved='" + position + "']").textContent = text;
  }
  function spot(position) { return form.querySelector("[data-map='" + position + "']"); }
  function mark(position) {
    var box = boxAt(position);
    var answered = question.response(box) !== "";
    spot(position).classList.toggle("answered", answered);
    var clear = box.querySelector("[data-clear]");
    clear.hidden = !answered || /^(numeric|short|essay|multiple)$/.test(box.dataset.kind);
    document.getElementById("exam-count").textContent =
      form.querySelectorAll("[data-map].answered").length;
  }
  function show(position, response) {
    question.show(boxAt(position), response);
    last[position] = response;
    mark(position);
  }
  function warn(text) { notice.textContent = text; notice.hidden = !text; }
  function known(position, edition) {
    editions[position] = Math.max(editions[position] || 0, edition);
    // The plain form speaks of the last edition the server has.
    form.querySelector("[name=e" + position + "]").value = edition;
  }

  // Moments are shown in the zone of the candidate's site, whatever the device believes.
  function clockOf(moment, seconds) {
    var parts = { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: root.dataset.zone };
    if (seconds) parts.second = "2-digit";
    return new Intl.DateTimeFormat(document.documentElement.lang, parts).format(new Date(moment));
  }

  // Time: the server says how much is left; the page counts on with a clock nobody can set.
  var deadline = 0, told = null;
  var clockLine = document.getElementById("exam-time");
  function leftNow() { return Math.max(0, Math.ceil((deadline - performance.now()) / 1000)); }
  function setRemaining(seconds) { deadline = performance.now() + seconds * 1000; }
  function setUntil(until) {
    if (!until || new Date(until).getTime() === new Date(root.dataset.until).getTime()) return;
    root.dataset.until = until;
    var text = say.longer.replace("%t", clockOf(until));
    document.getElementById("exam-until").textContent = text;
    announce(text);
  }
  function tick() {
    if (paused) return;
    var left = leftNow();
    var minutes = Math.floor(left / 60);
    clockLine.textContent = pad(minutes) + ":" + pad(left % 60);
    clockLine.classList.toggle("short", left < 300);
    [10, 5, 1].forEach(function (mark) {
      // Said once when it is passed, not when the page opens later.
      if (told !== null && told > mark * 60 && left <= mark * 60 && left > 0) {
        announce(mark === 1 ? say.leftOne : say.left.replace("%n", mark));
      }
    });
    told = left;
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
    if (busy || paused) return;
    var position = Object.keys(queue)[0];
    if (position === undefined) {
      stateLine.textContent = Object.keys(editions).length ? say.allSaved : "";
      return;
    }
    var sent = { position: Number(position), response: queue[position].response, edition: queue[position].edition };
    busy = true;
    stateLine.textContent = say.saving;
    send("/answers", sent).then(function (answer) {
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
    if (answer.status === 409 && json.reason === "paused") {
      line(position, say.waiting);
      pause(true);
      return;
    }
    if (typeof json.remaining_seconds === "number") setRemaining(json.remaining_seconds);
    if (answer.status === 200) {
      warn("");
      known(position, json.edition);
      drop(position, sent);
      if (!queue[position]) line(position, say.saved + " " + clockOf(json.saved_at, true));
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
    } else if (answer.status === 409) {
      queue = {};
      store(KEY, queue);
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
    if (over || paused) return;
    var response = question.response(boxAt(position));
    if (last[position] === response) return;
    last[position] = response;
    editions[position] = (editions[position] || 0) + 1;
    queue[position] = { response: response, edition: editions[position] };
    store(KEY, queue);
    line(position, say.saving);
    mark(position);
    pump();
  }

  // Flags: kept on the server too, so that they are there on another device.
  function pumpFlags() {
    Object.keys(flagQueue).forEach(function (position) {
      var flagged = flagQueue[position];
      send("/flags", { position: Number(position), flagged: flagged }).then(function (answer) {
        if (answer.status !== 200 && answer.status !== 404) return;
        if (flagQueue[position] === flagged) delete flagQueue[position];
        store(FLAGS, flagQueue);
      }).catch(function () { /* sent again with the next look at the clock */ });
    });
  }
  function flagged(position) {
    var on = boxAt(position).querySelector("[data-flag]").checked;
    spot(position).classList.toggle("flagged", on);
    flagQueue[position] = on;
    store(FLAGS, flagQueue);
    announce(on ? say.flagged : say.unflagged);
    pumpFlags();
  }

  // Every question: what the page shows, then what this device still had in its queue.
  boxes.forEach(function (box) {
    var position = positionOf(box);
    var edition = Number(box.dataset.edition);
    if (edition) editions[position] = edition;
    var waiting = queue[position];
    if (waiting && waiting.edition > edition) {
      editions[position] = waiting.edition;
      show(position, waiting.response);
      line(position, say.waiting);
    } else if (waiting) {
      delete queue[position];
      if (waiting.response !== question.response(box)) line(position, say.stale);
    }
    var flag = box.querySelector("[data-flag]");
    if (position in flagQueue) {
      flag.checked = flagQueue[position];
      spot(position).classList.toggle("flagged", flag.checked);
    }
    box.addEventListener("change", function (event) {
      if (event.target === flag) flagged(position); else changed(position);
    });
    if (/^(numeric|short|essay|hotspot)$/.test(box.dataset.kind)) {
      // Typing saves after a pause, so that words are safe before the field is left.
      var quiet = null;
      box.addEventListener("input", function (event) {
        if (event.target === flag) return;
        window.clearTimeout(quiet);
        quiet = window.setTimeout(function () { changed(position); }, 1500);
      });
    }
    box.querySelector("[data-clear]").addEventListener("click", function () {
      question.show(box, "");
      changed(position);
      box.focus();
    });
    last[position] = question.response(box);
    mark(position);
  });
  store(KEY, queue);

  // How the page looks and is worked with, remembered on this device.
  var display = load(DISPLAY);
  var switches = document.querySelectorAll("[data-display]");
  document.getElementById("exam-display").hidden = false;
  function applyDisplay() {
    if (display.keys === undefined) display.keys = true;
    root.classList.toggle("one-by-one", !!display.one);
    document.getElementById("exam-steps").hidden = !display.one;
    var page = document.documentElement;
    if (display.contrast) page.dataset.contrast = "more"; else delete page.dataset.contrast;
    if (display.size) root.dataset.size = display.size; else delete root.dataset.size;
    switches.forEach(function (control) {
      var value = display[control.dataset.display];
      if (control.type === "checkbox") control.checked = !!value; else control.value = value || "";
    });
  }
  switches.forEach(function (control) {
    control.addEventListener("change", function (event) {
      event.stopPropagation();
      display[control.dataset.display] = control.type === "checkbox" ? control.checked : control.value;
      applyDisplay();
      store(DISPLAY, display);
      if (control.dataset.display === "one") turnTo(current, false);
    });
  });

  // Moving between questions.
  var current = 0;
  function turnTo(at, focus) {
    if (at < 0 || at >= boxes.length) return;
    current = at;
    document.querySelectorAll(".exam-room .current").forEach(function (one) { one.classList.remove("current"); });
    var box = boxes[at];
    box.classList.add("current");
    [".exam-case", ".exam-block"].forEach(function (css) {
      var around = box.closest(css);
      if (around) around.classList.add("current");
    });
    document.getElementById("exam-place").textContent =
      say.place.replace("%n", at + 1).replace("%m", boxes.length);
    form.querySelector("[data-step='-1']").disabled = at === 0;
    form.querySelector("[data-step='1']").disabled = at === boxes.length - 1;
    if (!focus) return;
    box.focus({ preventScroll: true });
    (display.one ? root : box).scrollIntoView({ block: "start" });
  }
  function turnToHash() {
    var box = /^#q\d+$/.test(location.hash) && document.getElementById(location.hash.slice(1));
    if (box) turnTo(boxes.indexOf(box), true);
  }
  form.addEventListener("click", function (event) {
    var step = event.target.closest("[data-step]");
    if (step) turnTo(current + Number(step.dataset.step), true);
    var link = event.target.closest("[data-map]");
    if (link) {
      event.preventDefault();
      turnTo(boxes.indexOf(boxAt(link.dataset.map)), true);
    }
  });
  boxes.forEach(function (box, at) {
    box.addEventListener("focusin", function () { if (current !== at) turnTo(at, false); });
  });

  // The question the reader looks at: the one in focus, else the one that fills the window.
  function inSight() {
    var box = document.activeElement && document.activeElement.closest(".exam-question");
    if (box) return box;
    if (display.one) return boxes[current];
    var middle = window.innerHeight / 2;
    return boxes.find(function (one) {
      var place = one.getBoundingClientRect();
      return place.top <= middle && place.bottom >= middle;
    });
  }
  document.addEventListener("keydown", function (event) {
    if (!display.keys || over || paused || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (question.isTyping(event.target)) return;
    var box = inSight();
    var at = box ? boxes.indexOf(box) : current;
    // Arrow keys on an option choose among options, as everywhere.
    var onOption = event.target.tagName === "INPUT";
    var key = event.key.toLowerCase();
    var used = true;
    if (key === "n" || (key === "arrowright" && !onOption)) turnTo(at + 1, true);
    else if (key === "p" || (key === "arrowleft" && !onOption)) turnTo(at - 1, true);
    else if (key === "f" && box) box.querySelector("[data-flag]").click();
    else used = !!box && question.choose(box, event.key);
    if (used) event.preventDefault();
  });

  // Paused by the invigilator, or by a break: no questions, no clock; the queue waits.
  function pause(on) {
    if (on === paused) return;
    paused = on;
    form.hidden = on;
    pausedCard.hidden = !on;
    announce(on ? say.paused : say.resumed);
    if (on) pausedCard.focus(); else { told = null; pump(); }
  }

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
    // What is still being typed counts as given.
    boxes.forEach(function (box) { changed(positionOf(box)); });
    flush(8000).then(function (empty) {
      if (!empty) warn(say.offline);
      else if (review) leave(path + "/finish");
    });
  });

  // At zero: what is on its way gets there, then the paper is handed in. The server collects it
  // anyway, so without a network there is nothing to lose by waiting.
  function end() {
    warn(say.timeUp);
    form.querySelectorAll("input, select, textarea, button").forEach(function (input) {
      if (input.type !== "hidden") input.disabled = true;
    });
    flush(3000).then(function tryToEnd() {
      send("/clock").then(function (answer) {
        if (answer.status !== 200) throw new Error("later");
        store(KEY, {});
        store(FLAGS, {});
        leaving = true;
        timeUp.submit();
      }).catch(function () {
        warn(say.timeUpOffline);
        window.setTimeout(tryToEnd, 3000);
      });
    });
  }

  function synchronise() {
    pump();
    pumpFlags();
    pumpSeen();
    send("/clock").then(function (answer) {
      var json = answer.json;
      if (answer.status !== 200) return;
      if (json.finished) return leave(path + "/result");
      if (!over && !json.paused) setRemaining(json.remaining_seconds);
      setUntil(json.hand_in_by);
      pause(json.paused);
    }).catch(function () { /* the next one will tell */ });
  }

  // Leaving and coming back are noted; the start page said so.
  var seen = [], awaySince = null;
  function pumpSeen() {
    while (seen.length) {
      var event = seen.shift();
      send("/events", event).catch(function () { if (seen.length < 20) seen.push(event); });
    }
  }
  function away() {
    if (awaySince !== null || leaving || over) return;
    awaySince = performance.now();
    seen.push({ kind: "left-window" });
    pumpSeen();
  }
  function back() {
    if (awaySince === null) return;
    seen.push({ kind: "returned", seconds: Math.round((performance.now() - awaySince) / 1000) });
    awaySince = null;
    pumpSeen();
  }
  window.addEventListener("blur", away);
  window.addEventListener("focus", back);

  window.addEventListener("online", synchronise);
  window.addEventListener("offline", function () { warn(say.offline); });
  document.addEventListener("visibilitychange", function () {
    if (document.visibilityState === "hidden") return away();
    back();
    synchronise();
  });
  // A page from the back-forward cache shows an old paper.
  window.addEventListener("pageshow", function (event) {
    if (event.persisted) window.location.reload();
  });
  window.addEventListener("beforeunload", function (event) {
    if (Object.keys(queue).length) event.preventDefault();
    else leaving = true;
  });

  applyDisplay();
  turnTo(0, false);
  turnToHash();
  window.addEventListener("hashchange", turnToHash);
  setRemaining(Number(root.dataset.remaining));
  tick();
  window.setInterval(tick, 500);
  window.setInterval(synchronise, 25000);
  // While the exam is paused, going on is worth a closer look.
  window.setInterval(function () { if (paused) synchronise(); }, 5000);
  pump();
  pumpFlags();
})();
