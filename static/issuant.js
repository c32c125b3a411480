// Adds to the password field what HTML alone cannot: a way to see what was typed. Sends on at once what has only one way to go.
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

for (const form of document.querySelectorAll("form[data-submit-at-once]")) {
  form.submit();
}
