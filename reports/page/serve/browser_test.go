package serve_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A browser is a real Chromium with what it complained of.
type browser struct {
	ctx context.Context

	mu         sync.Mutex
	complaints []string
}

// newBrowser starts Chromium; without one the test is skipped.
func newBrowser(t *testing.T) *browser {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if p, err := exec.LookPath(name); err == nil {
			path = p
			break
		}
	}
	if path == "" {
		t.Skip("no Chromium here: SETUP_TEST=1 scripts/setup.sh installs it")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.UserDataDir(t.TempDir()), chromedp.WSURLReadTimeout(2*time.Minute))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	chromedp.ListenTarget(ctx, b.listen)
	b.do(t, log.Enable(), runtime.Enable())
	return b
}

// listen keeps errors, refusals of the policy, and exceptions.
func (b *browser) listen(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch e := event.(type) {
	case *log.EventEntryAdded:
		b.complaints = append(b.complaints, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
	case *runtime.EventExceptionThrown:
		b.complaints = append(b.complaints, e.ExceptionDetails.Error())
	case *runtime.EventConsoleAPICalled:
		b.complaints = append(b.complaints, "console: "+string(e.Type))
	}
}

func (b *browser) do(t *testing.T, actions ...chromedp.Action) {
	t.Helper()
	require.NoError(t, chromedp.Run(b.ctx, actions...))
}

// eval is what an expression yields in the page.
func eval[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	var v T
	b.do(t, chromedp.Evaluate(expression, &v))
	return v
}

// quiet requires that the browser had nothing to complain of.
func (b *browser) quiet(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	assert.Empty(t, b.complaints)
}

// open shows a page at a width, in light or dark.
func (b *browser) open(t *testing.T, url string, width int64, scheme string) {
	t.Helper()
	b.do(t, emulation.SetDeviceMetricsOverride(width, 900, 1, width < 600),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(url))
}

// shoot keeps a picture of the page where BENCHTEST_SCREENSHOTS says.
func (b *browser) shoot(t *testing.T, name string) {
	t.Helper()
	dir := os.Getenv("BENCHTEST_SCREENSHOTS")
	if dir == "" {
		return
	}
	var png []byte
	b.do(t, chromedp.FullScreenshot(&png, 100))
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, name+".png"), png, 0o644))
}

// Every page, at both widths and in both schemes: nothing runs but our own,
// nothing goes beyond the screen's edge, and every text can be read.
func TestPagesInABrowser(t *testing.T) {
	dir, ids := runs(t)
	s := newServer(t, dir)
	b := newBrowser(t)
	for name, url := range map[string]string{
		"report":  "file://" + reportFile(t, dir, ids[1]),
		"home":    s.URL + "/",
		"run":     s.URL + "/run/" + ids[1],
		"attempt": s.URL + "/run/" + ids[1] + "/attempt/nginx/002-port-taken/i1",
		"compare": s.URL + "/compare?a=" + ids[0] + "&b=" + ids[1],
	} {
		for _, width := range []int64{360, 1600} {
			for _, scheme := range []string{"light", "dark"} {
				at := fmt.Sprintf("%s-%d-%s", name, width, scheme)
				b.open(t, url, width, scheme)
				b.do(t, chromedp.Evaluate(`for (const d of document.querySelectorAll("details")) d.open = true`, nil))
				assert.NotEqual(t, "owned", eval[string](t, b, `document.title`), at)
				assert.Zero(t, eval[int](t, b, `document.images.length`), at)
				assert.LessOrEqual(t, eval[int64](t, b, `document.documentElement.scrollWidth`), width, "%s: scrolls sideways: %s", at, eval[string](t, b, wide))
				assert.Empty(t, eval[[]string](t, b, pale), "%s: contrast below AA", at)
				b.shoot(t, at)
			}
		}
	}
	b.quiet(t)
}

// wide names what goes beyond the screen's edge outside a box that scrolls.
const wide = `[...document.body.querySelectorAll("*")].filter(e => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest(".scroll,.log,.raw,nav")).slice(0, 3).map(e => e.outerHTML.slice(0, 120)).join(" | ")`

// pale lists texts whose contrast with what is behind them is less than WCAG AA
// asks for.
const pale = `(() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const known = {};
  const rgba = (c) => known[c] ??= paint(c);
  const paint = (c) => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = c; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
  const light = ([r, g, b]) => { const f = (v) => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }; return 0.2126 * f(r) + 0.7152 * f(g) + 0.0722 * f(b); };
  const behind = (e) => { for (; e; e = e.parentElement) { const c = rgba(getComputedStyle(e).backgroundColor); if (c[3] > 250) return c; } return [255, 255, 255, 255]; };
  const found = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    const e = n.parentElement;
    if (!n.textContent.trim() || e.closest("script,style,title,option") || !e.checkVisibility()) continue;
    const style = getComputedStyle(e), ink = e.closest("svg") ? style.fill : style.color;
    const [a, b] = [light(rgba(ink)), light(behind(e))].sort((x, y) => y - x);
    const size = parseFloat(style.fontSize), large = size >= 24 || (size >= 18.66 && style.fontWeight >= 700);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < (large ? 3 : 4.5)) found.add(e.tagName + "." + e.className + " " + ratio.toFixed(2));
  }
  return [...found];
})()`

// Without a mouse: past the navigation, into the filter, to an attempt, which
// opens, and its parts.
func TestKeyboard(t *testing.T) {
	dir, ids := runs(t)
	b := newBrowser(t)
	b.open(t, "file://"+reportFile(t, dir, ids[1]), 1600, "light")
	focused := func() string { return eval[string](t, b, `document.activeElement.textContent.trim()`) }

	b.do(t, chromedp.KeyEvent(kb.Tab))
	assert.Equal(t, "Skip to the content", focused())
	b.do(t, chromedp.KeyEvent(kb.Enter), chromedp.KeyEvent(kb.Tab))
	assert.Equal(t, "disk/001-full", focused(), "the first thing to look at")
	b.do(t, chromedp.KeyEvent(kb.Enter))
	require.Eventually(t, func() bool {
		return eval[bool](t, b, `document.getElementById("a-disk--001-full-i1").closest("details").open`)
	}, 10*time.Second, 20*time.Millisecond, "a link opens its attempt")

	b.do(t, chromedp.KeyEvent("/"))
	assert.Equal(t, "find", eval[string](t, b, `document.activeElement.name`))
	b.do(t, chromedp.Evaluate(`document.activeElement.value = ""`, nil), // the protocol types the slash that the page refuses
		chromedp.KeyEvent("port-taken"))
	visible := `[...document.querySelectorAll("#rows tbody tr:not([hidden]) th a")].map(e => e.textContent)`
	assert.Equal(t, []string{"nginx/002-port-taken"}, eval[[]string](t, b, visible))
	assert.Equal(t, "1 of 4 shown", eval[string](t, b, `document.querySelector("output").textContent`))

	// Every stop on the way is visible and says what it is.
	b.do(t, chromedp.Evaluate(`document.activeElement.blur(); document.querySelector("input").value = ""; document.querySelector("form.filter").dispatchEvent(new Event("input"))`, nil))
	seen := map[string]bool{}
	for range 60 {
		b.do(t, chromedp.KeyEvent(kb.Tab))
		name := eval[string](t, b, `(e => e === document.body ? "" : e.tagName + " " + (e.getAttribute("aria-label") || e.name || (document.getElementById(e.getAttribute("aria-labelledby")) || e).textContent.trim().slice(0, 40)))(document.activeElement)`)
		if name == "" {
			break
		}
		assert.NotEmpty(t, strings.TrimSpace(strings.SplitN(name, " ", 2)[1]), name)
		assert.NotEqual(t, "none", eval[string](t, b, `getComputedStyle(document.activeElement).outlineStyle`), "focus of %s is seen", name)
		seen[strings.SplitN(name, " ", 2)[0]] = true
	}
	for _, tag := range []string{"A", "SELECT", "SUMMARY"} {
		assert.True(t, seen[tag], "%s is reached", tag)
	}
	b.quiet(t)
}

// Without its script the page says all the same.
func TestWithoutScript(t *testing.T) {
	dir, ids := runs(t)
	b := newBrowser(t)
	b.do(t, emulation.SetScriptExecutionDisabled(true))
	b.open(t, "file://"+reportFile(t, dir, ids[1])+"#a-disk--001-full-i1", 1600, "light")
	var text string
	b.do(t, chromedp.Text("main", &text))
	for _, want := range []string{"3 of 4 attempts did not pass", "What to look at", "newly failing", "nginx/002-port-taken"} {
		assert.True(t, strings.Contains(text, want), want)
	}
	b.quiet(t)
}
