package answer

import (
	"fmt"
	"html/template"
	"net/http"
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

var view = template.Must(template.New("page").Parse(`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{{.Title}} - Homeostat</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1rem; }
dt { font-weight: bold; margin-top: .5rem } dd { margin: 0; overflow-wrap: anywhere }
form { margin-top: 1.5rem } button { font: inherit; padding: .4rem 1rem } textarea { font: inherit; width: 100% }
</style>
</head>
<body>
<h1>{{.Title}}</h1>
{{with .Text}}<p role="alert">{{.}}</p>{{end}}
{{with .Approval}}<dl>
<dt>Component</dt><dd>{{.Component}}</dd>
<dt>Would be done</dt>{{range $.Actions}}<dd>{{.}}</dd>{{end}}
<dt>Why</dt><dd>{{.Reason}}</dd>
{{with .Evidence}}<dt>Evidence</dt>{{range .}}<dd>{{.}}</dd>{{end}}{{end}}
<dt>Proposed by</dt><dd>{{.Strategy}}</dd>
<dt>Approval</dt><dd>{{.ID}}</dd>
{{with .Answer}}<dt>Answer</dt><dd>{{.}}</dd>{{end}}
{{if $.Open}}<dt>Open until</dt><dd>{{$.Until}}</dd>{{end}}
</dl>{{end}}
{{if .Open}}<form method="post">
<button name="answer" value="approve">Approve: do it</button>
</form>
<form method="post">
<label for="reason">Or reject it, and say why:</label>
<textarea id="reason" name="reason" rows="2" maxlength="1000" required></textarea>
<button name="answer" value="reject">Reject</button>
</form>{{end}}
</body>
</html>
`))

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
	if err := view.Execute(w, p); err != nil {
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
