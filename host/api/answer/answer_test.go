package answer

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/homeostat/homeostat/host/api"
	"github.com/homeostat/homeostat/sdk"
)

// book keeps approvals as the host does: an answer is given once.
type book struct {
	list   []api.Approval
	done   []string
	actors []string
}

func (b *book) Approval(_ context.Context, id string) (api.Approval, error) {
	for _, a := range b.list {
		if a.ID == id {
			return a, nil
		}
	}
	return api.Approval{}, &api.Problem{Status: http.StatusNotFound, Detail: "there is no approval " + id}
}

func (b *book) Approve(ctx context.Context, id, hash string) (api.Approval, error) {
	return b.answer(ctx, id, "approved "+hash)
}

func (b *book) Reject(ctx context.Context, id, reason string) (api.Approval, error) {
	return b.answer(ctx, id, "rejected "+reason)
}

func (b *book) answer(ctx context.Context, id, what string) (api.Approval, error) {
	b.done, b.actors = append(b.done, id+" "+what), append(b.actors, api.Actor(ctx))
	for n := range b.list {
		if a := &b.list[n]; a.ID == id {
			if a.State != "pending" {
				return *a, &api.Problem{Status: http.StatusConflict, Detail: "it is " + a.State + " already"}
			}
			a.State, _, _ = strings.Cut(what, " ")
			return *a, nil
		}
	}
	return api.Approval{}, errors.New("unknown")
}

type desk struct {
	*testing.T
	book *book
	key  Key
	h    *Handler
}

func newDesk(t *testing.T) desk {
	t.Helper()
	key, err := OpenKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	b := &book{list: []api.Approval{{
		ID: "app_1", Component: "web", Hash: "h1", State: "pending", Reason: "it hangs <script>alert(1)</script>", Expires: time.Now().Add(time.Hour),
		Proposal: sdk.Proposal{Actions: []sdk.Action{sdk.Restart{Component: "web"}}}, Evidence: []string{"http fails"},
	}}}
	return desk{t, b, key, New(key, b, hclog.NewNullLogger())}
}

func (d desk) link() Link { return Link{ID: "app_1", Hash: "h1", Expires: time.Now().Add(time.Hour)} }

// ask sends a request for a token; a form makes it a POST.
func (d desk) ask(token string, form url.Values) *httptest.ResponseRecorder {
	d.Helper()
	r := httptest.NewRequest(http.MethodGet, Path+token, nil)
	if form != nil {
		r = httptest.NewRequest(http.MethodPost, Path+token, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	return w
}

func approve() url.Values { return url.Values{"answer": {"approve"}} }

func TestLookingAtALinkAnswersNothing(t *testing.T) {
	d := newDesk(t)
	token := d.key.Token(d.link())
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut} {
		r := httptest.NewRequest(method, Path+token+"?answer=approve", strings.NewReader("answer=approve"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		d.h.ServeHTTP(httptest.NewRecorder(), r)
	}
	if len(d.book.done) > 0 {
		t.Errorf("got %v done by looking, want nothing", d.book.done)
	}
}

func TestPageShowsWhatIsAskedSafely(t *testing.T) {
	d := newDesk(t)
	r := httptest.NewRequest(http.MethodGet, Path+d.key.Token(d.link()), nil)
	r.Header.Set("Accept", "text/html,*/*;q=0.8")
	w := httptest.NewRecorder()
	d.h.ServeHTTP(w, r)
	for _, want := range []string{"restart web", "http fails", "it hangs &lt;script&gt;", `value="approve"`, `value="reject"`} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the page lacks %q:\n%s", want, w.Body)
		}
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Content-Security-Policy": "default-src 'none'"} {
		if got := w.Header().Get(name); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

func TestAnswerActsOnce(t *testing.T) {
	d := newDesk(t)
	token := d.key.Token(d.link())
	for n := range 3 {
		if w := d.ask(token, approve()); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "is approved") {
			t.Errorf("time %d: got %d %s", n+1, w.Code, w.Body)
		}
	}
	if len(d.book.done) != 1 || d.book.done[0] != "app_1 approved h1" || d.book.actors[0] != "link from 192.0.2.1" {
		t.Errorf("got %v by %v, want one yes, bound to the hash, by the link", d.book.done, d.book.actors)
	}
	if w := d.ask(token, url.Values{"answer": {"reject"}, "reason": {"no"}}); w.Code != http.StatusConflict || !strings.Contains(w.Body.String(), "approved already") {
		t.Errorf("a no after the yes: got %d %s, want 409 and a sentence", w.Code, w.Body)
	}
	if w := d.ask(token, nil); strings.Contains(w.Body.String(), "to answer") {
		t.Errorf("the page still asks: %s", w.Body)
	}
}

func TestRejectingNeedsAReason(t *testing.T) {
	d := newDesk(t)
	token := d.key.Token(d.link())
	for _, reason := range []string{"", "  \n", strings.Repeat("x", maxReason+1)} {
		if w := d.ask(token, url.Values{"answer": {"reject"}, "reason": {reason}}); w.Code != http.StatusUnprocessableEntity {
			t.Errorf("reason of %d bytes: got %d, want 422", len(reason), w.Code)
		}
	}
	for _, form := range []url.Values{{}, {"answer": {"yes"}}, {"answer": {strings.Repeat("x", maxBody)}}} {
		if w := d.ask(token, form); w.Code < 400 {
			t.Errorf("form %.40v: got %d, want a refusal", form, w.Code)
		}
	}
	if w := d.ask(token, url.Values{"answer": {"reject"}, "reason": {" a deploy is under way "}}); w.Code != http.StatusOK || len(d.book.done) != 1 || d.book.done[0] != "app_1 rejected a deploy is under way" {
		t.Errorf("got %d and %v", w.Code, d.book.done)
	}
}

func TestWrongLinksAnswerNothing(t *testing.T) {
	d := newDesk(t)
	other, err := OpenKey(filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	changed, unknown, old := d.link(), d.link(), d.link()
	changed.Hash, unknown.ID, old.Expires = "h2", "app_2", time.Now().Add(-time.Second)
	good := d.key.Token(d.link())
	head, tail, _ := strings.Cut(good, ".")
	cases := map[string]struct {
		token string
		want  int
	}{
		"forged":           {other.Token(d.link()), http.StatusNotFound},
		"nothing":          {"", http.StatusNotFound},
		"no signature":     {head, http.StatusNotFound},
		"empty signature":  {head + ".", http.StatusNotFound},
		"other claim":      {strings.Replace(good, head[:4], "QUJD", 1), http.StatusNotFound},
		"cut":              {good[:len(good)-1], http.StatusNotFound},
		"longer":           {good + "A", http.StatusNotFound},
		"two signatures":   {good + "." + tail, http.StatusNotFound},
		"endless":          {strings.Repeat("A", 1<<16), http.StatusNotFound},
		"expired":          {d.key.Token(old), http.StatusGone},
		"another proposal": {d.key.Token(changed), http.StatusConflict},
		"unknown":          {d.key.Token(unknown), http.StatusNotFound},
	}
	for name, c := range cases {
		for _, form := range []url.Values{nil, approve()} {
			if w := d.ask(c.token, form); w.Code != c.want || strings.TrimSpace(w.Body.String()) == "" {
				t.Errorf("%s: got %d %q, want %d and a sentence", name, w.Code, w.Body, c.want)
			}
		}
	}
	if len(d.book.done) > 0 {
		t.Errorf("%v was done", d.book.done)
	}
}

func TestOnePeerCannotAskForever(t *testing.T) {
	d := newDesk(t)
	for range 30 {
		d.ask("guess", nil)
	}
	w := d.ask(d.key.Token(d.link()), approve())
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || len(d.book.done) > 0 {
		t.Errorf("got %d, Retry-After %q, done %v; want 429 and nothing done", w.Code, w.Header().Get("Retry-After"), d.book.done)
	}
	r := httptest.NewRequest(http.MethodGet, Path+d.key.Token(d.link()), nil)
	r.RemoteAddr = "198.51.100.7:1"
	other := httptest.NewRecorder()
	if d.h.ServeHTTP(other, r); other.Code != http.StatusOK {
		t.Errorf("another peer got %d, want 200", other.Code)
	}
}

func TestKeyIsKeptPrivately(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	again, err := OpenKey(path)
	if err != nil {
		t.Fatal(err)
	}
	link := Link{ID: "a", Hash: "h", Expires: time.Now().Add(time.Hour)}
	if got, err := again.Open(first.Token(link), time.Now()); err != nil || got.ID != "a" || got.Hash != "h" {
		t.Errorf("got %+v, %v after a restart, want the link", got, err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenKey(path); err == nil || !strings.Contains(err.Error(), "only its owner can read") {
		t.Errorf("got %v for a key that others can read", err)
	}
}

func TestAddressIsUnderTheDashboard(t *testing.T) {
	d := newDesk(t)
	got := d.key.Address("https://h.example/homeostat/", d.link())
	if want := "https://h.example/homeostat" + Path; !strings.HasPrefix(got, want) {
		t.Errorf("got %s, want it to begin with %s", got, want)
	}
	if got := d.key.Address("", d.link()); got != "" {
		t.Errorf("got %s without an address of the dashboard, want none", got)
	}
}

func FuzzOpen(f *testing.F) {
	key := Key{make([]byte, keyBytes)}
	now := time.Unix(1_700_000_000, 0)
	good := key.Token(Link{ID: "app_1", Hash: "h", Expires: now.Add(time.Hour)})
	f.Add(good)
	f.Add(good[1:])
	f.Add("YQpiCjE.AAAA")
	f.Fuzz(func(t *testing.T, token string) {
		l, err := key.Open(token, now)
		if err == nil && key.Token(l) != token {
			t.Errorf("%q is taken for %+v, whose token is another", token, l)
		}
	})
}
