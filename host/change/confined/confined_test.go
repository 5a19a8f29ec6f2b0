package confined_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/homeostat/homeostat/host/change/confined"
	"github.com/homeostat/homeostat/host/change/record"
	"github.com/homeostat/homeostat/host/change/txn"
)

// TestMain is also the program that the tests run as a worker.
func TestMain(m *testing.M) {
	if confined.Asked() {
		os.Exit(confined.Main())
	}
	goleak.VerifyTestMain(m)
}

// patience is the bound on a run in these tests, which are not about it.
const patience = 2 * time.Minute

func run(t *testing.T, j confined.Job) (record.Verdict, string) {
	t.Helper()
	verdict, text := confined.Runner{Timeout: patience}.Run(context.Background(), j)
	if strings.Contains(text, "cannot be confined") && os.Getenv("HOMEOSTAT_TEST_NAMESPACES") == "" {
		t.Skipf("this machine allows no such namespaces: %s", text)
	}
	return verdict, text
}

func shell(script string) []string { return []string{"/bin/sh", "-c", script} }

func site(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.conf"), []byte("old\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestValidatorSeesTheCandidateAtTheRootsOwnPath(t *testing.T) {
	dir := site(t)
	script := fmt.Sprintf("grep -q new %s/a.conf && grep -q new {view}/a.conf && grep -q fresh sub/b.conf && test ! -e gone", dir)
	if err := os.WriteFile(filepath.Join(dir, "gone"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ops := []txn.Op{
		{Kind: txn.Write, Path: "a.conf", Data: []byte("new\n")}, {Kind: txn.Write, Path: "sub/b.conf", Data: []byte("fresh\n")},
		{Kind: txn.Delete, Path: "gone"},
	}
	if v, text := run(t, confined.Job{Command: shell(script), Root: dir, Ops: ops}); v != record.Pass {
		t.Errorf("with the candidate: got %s (%s), want pass", v, text)
	}
	if v, text := run(t, confined.Job{Command: shell(script), Root: dir}); v != record.Fail {
		t.Errorf("without it: got %s (%s), want fail", v, text)
	}
}

func TestNothingThatAValidatorWritesStays(t *testing.T) {
	dir := site(t)
	outside := filepath.Join(t.TempDir(), "outside")
	script := fmt.Sprintf("echo x > %s; echo x > a.conf; rm -rf /etc; echo x > /tmp/homeostat-confined; exit 0", outside)
	if v, text := run(t, confined.Job{Command: shell(script), Root: dir}); v != record.Pass {
		t.Fatalf("got %s (%s), want pass", v, text)
	}
	for _, path := range []string{outside, "/tmp/homeostat-confined"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is there", path)
		}
	}
	if data, err := os.ReadFile(filepath.Join(dir, "a.conf")); err != nil || string(data) != "old\n" {
		t.Errorf("a.conf: got %q, %v", data, err)
	}
	if _, err := os.Stat("/etc/passwd"); err != nil {
		t.Error(err)
	}
}

func TestValidatorReachesNeitherNetworkNorProcessesNorMounts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for what, script := range map[string]string{
		"the host's loopback": fmt.Sprintf("exec 3<>/dev/tcp/127.0.0.1/%s", port),
		"another process":     fmt.Sprintf("kill -0 %d", os.Getpid()),
		"a mount":             "mount -t tmpfs none /mnt",
		"a device":            "mknod /tmp/disk b 8 0",
		"a new root":          "chroot / true",
	} {
		if v, text := run(t, confined.Job{Command: []string{"/bin/bash", "-c", script}, Root: site(t)}); v != record.Fail {
			t.Errorf("%s: got %s (%s), want it refused", what, v, text)
		}
	}
}

func TestEndingsBecomeVerdicts(t *testing.T) {
	for name, c := range map[string]struct {
		command []string
		want    record.Verdict
		says    string
	}{
		"exit 0":            {shell("exit 0"), record.Pass, ""},
		"exit 1":            {shell("echo line 3 is wrong >&2; exit 1"), record.Fail, "line 3 is wrong"},
		"no such program":   {[]string{"no-such-program-here"}, record.Inconclusive, "not found"},
		"a flood of output": {shell("yes | head -c 10000000; exit 1"), record.Fail, "y"},
	} {
		if v, text := run(t, confined.Job{Command: c.command, Root: site(t)}); v != c.want || !strings.Contains(text, c.says) {
			t.Errorf("%s: got %s (%s), want %s with %q", name, v, text, c.want, c.says)
		}
	}
}

func TestValidatorThatHangsIsEndedWithAllItStarted(t *testing.T) {
	j := confined.Job{Command: shell("sleep 600 & sleep 600"), Root: site(t)}
	run(t, confined.Job{Command: shell("true"), Root: site(t)})
	v, text := confined.Runner{Timeout: 500 * time.Millisecond}.Run(context.Background(), j)
	if v != record.Inconclusive || !strings.Contains(text, "did not end") {
		t.Errorf("got %s (%s), want inconclusive", v, text)
	}
}

func TestNginxJudgesItsCandidate(t *testing.T) {
	if _, err := exec.LookPath("nginx"); err != nil {
		t.Skip("needs nginx")
	}
	dir := t.TempDir()
	good := "events {}\nhttp { include " + dir + "/site.conf; }\n"
	if err := os.WriteFile(filepath.Join(dir, "nginx.conf"), []byte(good), 0o644); err != nil {
		t.Fatal(err)
	}
	command := []string{"nginx", "-t", "-c", "{view}/nginx.conf"}
	ops := func(site string) []txn.Op { return []txn.Op{{Kind: txn.Write, Path: "site.conf", Data: []byte(site)}} }
	if v, text := run(t, confined.Job{Command: command, Root: dir, Ops: ops("server { listen 127.0.0.1:8123; }\n")}); v != record.Pass {
		t.Errorf("good: got %s (%s), want pass", v, text)
	}
	v, text := run(t, confined.Job{Command: command, Root: dir, Ops: ops("server { listen nonsense here; }\n")})
	if v != record.Fail || !strings.Contains(text, "site.conf") {
		t.Errorf("bad: got %s (%s), want fail with the file's name", v, text)
	}
}
