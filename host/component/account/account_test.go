package account

import (
	"os/user"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOnlyRootBecomesAnotherUser(t *testing.T) {
	nobody := &user.User{Uid: "65534", Gid: "65534", Username: "nobody", HomeDir: "/nonexistent"}
	if a, err := accountOf(nobody, 1000); err == nil || !strings.Contains(err.Error(), "only root") {
		t.Errorf("nobody for user 1000: got %v, %v; want an error that says who may", a, err)
	}
	if a, err := accountOf(nobody, 65534); a != nil || err != nil {
		t.Errorf("nobody for nobody: got %v, %v; want nil, nil", a, err)
	}
	a, err := accountOf(nobody, 0)
	if err != nil {
		t.Skipf("this host has no groups for nobody: %v", err)
	}
	if c := a.Credential(); c.Uid != 65534 || c.Gid != 65534 || slices.Contains(c.Groups, 0) {
		t.Errorf("credential: got %+v, want user and group 65534 and not root's group", c)
	}
	if o := a.Owner(); o.UID != 65534 || o.GID != 65534 {
		t.Errorf("owner: got %+v, want 65534 twice", o)
	}
}

func TestUnknownUserIsRefusedAndNoUserIsTheHosts(t *testing.T) {
	if a, err := Lookup("no-such-user"); err == nil {
		t.Errorf("Lookup of an unknown user: got %v without an error", a)
	}
	if a, err := Lookup(""); a != nil || err != nil || a.Credential() != nil || a.Owner() != nil {
		t.Errorf("Lookup of no user: got %v, %v; want the host's own", a, err)
	}
}

func TestEnvironmentHoldsNoSecretsOfTheHost(t *testing.T) {
	t.Setenv("AWS_SECRET", "x")
	t.Setenv("NOTIFY_SOCKET", "/run/x")
	t.Setenv("LC_TIME", "C")
	t.Setenv("PATH", "")
	env := Environment("", map[string]string{"OWN": "1", "LANG": "fr"})
	for _, want := range []string{"OWN=1", "LANG=fr", "LC_TIME=C"} {
		if !slices.Contains(env, want) {
			t.Errorf("environment %q: want %q in it", env, want)
		}
	}
	for _, e := range env {
		if strings.HasPrefix(e, "AWS_") || strings.HasPrefix(e, "NOTIFY_") {
			t.Errorf("environment holds %q of the host", e)
		}
	}
	if slices.Contains(env, "PATH=") {
		t.Error("an empty PATH was handed on")
	}
	if !slices.IsSorted(env) {
		t.Errorf("environment is not sorted: %q", env)
	}
}
