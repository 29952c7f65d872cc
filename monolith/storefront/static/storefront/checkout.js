// Totals follow what is chosen, and the minutes run down. Without this script a button asks for the totals.
"use strict";

const form = document.getElementById("checkout");
let asked = 0;

async function refreshTotals() {
  const question = ++asked;
  const answer = await fetch(form.dataset.totals, { method: "POST", body: new FormData(form) });
  if (answer.redirected || !answer.ok) return window.location.reload();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (question !== asked) return; // another choice was made meanwhile
  const focused = document.activeElement.id;
  for (const part of form.querySelectorAll("[data-part]")) {
    part.replaceWith(fresh.querySelector(`[data-part="${part.dataset.part}"]`));
  }
  if (focused) document.getElementById(focused)?.focus();
}

form.querySelector("[data-without-script]").hidden = true;
form.addEventListener("change", (event) => {
  if (["address", "new-country", "shipping_method"].includes(event.target.name)) refreshTotals();
});

const minutes = document.querySelector("[data-minutes-left]");
const opened = performance.now();

function countDown() {
  const left = Math.ceil(Number(minutes.dataset.minutesLeft) - (performance.now() - opened) / 60_000);
  if (left > 0) {
    minutes.textContent = left === 1 ? "1 minute" : `${left} minutes`;
    return;
  }
  minutes.parentElement.textContent = "We can't hold these goods any longer. Reload the page to hold them again.";
  window.clearInterval(timer);
}

const timer = minutes && window.setInterval(countDown, 5_000); // none where the warehouse is only asked to hold
