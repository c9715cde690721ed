"use strict";

// Keeps every file of the playground, checked, so that it works without a network after the first visit.

const CACHE = `cnncalc-playground-${"VERSION"}`;
const KNOWN = "FILES"; // what each file must be, by its place
const files = new Map(Object.entries(KNOWN).map(([place, integrity]) => [new URL(place, self.location).href, integrity]));
const page = new URL("./index.html", self.location).href;
const home = new URL("./", self.location).href;

const fetched = async (place) => {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(place);
  if (kept) return kept;
  const got = await fetch(place, { integrity: files.get(place), mode: "cors", credentials: "omit", cache: "no-cache" });
  if (got.ok) await cache.put(place, got.clone());
  return got;
};

self.addEventListener("install", (event) => {
  const own = [...files.keys()].filter((place) => place.startsWith(home) && !/\/(pyodide|tensorflow)\//.test(place));
  event.waitUntil(Promise.all(own.map(fetched)).then(() => self.skipWaiting()));
});

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
  if (event.request.method === "GET" && files.has(place)) event.respondWith(fetched(place));
});
