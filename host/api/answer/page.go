package answer

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/homeostat/homeostat/host/api"
)

// page is what is shown.
type page struct {
	Status     int
	RetryAfter time.Duration
	// Text is a sentence above the question, or instead of it.
	Text     string
	Approval *api.Approval
	// Open says that the question can still be answered.
	Open bool
}

// Title says what the page is about.
func (p page) Title() string {
	switch {
	case p.Approval == nil:
		return "Nothing to answer"
	case p.Open:
		return "May this be done?"
	}
	return "This is " + p.Approval.State
}

// Actions are what is asked for, one line each.
func (p page) Actions() []string {
	var out []string
	for _, a := range p.Approval.Proposal.Actions {
		out = append(out, strings.TrimSpace(string(a.Kind())+" "+a.Target()))
	}
	return out
}

// Until is when the question expires.
func (p page) Until() string { return p.Approval.Expires.UTC().Format("2006-01-02 15:04 UTC") }

const (
	head = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
dt { font-weight: bold; margin-top: .5rem } dd { margin: 0; overflow-wrap: anywhere }
form { margin-top: 1.5rem } button { font: inherit; padding: .4rem 1rem } textarea { font: inherit; width: 100% }
</style>
`
	form = `<form method="post">
<button name="answer" value="approve">Approve: do it</button>
</form>
<form method="post">
<label for="reason">Or reject it, and say why:</label>
<textarea id="reason" name="reason" rows="2" maxlength="1000" required></textarea>
<button name="answer" value="reject">Reject</button>
</form>
`
)

// html is the page for browsers. It is put together by hand, for html/template
// keeps the linker from leaving out what nobody calls: 3 MB of the program.
func (p page) html() string {
	var b strings.Builder
	title := html.EscapeString(p.Title())
	b.WriteString(head + "<title>" + title + " - Homeostat</title>\n</head>\n<body>\n<h1>" + title + "</h1>\n")
	if p.Text != "" {
		b.WriteString(`<p role="alert">` + html.EscapeString(p.Text) + "</p>\n")
	}
	if p.Approval != nil {
		b.WriteString(p.facts())
	}
	if p.Open {
		b.WriteString(form)
	}
	b.WriteString("</body>\n</html>\n")
	return b.String()
}

// facts is the list of what is known of the approval. What is empty is left out.
func (p page) facts() string {
	a := p.Approval
	var b strings.Builder
	row := func(term string, values ...string) {
		values = slices.DeleteFunc(values, func(v string) bool { return v == "" })
		if len(values) == 0 {
			return
		}
		b.WriteString("<dt>" + term + "</dt>")
		for _, v := range values {
			b.WriteString("<dd>" + html.EscapeString(v) + "</dd>")
		}
		b.WriteString("\n")
	}
	row("Component", a.Component)
	row("Would be done", p.Actions()...)
	row("Why", a.Reason)
	row("Evidence", slices.Clone(a.Evidence)...)
	row("Proposed by", a.Strategy)
	row("Approval", a.ID)
	row("Answer", a.Answer)
	if p.Open {
		row("Open until", p.Until())
	}
	return "<dl>\n" + b.String() + "</dl>\n"
}

// write sends a page to a browser, or its sentence to a program.
func (h *Handler) write(w http.ResponseWriter, r *http.Request, p page) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'")
	header.Set("Referrer-Policy", "same-origin") // the address is a secret; with no-referrer a browser's POST has no origin
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("X-Frame-Options", "DENY")
	if p.RetryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int(p.RetryAfter.Seconds())+1))
	}
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(p.Status)
		fmt.Fprintln(w, p.sentence())
		return
	}
	header.Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Status)
	if _, err := io.WriteString(w, p.html()); err != nil {
		h.log.Debug("a page was not sent to its end", "error", err)
	}
}

// sentence is the page for programs.
func (p page) sentence() string {
	if p.Approval == nil {
		return p.Text
	}
	a := p.Approval
	text := fmt.Sprintf("%s: %s for %s is %s", a.ID, strings.Join(p.Actions(), ", "), a.Component, a.State)
	switch {
	case p.Text != "":
		text = p.Text
	case p.Open:
		text += "; to answer, POST answer=approve, or answer=reject with a reason"
	case a.Answer != "":
		text += ": " + a.Answer
	}
	return text
}
