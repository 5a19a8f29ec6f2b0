package api

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rolesByName lets a test send a role's name as its token.
type rolesByName struct{}

func (rolesByName) Lookup(token string) (Identity, bool) {
	role, err := ParseRole(token)
	return Identity{Name: "token:" + token, Role: role}, err == nil
}

func (r rolesByName) Known(name string) (Identity, bool) {
	return r.Lookup(strings.TrimPrefix(name, "token:"))
}

// Names of their own, because a field would hide the method of the same name.
type (
	anyComponents = Components
	anyParameters = Parameters
	anySearches   = Searches
	anyStrategies = Strategies
	anySignals    = Signals
	anyChanges    = Changes
	anyAlerts     = Alerts
	anyLinks      = Links
	anySessions   = Sessions
)

// unreachable are services that panic when they are used: a refused request
// must not get so far.
var unreachable = Services{
	Daemon:     struct{ Daemon }{},
	Components: struct{ anyComponents }{},
	Parameters: struct{ anyParameters }{},
	Searches:   struct{ anySearches }{},
	Healing:    struct{ Healing }{},
	Strategies: struct{ anyStrategies }{},
	Signals:    struct{ anySignals }{},
	Changes:    struct{ anyChanges }{},
	Links:      struct{ anyLinks }{},
	Audit:      struct{ Audit }{},
	TokenAdmin: struct{ TokenAdmin }{},
	Notify:     struct{ Notifications }{},
	Alerts:     struct{ anyAlerts }{},
	Sessions:   struct{ anySessions }{},
	Tokens:     rolesByName{},
}

func newTestServer(t *testing.T) *Server {
	t.Helper()
	return New(Options{
		Log:      hclog.NewNullLogger(),
		Version:  "test",
		Services: unreachable,
		Metrics:  prometheus.NewRegistry(),
		UID:      os.Getuid(),
	})
}

// request sends a request without a body through the whole handler chain.
func request(s *Server, line, token string) *httptest.ResponseRecorder {
	method, path, _ := strings.Cut(line, " ")
	r := httptest.NewRequest(method, path, nil)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	return w
}

// operations lists "METHOD /path" of everything that the OpenAPI page names.
func operations(t *testing.T, s *Server) []string {
	t.Helper()
	data, err := s.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	var page struct {
		Paths map[string]map[string]json.RawMessage `json:"paths"`
	}
	if err := json.Unmarshal(data, &page); err != nil {
		t.Fatal(err)
	}
	var list []string
	for path, methods := range page.Paths {
		for method := range methods {
			list = append(list, strings.ToUpper(method)+" "+strings.NewReplacer("{", "", "}", "").Replace(path))
		}
	}
	if len(list) < 20 {
		t.Fatalf("the page names %d operations, want all of them", len(list))
	}
	return list
}

func TestStrangersGetNothing(t *testing.T) {
	s := newTestServer(t)
	for _, op := range append(operations(t, s), "GET /metrics") {
		if op == "GET "+sessionPath || op == "POST "+sessionPath {
			continue // who signs in is a stranger until then
		}
		for _, token := range []string{"", "hst_guess_guess"} {
			if got := request(s, op, token).Code; got != http.StatusUnauthorized {
				t.Errorf("%s with token %q: got %d, want 401", op, token, got)
			}
		}
	}
}

func TestViewersAndAgentsCannotOrder(t *testing.T) {
	s := newTestServer(t)
	for _, op := range operations(t, s) {
		if strings.HasPrefix(op, "GET ") && !strings.HasPrefix(op, "GET "+tokensPath) || strings.HasSuffix(op, " "+sessionPath) {
			continue // viewers read, and sign in and out
		}
		for _, role := range []Role{RoleViewer, RoleAgent} {
			if role == RoleAgent && op == "POST "+ModificationBase+"/code/generate" {
				continue // to propose is what agents are for
			}
			if got := request(s, op, role.String()).Code; got != http.StatusForbidden {
				t.Errorf("%s as %s: got %d, want 403", op, role, got)
			}
		}
	}
}

func TestTokensAreForAdmins(t *testing.T) {
	s := newTestServer(t)
	for _, op := range []string{"GET " + tokensPath, "POST " + tokensPath, "DELETE " + tokensPath + "/x"} {
		if got := request(s, op, "operator").Code; got != http.StatusForbidden {
			t.Errorf("%s as operator: got %d, want 403", op, got)
		}
	}
}

func TestHealthNeedsNoToken(t *testing.T) {
	if w := request(newTestServer(t), "GET /healthz", ""); w.Code != http.StatusOK {
		t.Errorf("got %d, want 200", w.Code)
	}
}

func TestForeignPagesAreRefused(t *testing.T) {
	s := newTestServer(t)
	r := httptest.NewRequest(http.MethodPut, Base+"/mode", strings.NewReader(`{"mode":"manual"}`))
	r.Header.Set("Authorization", "Bearer admin")
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	w := httptest.NewRecorder()
	s.http.Handler.ServeHTTP(w, r)
	if w.Code != http.StatusForbidden {
		t.Errorf("got %d, want 403", w.Code)
	}
}

func TestLargeAndUnknownBodiesAreRefused(t *testing.T) {
	s := newTestServer(t)
	cases := map[string]struct {
		body string
		want int
	}{
		"too large":     {`{"mode":"` + strings.Repeat("x", maxBodyBytes) + `"}`, http.StatusRequestEntityTooLarge},
		"unknown field": {`{"mode":"manual","colour":"red"}`, http.StatusUnprocessableEntity},
		"unknown mode":  {`{"mode":"reckless"}`, http.StatusUnprocessableEntity},
		"no JSON":       {`mode=manual`, http.StatusBadRequest},
	}
	for name, c := range cases {
		r := httptest.NewRequest(http.MethodPut, Base+"/mode", strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer admin")
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		s.http.Handler.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: got %d %s, want %d", name, w.Code, w.Body, c.want)
		}
		if ct := w.Header().Get("Content-Type"); !strings.HasPrefix(ct, "application/problem+json") {
			t.Errorf("%s: got content type %q, want a problem", name, ct)
		}
	}
}

func TestPeerOfTheSocketIsKnownByItsUser(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s.sock")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	cases := map[int]Role{os.Getuid(): RoleAdmin}
	if os.Getuid() != 0 {
		cases[os.Getuid()+1] = RoleOperator
	}
	for ownUID, want := range cases {
		id, err := peerIdentity(server.(*net.UnixConn), ownUID)
		if err != nil || id.Role != want {
			t.Errorf("daemon of user %d: got %+v, %v, want role %s", ownUID, id, err, want)
		}
	}
}
