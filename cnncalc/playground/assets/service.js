"use strict";

// Keeps every file of the playground, checked, so that it works without a network after the first visit.

const CACHE = `cnncalc-playground-${"VERSION"}`;
const KNOWN = "FILES"; // what each file must be, by its place
const files = new Map(Object.entries(KNOWN).map(([place, integrity]) => [new URL(place, self.location).href, integrity]));
const page = new URL("./index.html", self.location).href;
const home = new URL("./", self.location).href;

// The file, from what is kept or from its server; what `later` gets goes on behind the answer.
const fetched = async (place, later) => {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(place);
  if (kept) return kept;
  const got = await fetch(place, { integrity: files.get(place), mode: "cors", credentials: "omit", cache: "no-cache" });
  if (got.ok) later(cache.put(place, got.clone()).catch(() => { /* no room: the page works with a network */ }));
  return got;
};

// Keeps the files that the site has itself, but for the libraries, which the page loads when it needs them.
const keepOwn = async () => {
  const own = [...files.keys()].filter((place) => place.startsWith(home) && !/\/(pyodide|tensorflow)\//.test(place));
  const kept = [];
  await Promise.all(own.map((place) => fetched(place, (storing) => kept.push(storing))));
  await Promise.all(kept);
};

// A first visit does not wait for them: Python starts at once, and the page asks for them meanwhile.
self.addEventListener("install", (event) => {
  const ready = self.registration.active ? keepOwn() : Promise.resolve();
  event.waitUntil(ready.then(() => self.skipWaiting()));
});

self.addEventListener("message", (event) => { if (event.data === "keep") event.waitUntil(keepOwn().catch(() => { /* the next visit does it */ })); });

self.addEventListener("activate", (event) => {
  const others = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("cnncalc-playground-") && name !== CACHE).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(others());
});

self.addEventListener("fetch", (event) => {
  const asked = new URL(event.request.url);
  asked.search = asked.hash = "";
  const place = asked.href === home ? page : asked.href;
  if (event.request.method === "GET" && files.has(place)) event.respondWith(fetched(place, (storing) => event.waitUntil(storing)));
});
