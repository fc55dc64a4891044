// Package page makes the pages that people look at: report.html, one file that
// needs nothing else, and the same pages for a server (reports/page/serve).
//
// What guests, engines and scenarios say is text, never markup: templates
// escape by context (html/template), models hold such strings as Text, which
// writes out what cannot be seen, and the page's Content-Security-Policy lets
// nothing run or load but the style and the script that are in it.
package page
