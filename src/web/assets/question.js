// Questions with more natural controls: buttons to put things in order, a mark on a picture, a
// count of words. Without this script the same fields are plain choices and numbers.
(function () {
  "use strict";

  function all(box, css) { return Array.prototype.slice.call(box.querySelectorAll(css)); }
  function fields(box) { return all(box, "[name='q" + box.dataset.position + "']"); }
  function part(box, name) { return box.querySelector("[name='q" + box.dataset.position + "." + name + "']"); }
  function told(box) { box.dispatchEvent(new Event("change", { bubbles: true })); }

  // The response as the server keeps it.
  function response(box) {
    switch (box.dataset.kind) {
      case "numeric": case "short": case "essay":
        return fields(box)[0].value.trim();
      case "ordering":
        var list = box.querySelector("[data-order]");
        return list.dataset.given ? letters(list).join(",") : "";
      case "matching":
        var chosen = all(box, "select").map(function (choice) { return choice.value; });
        return chosen.every(function (one) { return one === "-"; }) ? "" : chosen.join(",");
      case "hotspot":
        var x = thousandths(part(box, "x").value), y = thousandths(part(box, "y").value);
        return x === null || y === null ? "" : x + "," + y;
      default:
        return fields(box).filter(function (input) { return input.checked; })
          .map(function (input) { return input.value; }).sort().join(",");
    }
  }

  // Shows a response, as if it had been given here.
  function show(box, given) {
    var parts = given.split(",");
    switch (box.dataset.kind) {
      case "numeric": case "short": case "essay":
        fields(box)[0].value = given;
        count(box);
        break;
      case "ordering":
        var list = box.querySelector("[data-order]");
        parts.forEach(function (letter) {
          var item = list.querySelector("[data-letter='" + letter + "']");
          if (item) list.appendChild(item);
        });
        if (given) list.dataset.given = "yes"; else delete list.dataset.given;
        number(list);
        break;
      case "matching":
        all(box, "select").forEach(function (choice, at) { choice.value = parts[at] || "-"; });
        break;
      case "hotspot":
        place(box, given ? [Number(parts[0]), Number(parts[1])] : null);
        break;
      default:
        fields(box).forEach(function (input) { input.checked = parts.indexOf(input.value) >= 0; });
    }
  }

  // Ordering.
  function letters(list) {
    return all(list, "[data-letter]").map(function (item) { return item.dataset.letter; });
  }
  function number(list) {
    var given = list.dataset.given;
    var items = all(list, "[data-letter]");
    items.forEach(function (item, at) {
      item.querySelector("select").value = given ? String(at + 1) : "";
      item.querySelector("[data-move=up]").disabled = at === 0;
      item.querySelector("[data-move=down]").disabled = at === items.length - 1;
    });
    var keep = list.parentNode.querySelector("[data-keep-order]");
    if (keep) keep.hidden = !!given;
  }
  function order(box, list) {
    all(list, "select").forEach(function (choice) { choice.hidden = true; });
    all(list, ".exam-moves").forEach(function (moves) { moves.hidden = false; });
    list.addEventListener("click", function (event) {
      var button = event.target.closest("[data-move]");
      if (!button) return;
      var item = button.closest("[data-letter]");
      var up = button.dataset.move === "up";
      var other = up ? item.previousElementSibling : item.nextElementSibling;
      if (!other) return;
      list.insertBefore(up ? item : other, up ? other : item);
      list.dataset.given = "yes";
      number(list);
      // At an end its button rests; the other one goes on.
      (button.disabled ? item.querySelector("[data-move]:not(:disabled)") : button).focus();
      told(box);
    });
    box.querySelector("[data-keep-order]").addEventListener("click", function () {
      list.dataset.given = "yes";
      number(list);
      list.querySelector("[data-move]:not(:disabled)").focus();
      told(box);
    });
    number(list);
  }

  // A place on a picture, in thousandths of its width and height.
  function thousandths(percent) {
    var text = percent.trim().replace(/[%％]/g, "").replace(",", ".");
    var value = Number(text);
    return text === "" || !(value >= 0 && value <= 100) ? null : Math.round(value * 10);
  }
  function place(box, at) {
    part(box, "x").value = at ? at[0] / 10 : "";
    part(box, "y").value = at ? at[1] / 10 : "";
    draw(box);
  }
  function draw(box) {
    var svg = box.querySelector(".hotspot-mark");
    var x = thousandths(part(box, "x").value), y = thousandths(part(box, "y").value);
    while (svg.firstChild) svg.removeChild(svg.firstChild);
    if (x === null || y === null) return;
    [["ring", 14], ["point", 3]].forEach(function (shape) {
      var circle = document.createElementNS("http://www.w3.org/2000/svg", "circle");
      circle.setAttribute("class", shape[0]);
      circle.setAttribute("cx", x / 10 + "%");
      circle.setAttribute("cy", y / 10 + "%");
      circle.setAttribute("r", shape[1]);
      svg.appendChild(circle);
    });
  }
  function hotspot(box, frame) {
    var said = box.querySelector("[data-spot]");
    frame.classList.add("live");
    frame.tabIndex = 0;
    frame.setAttribute("role", "application");
    frame.setAttribute("aria-label", frame.querySelector("img").alt + " " + frame.dataset.how);
    function put(x, y) {
      var at = [x, y].map(function (one) { return Math.max(0, Math.min(1000, Math.round(one))); });
      place(box, at);
      said.textContent = frame.dataset.said.replace("%x", at[0] / 10).replace("%y", at[1] / 10);
      told(box);
    }
    frame.addEventListener("click", function (event) {
      var picture = frame.querySelector("img").getBoundingClientRect();
      if (!picture.width || !picture.height) return;
      put((event.clientX - picture.left) / picture.width * 1000,
        (event.clientY - picture.top) / picture.height * 1000);
    });
    frame.addEventListener("keydown", function (event) {
      var ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1], Enter: [0, 0], " ": [0, 0] };
      var way = ways[event.key];
      if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      var x = thousandths(part(box, "x").value), y = thousandths(part(box, "y").value);
      var step = event.shiftKey ? 50 : 10;
      // The first key brings the mark to the middle.
      if (x === null || y === null) put(500, 500);
      else put(x + way[0] * step, y + way[1] * step);
    });
    ["x", "y"].forEach(function (name) {
      part(box, name).addEventListener("input", function () { draw(box); });
    });
  }

  // Words: a Chinese character is one, so is a word of letters.
  function count(box) {
    var line = box.querySelector("[data-words]");
    if (!line) return;
    var words = fields(box)[0].value.match(/[\u3400-\u9fff\uf900-\ufaff]|[A-Za-z0-9\u00c0-\u024f]+(?:['’.-][A-Za-z0-9\u00c0-\u024f]+)*/g);
    line.textContent = line.dataset.words.replace("%n", words ? words.length : 0);
  }

  function enhance(box) {
    var list = box.querySelector("[data-order]");
    if (list) order(box, list);
    var frame = box.querySelector(".hotspot-frame");
    if (frame) hotspot(box, frame);
    if (box.dataset.kind === "essay") {
      count(box);
      box.addEventListener("input", function () { count(box); });
    }
  }

  // Number and letter keys choose an option; says whether one was chosen.
  function choose(box, key) {
    var at = /^[1-9]$/.test(key) ? Number(key) - 1 : /^[a-e]$/i.test(key) ? key.toLowerCase().charCodeAt(0) - 97 : -1;
    var input = all(box, ".exam-option input")[at];
    if (!input || input.disabled) return false;
    input.focus();
    input.click();
    return true;
  }
  // Whether keys belong to where the reader is: a field, a choice, a menu.
  function isTyping(target) {
    return target.isContentEditable || /^(TEXTAREA|SELECT)$/.test(target.tagName) ||
      (target.tagName === "INPUT" && !/^(radio|checkbox|button|submit)$/.test(target.type));
  }

  document.querySelectorAll("[data-position][data-kind]").forEach(enhance);
  window.shifuQuestion = { response: response, show: show, choose: choose, isTyping: isTyping };

  // A page with one question only, as in practice: its keys need no more than this.
  var lone = document.querySelector("[data-lone]");
  if (lone) {
    document.addEventListener("keydown", function (event) {
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
      if (choose(lone, event.key)) event.preventDefault();
    });
  }
})();
