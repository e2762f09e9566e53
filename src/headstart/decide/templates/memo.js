(function () {
  "use strict";
  function open(target) {
    for (var node = target; node; node = node.parentElement) {
      if (node.tagName === "DETAILS") node.open = true;
    }
  }
  function follow() {
    var target = location.hash && document.getElementById(location.hash.slice(1));
    if (target) { open(target); target.scrollIntoView({ block: "center" }); }
  }
  addEventListener("hashchange", follow);
  addEventListener("beforeprint", function () {
    document.querySelectorAll("details").forEach(function (part) { part.open = true; });
  });
  follow();
})();
