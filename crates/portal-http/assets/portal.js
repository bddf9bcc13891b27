// Makes forms with a password nicer. Each of them works without it.
"use strict";

// A button that shows what was typed, and hides it again before it is sent, so that no browser keeps it as plain text.
for (const field of document.querySelectorAll("input[data-show]")) {
  const button = document.createElement("button");
  const others = [...document.querySelectorAll(`[data-shown-with="${field.id}"]`)];
  const show = (shown) => {
    for (const one of [field, ...others]) {
      one.type = shown ? "text" : "password";
      one.spellcheck = false;
      one.autocapitalize = "none";
    }
    button.textContent = shown ? field.dataset.hide : field.dataset.show;
  };
  button.type = "button";
  button.className = "quiet peek";
  button.setAttribute("aria-controls", field.id);
  button.addEventListener("click", () => show(field.type === "password"));
  field.form.addEventListener("submit", () => show(false));
  field.after(button);
  show(false);
}

// Rules that say while one types whether they are kept, counted as the server counts.
for (const rules of document.querySelectorAll(".rules")) {
  const first = document.getElementById("password");
  const second = document.getElementById("repeated");
  const told = rules.nextElementSibling;
  const mark = (name, kept, otherwise) => {
    const rule = rules.querySelector(`[data-rule="${name}"]`);
    const before = rule.classList.contains("kept");
    rule.classList.toggle("kept", kept);
    rule.querySelector(".state").textContent = kept ? rules.dataset.kept : otherwise;
    if (kept && !before) {
      told.textContent = rule.textContent;
    }
  };
  const look = () => {
    const count = [...first.value.normalize("NFC")].length;
    mark("length", count >= Number(rules.dataset.least), count > 0 ? rules.dataset.count.replace("#", count) : "");
    mark("same", count > 0 && first.value === second.value, "");
  };
  for (const field of [first, second]) {
    field.addEventListener("input", look);
  }
  look();
}

// A page that tells how far something is looks again by itself, unless somebody is about to do something on it.
if (document.querySelector("[data-look-again]")) {
  const idle = () => !document.hidden && [document.body, null].includes(document.activeElement);
  setInterval(() => idle() && location.reload(), 3000);
}
