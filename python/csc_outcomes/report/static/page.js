// Sorting by real buttons, pictures as files, and regions that take the focus only where they scroll.
document.querySelectorAll("table.sortable thead th").forEach(function (header) {
  var button = document.createElement("button");
  button.type = "button";
  while (header.firstChild) button.appendChild(header.firstChild);
  header.appendChild(button);
});
document.querySelectorAll("figure[data-file]").forEach(function (figure) {
  var button = document.createElement("button");
  button.type = "button";
  button.className = "link";
  button.textContent = "Download the picture (SVG)";
  button.addEventListener("click", function () {
    var link = document.createElement("a");
    link.href = figure.querySelector("img").currentSrc;
    link.download = figure.dataset.file + ".svg";
    link.click();
  });
  figure.querySelector(".files").append(" ", button);
});
window.addEventListener("beforeprint", function () {
  document.querySelectorAll("details.folded").forEach(function (folded) { folded.open = true; });
});
function focusWhatScrolls() {
  // All are measured before any is changed, so that the page is laid out once.
  var regions = Array.from(document.querySelectorAll(".scroll"));
  var scrolls = regions.map(function (region) { return region.scrollWidth > region.clientWidth; });
  regions.forEach(function (region, i) {
    if (scrolls[i]) region.tabIndex = 0;
    else region.removeAttribute("tabindex");
  });
}
focusWhatScrolls();
window.addEventListener("resize", focusWhatScrolls);
document.addEventListener("toggle", focusWhatScrolls, true);
