// Which of the four keys are down, on the keyboard or under a finger.
import { KEYS } from "./tape.js";

/** Watches the keyboard and the pads; the result's mask() is what is held now. */
export function watchKeys(pads) {
  const typed = new Set();
  const touched = new Map(); // pointer to letter
  const letterOf = (event) => {
    const letter = event.key?.toUpperCase();
    const taken = event.ctrlKey || event.metaKey || event.altKey;
    return letter in KEYS && !taken ? letter : undefined;
  };
  const show = () => {
    for (const pad of pads) {
      pad.classList.toggle("down", typed.has(pad.value) || [...touched.values()].includes(pad.value));
    }
  };
  const forget = () => {
    typed.clear();
    touched.clear();
    show();
  };
  addEventListener("keydown", (event) => {
    const letter = letterOf(event);
    if (letter) typed.add(letter), show();
  });
  addEventListener("keyup", (event) => {
    typed.delete(event.key?.toUpperCase());
    show();
  });
  addEventListener("blur", forget);
  for (const pad of pads) {
    pad.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      touched.set(event.pointerId, pad.value);
      show();
    });
    pad.addEventListener("contextmenu", (event) => event.preventDefault());
  }
  for (const kind of ["pointerup", "pointercancel"]) {
    addEventListener(kind, (event) => {
      touched.delete(event.pointerId);
      show();
    });
  }
  const held = () => [...typed, ...touched.values()];
  return { mask: () => held().reduce((mask, letter) => mask | KEYS[letter], 0), forget };
}
