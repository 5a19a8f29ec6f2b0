package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The published example of Standard Webhooks.
const (
	exampleSecret    = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	exampleID        = "msg_p5jXN8AQM9LWM0D4loKWxJek"
	exampleTime      = 1614265330
	exampleBody      = `{"test": 2432232314}`
	exampleSignature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
)

func secret(t *testing.T, text string) *Secret {
	t.Helper()
	s, err := ParseSecret(text)
	if err != nil {
		t.Fatal(err)
	}
	return &s
}

func client(t *testing.T, opt Options) *Client {
	t.Helper()
	c, err := New(opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestSignatureIsThatOfThePublishedExample(t *testing.T) {
	got := secret(t, exampleSecret).Sign(exampleID, time.Unix(exampleTime, 0), []byte(exampleBody))
	if got != exampleSignature {
		t.Errorf("got %s, want %s", got, exampleSignature)
	}
}

// verify is what a receiver does, written from the specification.
func verify(r *http.Request, body []byte, text string) error {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(text, "whsec_"))
	if err != nil {
		return err
	}
	var at int64
	if _, err := fmt.Sscan(r.Header.Get("webhook-timestamp"), &at); err != nil || time.Since(time.Unix(at, 0)).Abs() > 5*time.Minute {
		return fmt.Errorf("timestamp %q is missing or too old", r.Header.Get("webhook-timestamp"))
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%d.%s", r.Header.Get("webhook-id"), at, body)
	for _, one := range strings.Fields(r.Header.Get("webhook-signature")) {
		version, sum, _ := strings.Cut(one, ",")
		if want := base64.StdEncoding.EncodeToString(mac.Sum(nil)); version == "v1" && hmac.Equal([]byte(want), []byte(sum)) {
			return nil
		}
	}
	return fmt.Errorf("no signature of %q fits", r.Header.Get("webhook-signature"))
}

func TestReceiverCanVerifyWhatIsPosted(t *testing.T) {
	text := NewSecret()
	var problem error
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		problem = verify(r, body, text)
		fmt.Fprint(w, "thanks")
	}))
	defer server.Close()
	got := client(t, Options{Address: server.URL, Secret: secret(t, text)}).Post(t.Context(), Message{ID: "msg_1", Body: []byte(`{"a":1}`)})
	if got.Err != nil || problem != nil || got.Status != http.StatusOK || got.Excerpt != "thanks" {
		t.Errorf("got %+v, and the receiver says %v", got, problem)
	}
	if verify(&http.Request{Header: http.Header{"Webhook-Id": {"msg_1"}, "Webhook-Timestamp": {fmt.Sprint(time.Now().Unix())}, "Webhook-Signature": {"v1,AAAA"}}}, nil, text) == nil {
		t.Error("the verifier of this test takes anything")
	}
}

func TestAnswersAreJudged(t *testing.T) {
	cases := []struct {
		status     int
		header     http.Header
		ok         bool
		words      string
		retryAfter time.Duration
	}{
		{status: 200, ok: true},
		{status: 204, ok: true},
		{status: 302, header: http.Header{"Location": {"https://elsewhere.example/secret-path"}}, words: "answers 302 and points to https://elsewhere.example: redirects are not followed"},
		{status: 400, words: "answers 400 Bad Request"},
		{status: 410, words: "wants no messages any more"},
		{status: 429, header: http.Header{"Retry-After": {"7"}}, words: "answers 429", retryAfter: 7 * time.Second},
		{status: 503, header: http.Header{"Retry-After": {"-3"}}, words: "answers 503"},
		{status: 503, header: http.Header{"Retry-After": {"soon"}}, words: "answers 503"},
	}
	for _, c := range cases {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			for name, values := range c.header {
				w.Header()[name] = values
			}
			w.WriteHeader(c.status)
		}))
		got := client(t, Options{Address: server.URL}).Post(t.Context(), Message{ID: "m", Body: []byte("{}")})
		server.Close()
		if (got.Err == nil) != c.ok || got.Status != c.status || got.RetryAfter != c.retryAfter {
			t.Errorf("status %d %v: got %+v", c.status, c.header, got)
		}
		if !c.ok && (!strings.Contains(got.Err.Error(), c.words) || strings.Contains(got.Err.Error(), "secret-path")) {
			t.Errorf("status %d: got %q, want %q in it and no path", c.status, got.Err, c.words)
		}
	}
}

func TestRetryAfterMayBeADate(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	cases := map[string]time.Duration{
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:00:00 GMT": 0, "99999999999999999": (1 << 31) * time.Second, "": 0,
	}
	for text, want := range cases {
		if got := retryAfter(text, now); got != want {
			t.Errorf("%q: got %v, want %v", text, got, want)
		}
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	asked := false
	target := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	defer target.Close()
	server := httptest.NewServer(http.RedirectHandler(target.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	if got := client(t, Options{Address: server.URL}).Post(t.Context(), Message{ID: "m"}); got.Err == nil || asked {
		t.Errorf("got %v, and the target was asked: %v", got.Err, asked)
	}
}

func TestReceiverWithAnUnknownCertificateGetsNothing(t *testing.T) {
	asked := false
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked = true }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	got := client(t, Options{Address: server.URL + "/secret-path"}).Post(t.Context(), Message{ID: "m", Body: []byte("{}")})
	if got.Err == nil || !strings.Contains(got.Err.Error(), "certificate") || asked {
		t.Errorf("got %v, and the receiver was asked: %v; want an error about the certificate", got.Err, asked)
	}
}

func TestReceiverThatHangsIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	got := client(t, Options{Address: server.URL + "/secret-path", Timeout: 50 * time.Millisecond}).Post(t.Context(), Message{ID: "m"})
	if got.Err == nil || !strings.Contains(got.Err.Error(), "no answer within 50ms") || strings.Contains(got.Err.Error(), "secret-path") {
		t.Errorf("got %v, want that there was no answer, and no path", got.Err)
	}
}

func TestEndlessAnswerIsCut(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	c := client(t, Options{Address: server.URL})
	if got := c.Post(t.Context(), Message{ID: "m"}); got.Err != nil || len(got.Excerpt) != maxExcerpt {
		t.Errorf("got %v with %d bytes, want success and %d bytes", got.Err, len(got.Excerpt), maxExcerpt)
	}
}

func TestNoErrorHoldsTheAddress(t *testing.T) {
	server := httptest.NewServer(nil)
	address := server.URL
	server.Close()
	got := client(t, Options{Address: address + "/T0/secret-path?key=secret"}).Post(t.Context(), Message{ID: "m"})
	if got.Err == nil || strings.Contains(got.Err.Error(), "secret") || !strings.Contains(got.Err.Error(), address) {
		t.Errorf("got %v, want the host and nothing secret", got.Err)
	}
}

func TestWrongSecretsAreRefusedWithoutBeingShown(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	cases := map[string]struct{ path, words string }{
		"no file":   {filepath.Join(dir, "none"), "no such file"},
		"a folder":  {dir, "not a regular file"},
		"open":      {write("open", exampleSecret, 0o640), "others can read it (mode 0640): run chmod 600"},
		"no prefix": {write("prefix", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", 0o600), "does not begin with whsec_"},
		"no base64": {write("base64", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", 0o600), "not base64"},
		"short":     {write("short", "whsec_MfKQ9r8G", 0o600), "it has 6 bytes, want 24 to 64"},
		"empty":     {write("empty", "", 0o600), "does not begin with whsec_"},
	}
	for name, c := range cases {
		_, err := ReadSecret(c.path)
		if err == nil || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "MfKQ") {
			t.Errorf("%s: got %v, want %q and no secret", name, err, c.words)
		}
	}
	s, err := ReadSecret(write("right", exampleSecret+"\n", 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if text := fmt.Sprintf("%v %+v %#v %s", s, s, s, &s); strings.Contains(text, "MfKQ") || strings.Contains(text, "0x") {
		t.Errorf("the secret shows itself: %s", text)
	}
}

func TestNewSecretsAreRightAndDiffer(t *testing.T) {
	a, b := NewSecret(), NewSecret()
	secret(t, a)
	if a == b {
		t.Error("two new secrets are the same")
	}
}
