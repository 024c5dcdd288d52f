"use strict";
/* Keys: j and k go to the next and the previous article of a list, o opens it, s stars it, / searches. */

const cards = () => [...document.querySelectorAll("article.card")];

function move(step) {
  const all = cards();
  const at = all.findIndex((card) => card.contains(document.activeElement));
  const next = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  next?.querySelector("h3 a").focus();
  next?.scrollIntoView({ block: "nearest" });
}

function current() {
  return document.activeElement.closest?.("article.card") ?? document.querySelector("main > article");
}

const actions = {
  j: () => move(1),
  k: () => move(-1),
  o: () => document.activeElement.closest?.("article.card")?.querySelector("h3 a").click(),
  s: () => current()?.querySelector("form.star button").click(),
  "/": () => document.getElementById("q").focus(),
};

addEventListener("keydown", (event) => {
  const typing = /^(?:INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName);
  if (typing || event.ctrlKey || event.altKey || event.metaKey || !actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
});
