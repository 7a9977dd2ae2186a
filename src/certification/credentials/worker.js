// Keeps the page that verifies on this device. Above this line stands FILES: its scripts, styles
// and pictures, whose addresses change with their contents.
"use strict";
const CACHE = "shifu-verify";
const PAGE = "/verify";
const KEYS = "/verify/keys.json";
// How long a weak connection is waited for before what is kept is used.
const PATIENCE = 4000;

self.addEventListener("install", function (event) {
  event.waitUntil(caches.open(CACHE).then(function (cache) {
    return cache.addAll(FILES.concat([PAGE, KEYS]));
  }).then(function () { return self.skipWaiting(); }));
});

self.addEventListener("activate", function (event) {
  // What an older version was made of is no longer needed.
  event.waitUntil(caches.open(CACHE).then(function (cache) {
    return cache.keys().then(function (kept) {
      return Promise.all(kept.map(function (request) {
        const path = new URL(request.url).pathname;
        const isOld = path.startsWith("/assets/") && !FILES.includes(path);
        return isOld ? cache.delete(request) : null;
      }));
    });
  }).then(function () { return self.clients.claim(); }));
});

// The network's answer if it comes in time, and what is kept otherwise.
function freshOrKept(request, key) {
  return caches.open(CACHE).then(function (cache) {
    const fresh = fetch(request).then(function (response) {
      if (response.ok) cache.put(key, response.clone());
      return response;
    });
    const late = new Promise(function (resolve, reject) { setTimeout(reject, PATIENCE); });
    return Promise.race([fresh, late]).catch(function () {
      return cache.match(key).then(function (kept) { return kept || fresh; });
    }).catch(function () { return new Response("", { status: 504 }); });
  });
}

self.addEventListener("fetch", function (event) {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (url.pathname === PAGE || url.pathname.startsWith(PAGE + "/")) {
    event.respondWith(freshOrKept(event.request, url.pathname));
  } else if (url.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(event.request).then(function (kept) {
      return kept || fetch(event.request);
    }));
  }
});
