package token

import (
	"errors"
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

func TestTokenIsKnownAfterReopeningAndItsSecretIsNotKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	text, made, err := open(t, path).Create("ci", "agent", now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	again := open(t, path)
	if got, ok := again.Check(text, now); !ok || got != made {
		t.Errorf("got %+v %v, want %+v", got, ok, made)
	}
	data, _ := os.ReadFile(path)
	if secret := text[strings.LastIndex(text, "_")+1:]; strings.Contains(string(data), secret) {
		t.Error("the secret is in the file")
	}
}

func TestExpiredRevokedAndForeignTokensAreRefused(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "tokens.json"))
	short, kept, err := s.Create("short", "viewer", now, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	gone, info, err := s.Create("gone", "viewer", now, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := s.Check(short, now.Add(time.Minute)); ok {
		t.Error("an expired token was accepted")
	}
	if _, ok := s.Find(kept.ID, now); !ok {
		t.Error("a token that holds was not found by its id")
	}
	if _, ok := s.Find(kept.ID, now.Add(time.Minute)); ok {
		t.Error("an expired token was found by its id")
	}
	if err := s.Revoke(info.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.Revoke(info.ID); !errors.Is(err, ErrUnknown) {
		t.Errorf("second revoke: got %v, want ErrUnknown", err)
	}
	if _, ok := s.Find(info.ID, now); ok {
		t.Error("a revoked token was found by its id")
	}
	for _, text := range []string{gone, "", "hst", "hst_a_b", short + "x", "x" + short, strings.Replace(short, "hst_", "hst__", 1)} {
		if _, ok := s.Check(text, now); ok {
			t.Errorf("%q was accepted", text)
		}
	}
}

func TestFileThatOthersCanReadIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	if err := os.WriteFile(path, []byte("[]"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("got %v, want a hint to chmod 600", err)
	}
}
