// The kernel answers with the file; it goes where this browser saves its downloads, which is at hand also where the kernel is far away.
function saveFile(name, bytes) {
  const address = URL.createObjectURL(new Blob([bytes], { type: "text/html" }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

// `take` is for the answer, `rest` for whatever ends the waiting without one, `forget` for another operation.
function evidence(model, say) {
  const saved = el("p", { class: "ops-saved", hidden: true });
  const control = button("Save evidence", ask, { class: "ops-textual", title: "All that is known of this operation now, as one HTML file that opens anywhere" });
  function ask() {
    if (control.hasAttribute("aria-busy")) return;
    control.setAttribute("aria-busy", "true");
    control.textContent = "Saving…";
    model.send({ type: "evidence" });
  }
  function rest() {
    control.removeAttribute("aria-busy");
    control.textContent = "Save evidence";
  }
  function take({ name, sha256 }, [bytes]) {
    rest();
    saveFile(name, bytes);
    const copy = button("Copy", () => copyFrom(copy, `${name} sha256 ${sha256}`, say), { class: "ops-textual", "aria-label": "Copy the file's name and digest" });
    saved.replaceChildren("Saved as ", el("b", { text: name }), " among this browser's downloads, sha256 ", el("code", { text: sha256 }), " ", copy);
    saved.hidden = false;
    say(`Saved as ${name}`);
  }
  function forget() {
    rest();
    saved.hidden = true;
  }
  return { control, saved, take, rest, forget };
}
