// Adds what HTML alone cannot: a way to see what was typed into the password field, forms that are sent once, and those
// with only one way to go that are sent by themselves.
// Every page works without this file.
"use strict";

for (const button of document.querySelectorAll("button.reveal")) {
  const field = document.getElementById(button.getAttribute("aria-controls"));
  const label = button.firstElementChild;
  const words = { false: label.textContent, true: button.dataset.hide };

  const show = (visible) => {
    field.type = visible ? "text" : "password";
    label.textContent = words[visible];
    button.setAttribute("aria-pressed", visible);
  };

  button.addEventListener("click", () => {
    show(field.type === "password");
    field.focus();
  });
  // Browsers remember what was typed into a text field, so it becomes a password again.
  field.form.addEventListener("submit", () => show(false));
  button.hidden = false;
}

// Whoever clicks again while the answer is on its way would take back the first click, whose answer is then lost. After a
// while the answer is not coming, and on a page that the browser kept, the answer came before.
const sent = new Map();

document.addEventListener("submit", (event) => {
  const before = sent.get(event.target);
  if (before !== undefined && event.timeStamp - before < 5000) {
    event.preventDefault();
  } else {
    sent.set(event.target, event.timeStamp);
  }
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    sent.clear();
  }
});

for (const form of document.querySelectorAll("form[data-submit-at-once]")) {
  form.requestSubmit();
}
