// Sets the colour scheme before the first paint; a file, not inline, so that a
// strict content security policy holds.
(function () {
  var s = null;
  try { s = localStorage.getItem('hashyard-scheme'); } catch { /* storage may be denied */ }
  if (s !== 'dark' && s !== 'light') {
    s = window.matchMedia('(prefers-color-scheme: light)').matches ? 'light' : 'dark';
  }
  document.documentElement.setAttribute('data-mantine-color-scheme', s);
})();
