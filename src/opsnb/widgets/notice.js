function render({ model, el: root }) {
  const box = el("div", { class: "ops-empty ops-notice", role: "alert" });
  root.append(box);
  const again = button("Try again", () => model.send({ type: "retry" }));
  const undo = follow(model, root, ["state"], () => {
    const now = model.get("state");
    box.replaceChildren(el("h1", { text: now.title ?? "" }), el("p", {}, said(now.text ?? "")), again);
  });
  return undo;
}

export default { render: once(render) };
