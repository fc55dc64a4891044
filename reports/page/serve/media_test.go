package serve_test

import (
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// media shows the page as for another medium, with one feature of it.
func (b *browser) media(t *testing.T, medium, feature, value string) {
	t.Helper()
	b.do(t, emulation.SetEmulatedMedia().WithMedia(medium).WithFeatures([]*emulation.MediaFeature{{Name: feature, Value: value}}))
}

// cutOff lists boxes of which paper would show a part: they scroll, or hide the rest.
const cutOff = `[...document.querySelectorAll("main *")].filter(e => {
  const s = getComputedStyle(e);
  return !e.closest("svg,.sr") && e.checkVisibility() && s.overflowY !== "visible" && e.scrollHeight > e.clientHeight + 1;
}).map(e => e.tagName + "." + e.className)`

// On paper there is nothing to click, every box shows all that it holds, and the
// ink is dark, whatever the screen was.
func TestPrint(t *testing.T) {
	dir, ids := runs(t)
	b := newBrowser(t)
	url := "file://" + reportFile(t, dir, ids[1])
	hidden := `[...document.querySelectorAll(".bar,.filter,.skip")].filter(e => e.checkVisibility()).map(e => e.className)`
	for _, scheme := range []string{"light", "dark"} {
		b.open(t, url, 1600, scheme)
		b.do(t, chromedp.Evaluate(`
			for (const d of document.querySelectorAll("details")) d.open = true;
			for (const e of document.querySelectorAll(".log, .raw")) e.append("a line\n".repeat(400));`, nil))
		require.NotEmpty(t, eval[[]string](t, b, hidden), "on the screen they are there")
		require.NotEmpty(t, eval[[]string](t, b, cutOff), "on the screen some box scrolls")

		b.media(t, "print", "prefers-color-scheme", scheme)
		assert.Empty(t, eval[[]string](t, b, hidden), scheme)
		assert.Empty(t, eval[[]string](t, b, cutOff), scheme)
		assert.Empty(t, eval[[]string](t, b, pale), "%s: contrast below AA", scheme)
		assert.Equal(t, "rgb(255, 255, 255)", eval[string](t, b, `getComputedStyle(document.body).backgroundColor`), scheme)
		assert.Less(t, eval[int](t, b, `Math.max(...getComputedStyle(document.body).color.match(/\d+/g).map(Number))`), 128, "%s: ink", scheme)
		b.shoot(t, "report-print-"+scheme)
	}
	b.quiet(t)
}

// Who wants nothing to move gets a page on which nothing does.
func TestReducedMotion(t *testing.T) {
	dir, ids := runs(t)
	b := newBrowser(t)
	b.open(t, "file://"+reportFile(t, dir, ids[1]), 1600, "light")
	const moving = `[...document.querySelectorAll("*")].filter(e => {
  const s = getComputedStyle(e);
  return s.scrollBehavior === "smooth" || [...s.transitionDuration.split(","), ...s.animationDuration.split(",")].some(d => parseFloat(d) > 0);
}).map(e => e.tagName + "." + e.className)`
	b.media(t, "", "prefers-reduced-motion", "no-preference")
	require.NotEmpty(t, eval[[]string](t, b, moving), "else it scrolls smoothly")
	b.media(t, "", "prefers-reduced-motion", "reduce")
	assert.Empty(t, eval[[]string](t, b, moving))
	b.quiet(t)
}
