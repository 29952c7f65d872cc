// The status page asks for its own news until there can't be any. Without this script a reload does it.
"use strict";

const place = document.getElementById("status");
const hint = document.getElementById("updates-itself");
const every = Number(place.dataset.every);

function current() {
  return place.firstElementChild;
}

function show(fresh) {
  if (fresh.dataset.version === current().dataset.version) return;
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(fresh);
  document.getElementById("news").textContent = fresh.dataset.headline;
  if (hadFocus) document.getElementById("content").focus();
}

async function look() {
  if (!document.hidden) {
    try {
      const answer = await fetch(place.dataset.url);
      if (answer.redirected) return window.location.reload(); // logged out meanwhile
      if (answer.ok) show(new DOMParser().parseFromString(await answer.text(), "text/html").body.firstElementChild);
    } catch (offline) {
      console.info("no answer yet, asking again:", offline.message);
    }
  }
  goOn();
}

function goOn() {
  const expectsNews = "expectsNews" in current().dataset;
  if (hint) hint.hidden = !expectsNews;
  if (expectsNews) window.setTimeout(look, every);
}

goOn();
