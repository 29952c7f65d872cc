// A form that must not be sent twice is sent once; without this script the shop itself sees to it.
"use strict";

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-sent-once]")) return;
  if (form.getAttribute("aria-busy") === "true") event.preventDefault();
  form.setAttribute("aria-busy", "true");
});

// A page that comes back out of the browser's memory was sent, but may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent-once]")) form.removeAttribute("aria-busy");
});
