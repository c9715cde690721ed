"use strict";

// The page asks its server for what is new and puts it in the place of what was there, until the run is over.

const pause = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

const seen = () => new Promise((done) => {
  if (!document.hidden) { done(); return; }
  const look = () => { if (!document.hidden) { document.removeEventListener("visibilitychange", look); done(); } };
  document.addEventListener("visibilitychange", look);
});

const watch = async () => {
  const state = document.getElementById("state");
  let version = 0, failures = 0;
  for (;;) {
    try {
      const answer = await fetch(`state?since=${version}`, { cache: "no-store" });
      if (!answer.ok) throw new Error(answer.statusText);
      const news = await answer.json();
      failures = 0;
      version = news.version;
      if (news.over) state.setAttribute("role", "status"); // the end is worth telling to those who listen
      for (const [name, html] of Object.entries(news.parts)) document.getElementById(name).innerHTML = html;
      if (news.over) break;
    } catch {
      failures += 1;
      if (failures > 2) {
        state.textContent = "The server of this page does not answer any more: the run is over.";
        break;
      }
    }
    await pause(1000);
    await seen();
  }
  document.body.classList.add("over");
};
watch();
