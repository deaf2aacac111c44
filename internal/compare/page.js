"use strict";
// How many times larger an error is shown than it is.
const gain = 8;

for (const crop of document.querySelectorAll("[data-crop]")) {
  const stage = crop.querySelector(".stage"), canvas = stage.querySelector("canvas");
  const buttons = [...crop.querySelectorAll("[data-version]")];
  const select = {a: crop.querySelector('[data-side="a"]'), b: crop.querySelector('[data-side="b"]')};
  const image = side => buttons[+select[side].value].querySelector("img");
  const name = side => buttons[+select[side].value].querySelector("b").textContent;
  const pressed = (what, on) => crop.querySelector(what)?.setAttribute("aria-pressed", on);

  function show() {
    for (const side of ["a", "b"]) {
      stage.querySelector("img." + side).src = image(side).src;
      stage.querySelector(".t" + side).textContent = name(side);
    }
    buttons.forEach((b, i) => b.classList.toggle("on", i === +select.b.value));
    if (stage.classList.contains("errors")) drawErrors();
  }

  function slide(percent) {
    const at = Math.min(Math.max(percent, 0), 100);
    stage.style.setProperty("--at", at + "%");
    stage.setAttribute("aria-valuenow", Math.round(at));
    stage.setAttribute("aria-valuetext", Math.round(at) + "% " + name("a") + ", the rest " + name("b"));
  }

  function flip() {
    const on = stage.classList.contains("flip") && !stage.classList.contains("flipped");
    setErrors(false);
    stage.classList.add("flip");
    stage.classList.toggle("flipped", on);
    pressed("[data-flip]", on);
  }

  // The largest difference of a colour between the two sides, as gray.
  function drawErrors() {
    const pixels = side => {
      const of = document.createElement("canvas");
      [of.width, of.height] = [canvas.width, canvas.height];
      const c = of.getContext("2d");
      c.drawImage(image(side), 0, 0, canvas.width, canvas.height);
      return c.getImageData(0, 0, canvas.width, canvas.height);
    };
    const a = pixels("a"), b = pixels("b");
    for (let i = 0; i < a.data.length; i += 4) {
      let e = 0;
      for (let c = 0; c < 3; c++) e = Math.max(e, Math.abs(a.data[i + c] - b.data[i + c]));
      a.data[i] = a.data[i + 1] = a.data[i + 2] = Math.min(gain * e, 255);
      a.data[i + 3] = 255;
    }
    canvas.getContext("2d").putImageData(a, 0, 0);
    stage.querySelector(".tb").textContent = name("a") + " − " + name("b") + ", ×" + gain;
  }

  function setErrors(on) {
    stage.classList.toggle("errors", on);
    canvas.hidden = !on;
    pressed("[data-errors]", on);
    if (on) drawErrors(); else show();
  }

  function setTree(on) {
    stage.classList.toggle("tree", on);
    pressed("[data-leaves]", on);
  }

  function unflip() {
    stage.classList.remove("flip", "flipped");
    pressed("[data-flip]", false);
  }

  const drag = e => {
    const box = stage.getBoundingClientRect();
    slide(100 * (e.clientX - box.left) / box.width);
  };
  stage.addEventListener("pointerdown", e => {
    unflip();
    setErrors(false);
    stage.setPointerCapture(e.pointerId);
    drag(e);
  });
  stage.addEventListener("pointermove", e => { if (stage.hasPointerCapture(e.pointerId)) drag(e); });

  const toggleErrors = () => { unflip(); setErrors(!stage.classList.contains("errors")); };
  const toggleTree = () => setTree(!stage.classList.contains("tree"));
  crop.querySelector("[data-flip]").addEventListener("click", flip);
  crop.querySelector("[data-errors]").addEventListener("click", toggleErrors);
  crop.querySelector("[data-leaves]")?.addEventListener("click", toggleTree);
  for (const side of ["a", "b"]) select[side].addEventListener("change", () => { show(); slide(+stage.getAttribute("aria-valuenow")); });
  const choose = i => { select.b.value = i; show(); slide(+stage.getAttribute("aria-valuenow")); };
  buttons.forEach((b, i) => b.addEventListener("click", () => choose(i)));

  crop.addEventListener("keydown", e => {
    if (e.altKey || e.ctrlKey || e.metaKey || e.target.tagName === "SELECT") return;
    const onStage = e.target === stage, now = +stage.getAttribute("aria-valuenow");
    const step = {ArrowLeft: now - 2, ArrowDown: now - 2, ArrowRight: now + 2, ArrowUp: now + 2, PageDown: now - 20, PageUp: now + 20, Home: 0, End: 100};
    if (onStage && e.key in step) { unflip(); setErrors(false); slide(step[e.key]); }
    else if (e.key === "f" || e.key === "F" || onStage && e.key === " ") flip();
    else if (e.key === "e" || e.key === "E") toggleErrors();
    else if (e.key === "t" || e.key === "T") toggleTree();
    else if (e.key >= "1" && e.key <= "9" && buttons[+e.key]) choose(+e.key);
    else return;
    e.preventDefault();
  });
  show();
  slide(50);
}

for (const box of document.querySelectorAll("[data-tree]")) {
  box.addEventListener("change", () => box.closest("figure").querySelector(".sheet").classList.toggle("tree", box.checked));
}

// The figures, as a file to keep.
const data = new Blob([document.getElementById("data").textContent], {type: "application/json"});
document.querySelector("a[download]").href = URL.createObjectURL(data);
