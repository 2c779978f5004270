// What the theme leaves out for those who use a keyboard or listen.
function mend() {
  document.querySelectorAll("pre > code, .md-typeset__scrollwrap").forEach((one) => {
    // What scrolls has to be reached without a mouse.
    if (one.scrollWidth > one.clientWidth) one.setAttribute("tabindex", "0");
  });
  // Parts of the one navigation, and the buttons of a listing, are no landmarks of their own.
  document.querySelectorAll("nav nav, .md-code__nav").forEach((one) => {
    one.setAttribute("role", "none");
    for (const name of ["aria-label", "aria-labelledby", "aria-expanded"]) one.removeAttribute(name);
  });
}
mend();
addEventListener("load", mend);
addEventListener("resize", mend);
new MutationObserver(mend).observe(document.body, {
  childList: true,
  subtree: true,
  attributeFilter: ["aria-expanded"],
});
