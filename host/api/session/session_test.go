package session

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var now = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

func open(t *testing.T, path string) *Store {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func begin(t *testing.T, s *Store, who string, at time.Time) string {
	t.Helper()
	secret, _, err := s.Begin(who, at)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestSessionLastsThroughARestartAndItsSecretIsNotKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.json")
	secret := begin(t, open(t, path), "token:a", now)
	again := open(t, path)
	if got, ok := again.Find(secret, now.Add(Life-time.Second)); !ok || got.Who != "token:a" {
		t.Errorf("got %+v %v, want the session of token:a", got, ok)
	}
	if _, ok := again.Find(secret, now.Add(Life)); ok {
		t.Error("the session holds beyond its life")
	}
	data, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(data), secret) {
		t.Errorf("the secret is in the file, or it cannot be read: %v", err)
	}
}

func TestEndedAndForeignSecretsAreUnknown(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "sessions.json"))
	secret, other := begin(t, s, "token:a", now), begin(t, s, "token:a", now)
	for range 2 { // to sign out twice is no error
		if err := s.End(secret); err != nil {
			t.Fatal(err)
		}
	}
	for _, guess := range []string{secret, "", "x", other + "x", strings.ToLower(other)} {
		if _, ok := s.Find(guess, now); ok {
			t.Errorf("%q was accepted", guess)
		}
	}
	if _, ok := s.Find(other, now); !ok {
		t.Error("the other browser was signed out too")
	}
}

func TestNewSessionsEndTheOldestOfTheirToken(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "sessions.json"))
	others := begin(t, s, "token:b", now)
	var own []string
	for range perToken + 1 {
		own = append(own, begin(t, s, "token:a", now))
	}
	if _, ok := s.Find(own[0], now); ok {
		t.Error("the oldest still holds")
	}
	for _, secret := range append(own[1:], others) {
		if _, ok := s.Find(secret, now); !ok {
			t.Error("a session within the bound was ended")
		}
	}
}

func TestNumberOfAllSessionsIsBounded(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "sessions.json"))
	first := begin(t, s, "token:first", now)
	for n := range inAll {
		begin(t, s, fmt.Sprintf("token:%d", n), now)
	}
	if _, ok := s.Find(first, now); ok || len(s.list) != inAll {
		t.Errorf("got %d sessions and the oldest among them %v, want %d without it", len(s.list), ok, inAll)
	}
	begin(t, s, "token:late", now.Add(Life))
	if len(s.list) != 1 {
		t.Errorf("got %d sessions after all but one expired, want 1", len(s.list))
	}
}

func TestDamagedOrOpenFilesAreSaidAndReplacedByTheNextSession(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sessions.json")
	for name, make := range map[string]func() error{
		"readable": func() error { return os.WriteFile(path, []byte(`[{"hash": "x"}]`), 0o644) },
		"damaged":  func() error { return os.WriteFile(path, []byte(`[{"hash": "x"}, {`), 0o600) },
	} {
		_ = os.Remove(path)
		if err := make(); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path)
		if err == nil || !strings.Contains(err.Error(), "sign in again") {
			t.Errorf("%s: got %v, want a hint", name, err)
		}
		secret := begin(t, s, "token:a", now)
		if _, ok := open(t, path).Find(secret, now); !ok {
			t.Errorf("%s: the session that was begun afterwards is not in the file", name)
		}
	}
}
