// Makes the workspace's lists nicer. Each of them works without it.
"use strict";

// Addresses that are pulled to another place: the form they stand in asks what that means, as its buttons do.
for (const list of document.querySelectorAll("[data-order]")) {
  const places = [...list.children];
  const address = (item) => item.querySelector("[name=remove]").value;
  const middle = (item) => item.getBoundingClientRect().top + item.offsetHeight / 2;
  const wish = (item) => {
    const top = item.querySelector("[name=top]");
    if (list.firstElementChild === item && top) {
      list.closest("form").requestSubmit(top);
      return;
    }
    const field = document.createElement("input");
    const above = item.previousElementSibling;
    field.type = "hidden";
    field.name = "move";
    field.value = `${address(item)} after ${address(above)}`;
    item.append(field);
    list.closest("form").requestSubmit();
    field.remove();
  };
  const pull = (item, begun) => {
    // The others make room; what is pulled stays in the page, or a finger would lose it.
    const follow = (moved) => {
      if (moved.pointerId !== begun.pointerId) {
        return;
      }
      let [above, below] = [item.previousElementSibling, item.nextElementSibling];
      for (; above && moved.clientY < middle(above); above = item.previousElementSibling) {
        item.after(above);
      }
      for (; below && moved.clientY > middle(below); below = item.nextElementSibling) {
        item.before(below);
      }
    };
    const end = new AbortController();
    const back = () => {
      end.abort();
      item.classList.remove("pulled");
      list.append(...places);
    };
    const drop = () => {
      end.abort();
      item.classList.remove("pulled");
      if (list.children[places.indexOf(item)] !== item) {
        wish(item);
      }
    };
    item.classList.add("pulled");
    for (const [name, heed] of [
      ["pointermove", follow],
      ["pointerup", drop],
      ["pointercancel", back],
      ["keydown", (pressed) => pressed.key === "Escape" && back()],
    ]) {
      document.addEventListener(name, heed, { signal: end.signal });
    }
  };
  if (places.length > 1) {
    for (const item of places) {
      const grip = document.createElement("span");
      grip.className = "grip";
      grip.setAttribute("aria-hidden", "true");
      grip.addEventListener("pointerdown", (begun) => {
        if (begun.button === 0) {
          begun.preventDefault();
          pull(item, begun);
        }
      });
      item.prepend(grip);
    }
    // Whoever comes back without a reload sees the list as it is.
    window.addEventListener("pageshow", (shown) => shown.persisted && list.append(...places));
  }
}

// A list that narrows to what is typed. It looks at this page alone, and says so; the button looks at all there is.
for (const field of document.querySelectorAll("[data-narrows]")) {
  const list = document.getElementById(field.dataset.narrows);
  const told = list?.previousElementSibling;
  const answered = field.value;
  // As the program compares: no letter case, no marks on letters, words at their beginning, addresses anywhere.
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ς", "σ");
  const fits = (row, words) => {
    const name = folded(row.querySelector(".title bdi").textContent);
    const address = folded(row.querySelector(".address bdi")?.textContent ?? "");
    const parts = [...name.split(/[^\p{L}\p{N}]/u), ...name.split(/\s/)];
    return words.every((word) => parts.some((part) => part.startsWith(word)) || address.includes(word));
  };
  const narrow = () => {
    const words = field.value === answered ? [] : folded(field.value).split(/\s+/).filter(Boolean);
    const fitting = [...list.children].filter((row) => fits(row, words));
    for (const row of list.children) {
      row.hidden = !fitting.includes(row);
    }
    list.hidden = fitting.length === 0;
    const { some, none } = told.dataset;
    told.textContent = words.length === 0 ? "" : fitting.length > 0 ? some.replace("#", fitting.length) : none;
  };
  let pause;
  if (list) {
    field.addEventListener("input", () => {
      clearTimeout(pause);
      pause = setTimeout(narrow, 200);
    });
  }
}
