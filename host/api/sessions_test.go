package api

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// statusPath is one that a stranger may not read.
const statusPath = Base + "/status"

// cookieJar keeps sessions by their secrets.
type cookieJar map[string]string

var tonight = time.Date(2026, 1, 2, 23, 0, 0, 0, time.UTC)

func (s cookieJar) BeginSession(_ context.Context, id Identity) (string, time.Time, error) {
	s["secret of "+id.Name[len("token:"):]] = id.Name
	return "secret of " + id.Name[len("token:"):], tonight, nil
}

func (s cookieJar) FindSession(secret string) (string, time.Time, bool) {
	name, ok := s[secret]
	return name, tonight, ok
}

func (s cookieJar) EndSession(_ context.Context, secret string) error {
	delete(s, secret)
	return nil
}

// revocable are tokens by the name of a role, of which some are revoked.
type revocable map[string]bool

func (r revocable) Lookup(token string) (Identity, bool) {
	id, ok := rolesByName{}.Lookup(token)
	return id, ok && !r[token]
}

func (r revocable) Known(name string) (Identity, bool) {
	if r[strings.TrimPrefix(name, "token:")] {
		return Identity{}, false
	}
	return rolesByName{}.Known(name)
}

// browser keeps a cookie as one does.
type browser struct {
	*testing.T
	server  *Server
	shelf   cookieJar
	revoked revocable
	cookie  *http.Cookie
	tls     bool
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	s := newTestServer(t)
	b := &browser{T: t, server: s, shelf: cookieJar{}, revoked: revocable{}}
	s.opt.Services.Sessions, s.opt.Services.Tokens = b.shelf, b.revoked
	return b
}

func (b *browser) send(line, body string, headers ...string) *httptest.ResponseRecorder {
	b.Helper()
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if b.tls {
		r.TLS = &tls.ConnectionState{}
	}
	if b.cookie != nil {
		r.AddCookie(b.cookie)
	}
	for n := 0; n < len(headers); n += 2 {
		r.Header.Set(headers[n], headers[n+1])
	}
	w := httptest.NewRecorder()
	b.server.http.Handler.ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		b.cookie = c
	}
	return w
}

func (b *browser) signIn(token string) *httptest.ResponseRecorder {
	b.Helper()
	return b.send("POST "+sessionPath, `{"token":"`+token+`"}`)
}

func TestTokenBecomesACookieThatScriptsCannotRead(t *testing.T) {
	b := newBrowser(t)
	if w := b.signIn("operator"); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "secret") {
		t.Fatalf("got %d %s, want 200 without the secret", w.Code, w.Body)
	}
	c := b.cookie
	if c.Name != cookieName || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.Secure || !c.Expires.Equal(tonight) {
		t.Errorf("got %+v, want it HttpOnly, SameSite=Strict, for / and this host, until %v", c, tonight)
	}
	w := b.send("GET "+sessionPath, "")
	var got Session
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || got.Name != "token:operator" || got.Role != "operator" || got.Expires == nil {
		t.Errorf("got %s, %v, want the operator", w.Body, err)
	}
	if w.Header().Get("Cache-Control") != "no-store" {
		t.Error("an answer to one person may be stored")
	}
}

func TestCookieIsSecureWithTLS(t *testing.T) {
	b := newBrowser(t)
	b.tls = true
	b.signIn("viewer")
	if c := b.cookie; c == nil || c.Name != tlsCookieName || !c.Secure {
		t.Fatalf("got %+v, want a secure %s", c, tlsCookieName)
	}
	if w := b.send("GET "+sessionPath, ""); !strings.Contains(w.Body.String(), `"viewer"`) {
		t.Errorf("got %s, want the viewer", w.Body)
	}
	b.tls = false
	if w := b.send("GET "+statusPath, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("got %d for a cookie of TLS without it, want 401", w.Code)
	}
}

func TestSessionHasTheRoleOfItsTokenAndEndsWithIt(t *testing.T) {
	b := newBrowser(t)
	b.signIn("viewer")
	if w := b.send("PUT "+Base+"/mode", `{"mode":"manual"}`); w.Code != http.StatusForbidden {
		t.Errorf("a viewer who orders: got %d, want 403", w.Code)
	}
	b.revoked["viewer"] = true
	if w := b.send("GET "+statusPath, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("after its token was revoked: got %d, want 401", w.Code)
	}
}

func TestSignedOutIsSignedOut(t *testing.T) {
	b := newBrowser(t)
	b.signIn("viewer")
	old := b.cookie
	if w := b.send("DELETE "+sessionPath, ""); w.Code != http.StatusOK || b.cookie.MaxAge >= 0 {
		t.Errorf("got %d and cookie %+v, want 200 and one that ends", w.Code, b.cookie)
	}
	b.cookie = old
	if w := b.send("GET "+statusPath, ""); w.Code != http.StatusUnauthorized {
		t.Errorf("the old cookie: got %d, want 401", w.Code)
	}
}

func TestForeignPagesCannotUseTheCookie(t *testing.T) {
	b := newBrowser(t)
	b.signIn("admin")
	for _, headers := range [][]string{
		{"Origin", "http://evil.example"}, {"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "null"},
		{"Origin", "http://example.com:81"},
	} {
		if w := b.send("PUT "+Base+"/mode", `{"mode":"manual"}`, headers...); w.Code != http.StatusForbidden {
			t.Errorf("%v: got %d, want 403", headers, w.Code)
		}
		if w := b.send("POST "+sessionPath, `{"token":"viewer"}`, headers...); w.Code != http.StatusForbidden {
			t.Errorf("sign in from %v: got %d, want 403", headers, w.Code)
		}
	}
}

func TestWrongTokensSignNobodyIn(t *testing.T) {
	cases := map[string]struct {
		token string
		want  int
	}{
		"unknown":  {"hst_guess_guess", http.StatusUnauthorized},
		"reporter": {"reporter", http.StatusForbidden},
		"empty":    {"", http.StatusUnprocessableEntity},
		"endless":  {strings.Repeat("x", 300), http.StatusUnprocessableEntity},
	}
	for name, c := range cases {
		b := newBrowser(t)
		if w := b.signIn(c.token); w.Code != c.want || b.cookie != nil || !strings.Contains(w.Body.String(), "detail") {
			t.Errorf("%s: got %d %s and cookie %v, want %d and a reason", name, w.Code, w.Body, b.cookie, c.want)
		}
	}
}

func TestGuessingIsBounded(t *testing.T) {
	b := newBrowser(t)
	for range 30 {
		b.signIn("hst_guess_guess")
	}
	w := b.signIn("admin")
	if w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") == "" || b.cookie != nil {
		t.Errorf("got %d, Retry-After %q, cookie %v; want 429", w.Code, w.Header().Get("Retry-After"), b.cookie)
	}
}

func TestStrangersLearnThatTheyAreStrangers(t *testing.T) {
	w := newBrowser(t).send("GET "+sessionPath, "")
	if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), `"role":"none"`) || strings.Contains(w.Body.String(), "expires") {
		t.Errorf("got %d %s, want role none", w.Code, w.Body)
	}
}

func TestTokenInTheHeaderGoesBeforeTheCookie(t *testing.T) {
	b := newBrowser(t)
	b.signIn("admin")
	if w := b.send("GET "+statusPath, "", "Authorization", "Bearer hst_guess_guess"); w.Code != http.StatusUnauthorized {
		t.Errorf("a wrong token beside a good cookie: got %d, want 401", w.Code)
	}
}
