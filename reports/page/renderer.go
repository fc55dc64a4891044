package page

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"
)

//go:embed assets
var assets embed.FS

// A Renderer makes pages. It is safe for concurrent use.
type Renderer struct {
	templates     *template.Template
	style, script string
	policy        string
}

// NewRenderer parses the templates.
func NewRenderer() (*Renderer, error) {
	t, err := template.ParseFS(assets, "assets/*.tmpl")
	if err != nil {
		return nil, fmt.Errorf("parse page templates: %w", err)
	}
	style, err := assets.ReadFile("assets/style.css")
	if err != nil {
		return nil, fmt.Errorf("read page style: %w", err)
	}
	script, err := assets.ReadFile("assets/script.js")
	if err != nil {
		return nil, fmt.Errorf("read page script: %w", err)
	}
	r := &Renderer{templates: t, style: string(style), script: string(script)}
	r.policy = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'self'", hash(style), hash(script))
	return r, nil
}

// Policy is the Content-Security-Policy of every page: nothing but the page's
// own style and script. A server adds what a page cannot say of itself.
func (r *Renderer) Policy() string { return r.policy }

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// frame is what surrounds every page.
type frame struct {
	Title Text
	Nav   []navLink
}

type navLink struct{ Href, Text Text }

// begin writes the head of a page. Style and policy are ours and written as
// they are: their digests must be those of the policy.
func (r *Renderer) begin(w io.Writer, f frame) error {
	const top = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta http-equiv="Content-Security-Policy" content="%s">
<style>%s</style>
`
	if _, err := fmt.Fprintf(w, top, strings.ReplaceAll(r.policy, "+", "&#43;"), r.style); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return r.part(w, "begin", f)
}

// end writes the foot of a page.
func (r *Renderer) end(w io.Writer) error {
	if err := r.part(w, "end", nil); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(w, "<script>%s</script>\n</body>\n</html>\n", r.script); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

// part writes one template.
func (r *Renderer) part(w io.Writer, name string, model any) error {
	if err := r.templates.ExecuteTemplate(w, name, model); err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}
