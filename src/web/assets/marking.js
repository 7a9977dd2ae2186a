// The sheet of a marker: keeps points and comment while they are written. Without this script the
// form has "Keep for later" and "Submit the mark".
(function () {
  "use strict";
  var form = document.getElementById("marking");
  if (!form) return;
  var state = document.getElementById("marking-state");
  var edition = Number(form.elements.edition.value);
  var timer = null;
  var leaving = false;

  function keep() {
    edition += 1;
    var body = JSON.stringify({
      points: form.elements.points.value,
      comment: form.elements.comment.value,
      edition: edition
    });
    fetch(form.dataset.draft, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: body
    }).then(function (answer) {
      if (leaving) return;
      if (!answer.ok) throw new Error(answer.status);
      form.elements.edition.value = edition;
      state.textContent = form.dataset.saved;
    }).catch(function () {
      if (!leaving) state.textContent = form.dataset.unsaved;
    });
  }
  form.addEventListener("input", function () {
    window.clearTimeout(timer);
    timer = window.setTimeout(keep, 800);
  });
  form.addEventListener("submit", function () {
    leaving = true;
    window.clearTimeout(timer);
  });
})();
