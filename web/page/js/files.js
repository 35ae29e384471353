// Recordings in and out: files, links, the clipboard.
import { parseRecording, packed, recordingText, unpacked } from "./recording.js";

const MOST_BYTES = 20_000_000;

/** The recording in a file that somebody has dropped or chosen. */
export async function readFile(file) {
  if (file.size > MOST_BYTES) throw new Error("This file is too large to be a recording.");
  return parseRecording(await file.text());
}

/** The recording at an address. */
export async function readAddress(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`There is no recording at ${address}.`);
  return parseRecording(await answer.text());
}

/** What the page's own address names: #run=packed recording, or ?run=address of a file. */
export async function readOwnAddress() {
  const inside = new URLSearchParams(location.hash.slice(1)).get("run");
  const elsewhere = new URLSearchParams(location.search).get("run");
  if (inside) return parseRecording(await unpacked(inside));
  return elsewhere ? readAddress(elsewhere) : undefined;
}

export function saveFile(recording) {
  const { score, frames } = recording.values.result;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([recordingText(recording)], { type: "text/plain" }));
  link.download = `qwop-${score.toFixed(1)}m-${frames}f.qwop`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Hands a link over that holds the recording; what was done with it, in words. */
export async function shareLink(recording) {
  const address = new URL(location.href);
  address.search = "";
  address.hash = `run=${await packed(recordingText(recording))}`;
  if (navigator.share && matchMedia("(pointer: coarse)").matches) {
    await navigator.share({ title: "A run of QWOP", url: address.href });
    return "";
  }
  if (!navigator.clipboard) {
    throw new Error("This browser gives no access to its clipboard; save the run instead.");
  }
  await navigator.clipboard.writeText(address.href);
  return "The link is on the clipboard.";
}

/** Calls back with each file that is dropped on the page. */
export function watchDrops(onFile) {
  const { body } = document;
  addEventListener("dragover", (event) => {
    event.preventDefault();
    body.classList.add("dropping");
  });
  addEventListener("dragleave", () => body.classList.remove("dropping"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    body.classList.remove("dropping");
    const [file] = event.dataTransfer.files;
    if (file) onFile(file);
  });
}
