// Verifies the statement behind the # of the address, in this browser. The format stands in
// src/certification/credentials/statement.rs.
(function () {
  "use strict";
  var root = document.getElementById("verify");
  if (!root) return;
  var PREFIX = "shifu certificate 1\n";
  var DAY = 86400000;
  var EPOCH = Date.UTC(2000, 0, 1);
  var EXPIRING_DAYS = 90;
  var DAY_IN_SECONDS = 86400;
  var CACHE = "shifu-verify";
  // Every verification has a number; what belongs to an older one is not shown any more.
  var turn = 0;

  function byId(id) { return document.getElementById(id); }
  function show(id, on) { byId(id).hidden = !on; }
  function set(field, text) { root.querySelector("[data-field=" + field + "]").textContent = text; }
  function only(attribute, words) {
    root.querySelectorAll("[" + attribute + "]").forEach(function (element) {
      element.hidden = words.indexOf(element.getAttribute(attribute)) < 0;
    });
  }

  // --- bytes -------------------------------------------------------------------------------
  function fromBase64url(text) {
    if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
    try {
      var binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
      var bytes = new Uint8Array(binary.length);
      for (var at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
      return bytes;
    } catch (error) { return null; }
  }
  function ascii(text) {
    var bytes = new Uint8Array(text.length);
    for (var at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at);
    return bytes;
  }
  function joined(first, second) {
    var bytes = new Uint8Array(first.length + second.length);
    bytes.set(first);
    bytes.set(second, first.length);
    return bytes;
  }
  function hex(bytes) {
    return Array.prototype.map.call(bytes, function (byte) {
      return (byte < 16 ? "0" : "") + byte.toString(16);
    }).join("");
  }

  // --- the statement ---------------------------------------------------------------------------
  function dayOf(days) { return new Date(EPOCH + days * DAY).toISOString().slice(0, 10); }
  function read(fields) {
    var at = 0;
    function number() {
      var value = 0, scale = 1;
      for (var n = 0; n < 5; n++) {
        if (at >= fields.length) throw new Error("short");
        var byte = fields[at++];
        value += (byte & 127) * scale;
        if (byte < 128) return value;
        scale *= 128;
      }
      throw new Error("long");
    }
    function text() {
      var end = at + 1 + fields[at];
      if (at >= fields.length || end > fields.length) throw new Error("short");
      var found = new TextDecoder("utf-8", { fatal: true }).decode(fields.subarray(at + 1, end));
      at = end;
      return found;
    }
    var index = number(), from = number(), issued = number(), lasts = number();
    var statement = {
      index: index, from: dayOf(from), issued: dayOf(issued),
      through: lasts === 0 ? null : dayOf(from + lasts - 1),
      number: text(), code: text(), name: text(), title: text(), titleEn: text()
    };
    if (at !== fields.length) throw new Error("more than there should be");
    return statement;
  }
  // The parts of a statement, or null when it is none.
  function parts(text) {
    var bytes = fromBase64url(text);
    if (!bytes || bytes.length < 9 + 64 || bytes[0] !== 1) return null;
    var body = bytes.subarray(0, bytes.length - 64);
    return { kid: hex(body.subarray(1, 9)), body: body, signature: bytes.subarray(bytes.length - 64) };
  }

  // --- signatures ------------------------------------------------------------------------------
  var nacl = null;
  function loadNacl() {
    nacl = nacl || new Promise(function (resolve, reject) {
      var script = document.createElement("script");
      script.src = root.dataset.nacl;
      script.onload = function () { resolve(window.nacl); };
      script.onerror = reject;
      document.head.appendChild(script);
    });
    return nacl;
  }
  // By the browser itself; where it does not know Ed25519 (or has no secure connection, so no
  // cryptography at all), by a small library.
  function verifies(key, message, signature) {
    var subtle = window.crypto && window.crypto.subtle;
    var own = subtle ? subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]) : Promise.reject();
    return own.then(function (imported) {
      return subtle.verify({ name: "Ed25519" }, imported, signature, message);
    }, function () {
      return loadNacl().then(function (library) {
        return library.sign.detached.verify(message, signature, key);
      });
    });
  }

  // --- what is fetched and kept ----------------------------------------------------------------
  function kept(path) {
    return window.caches ? caches.open(CACHE).then(function (cache) { return cache.match(path); }) : Promise.resolve(null);
  }
  // Once the page is kept on the device, its worker fetches and keeps by itself. Before, we do.
  function fetched(path) {
    var works = navigator.serviceWorker && navigator.serviceWorker.controller;
    if (!works && navigator.onLine === false) return kept(path);
    return fetch(path).then(function (response) {
      if (!response.ok) return kept(path);
      if (!works && window.caches) {
        var copy = response.clone();
        caches.open(CACHE).then(function (cache) { return cache.put(path, copy); }).catch(function () {});
      }
      return response;
    }).catch(function () { return kept(path); });
  }
  function keys() {
    return fetched("/verify/keys.json").then(function (response) { return response ? response.json() : null; }).catch(function () { return null; });
  }
  function keyOf(known, kid) {
    return known.keys.filter(function (key) { return key.kid === kid; })[0];
  }
  // The status list, if it is there and signed by a key we believe.
  function statusList(known, list) {
    return fetched("/verify/status/" + list).then(function (response) {
      return response ? response.text() : null;
    }).then(function (token) {
      var split = token ? token.split(".") : [];
      if (split.length !== 3) return null;
      var decoded = split.map(fromBase64url);
      if (decoded.indexOf(null) >= 0) return null;
      var utf8 = new TextDecoder("utf-8");
      var header = JSON.parse(utf8.decode(decoded[0])), payload = JSON.parse(utf8.decode(decoded[1]));
      var key = keyOf(known, header.kid);
      if (!key || key.revoked || header.alg !== "EdDSA" || header.typ !== "shifu-status+jwt" || payload.list !== list) return null;
      return verifies(fromBase64url(key.x), ascii(split[0] + "." + split[1]), decoded[2]).then(function (good) {
        return good ? payload : null;
      });
    }).catch(function () { return null; });
  }

  // --- what is shown ---------------------------------------------------------------------------
  function today() {
    var now = new Date();
    function two(number) { return (number < 10 ? "0" : "") + number; }
    return now.getFullYear() + "-" + two(now.getMonth() + 1) + "-" + two(now.getDate());
  }
  function byDates(statement, through) {
    var now = today();
    if (through && through < now) return "expired";
    if (statement.from > now) return "not-yet";
    if (through && (Date.parse(through) - Date.parse(now)) / DAY <= EXPIRING_DAYS) return "expiring";
    return "valid";
  }
  function verdict(word) {
    show("verify-busy", false);
    only("data-verdict", [word]);
  }
  function tell(statement, known) {
    ["name", "title", "titleEn", "number", "issued", "from"].forEach(function (field) { set(field, statement[field]); });
    var issuer = root.querySelector("[data-field=issuer]");
    issuer.textContent = known.issuer.zh === known.issuer.en ? known.issuer.zh : known.issuer.zh + " " + known.issuer.en;
    set("today", today());
    var through = root.querySelector("[data-field=through]");
    through.textContent = "";
    if (statement.through) through.textContent = statement.through;
    else root.querySelector("[data-field=forever]").childNodes.forEach(function (node) { through.appendChild(node.cloneNode(true)); });
    byId("verify-online").href = "/check?number=" + encodeURIComponent(statement.number) + "&code=" + encodeURIComponent(statement.code);
    show("verify-facts", true);
    show("verify-status", true);
  }
  function standing(list, place) {
    return ["revoked", "superseded", "suspended"].filter(function (word) { return list[word].indexOf(place) >= 0; })[0];
  }
  function tellStatus(statement, list) {
    if (!list) {
      verdict(byDates(statement, statement.through));
      only("data-status", ["unknown"]);
      return;
    }
    var place = statement.index % 131072;
    var taken = standing(list, place), extended = list.extended[place];
    verdict(taken || byDates(statement, extended || statement.through));
    var words = [taken ? "bad" : "good", "as-of"];
    if (Date.now() / 1000 - list.iat > DAY_IN_SECONDS) words.push("old");
    if (extended) { words.push("extended"); set("extended", extended); }
    set("asOf", new Date(list.iat * 1000).toLocaleString(document.documentElement.lang));
    only("data-status", words);
  }

  function verify() {
    var mine = ++turn;
    var text = window.location.hash.slice(1);
    only("data-verdict", []);
    only("data-status", []);
    show("verify-facts", false);
    show("verify-status", false);
    show("verify-nothing", !text);
    show("verify-busy", !!text);
    if (!text) return;
    var found = parts(text);
    if (!found) return verdict("malformed");
    keys().then(function (known) {
      if (mine !== turn) return null;
      if (!known) return verdict("no-keys");
      var key = keyOf(known, found.kid);
      if (!key) return verdict("unknown-key");
      if (key.revoked) return verdict("revoked-key");
      return verifies(fromBase64url(key.x), joined(ascii(PREFIX), found.body), found.signature).then(function (good) {
        if (mine !== turn) return null;
        if (!good) return verdict("altered");
        // What we signed can be read; before that nothing in it is looked at.
        var statement = read(found.body.subarray(9));
        tell(statement, known);
        return statusList(known, Math.floor(statement.index / 131072)).then(function (list) {
          if (mine === turn) tellStatus(statement, list);
        });
      });
    });
  }

  var language = byId("verify-lang");
  language.hidden = false;
  language.addEventListener("click", function () {
    var html = document.documentElement;
    html.lang = html.lang === "en" ? "zh-CN" : "en";
    verify();
  });
  window.addEventListener("hashchange", verify);
  verify();
  if (navigator.serviceWorker) {
    navigator.serviceWorker.register("/verify-worker.js", { scope: "/verify" }).then(function () {
      return navigator.serviceWorker.ready;
    }).then(function () { show("verify-kept", true); }).catch(function () {});
  }
})();
